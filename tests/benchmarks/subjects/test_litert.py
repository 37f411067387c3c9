"""A student in LiteRT computes what it computes in onnxruntime, or the record says why it can't."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from benchmarks.subjects import assemble, litert_files, litert_layers
from benchmarks.subjects.catalogue import student_subjects
from benchmarks.subjects.conversion import ConversionError
from benchmarks.subjects.litert_files import convert
from benchmarks.subjects.litert_layers import litert_bytes
from benchmarks.subjects.runtimes import INFER, available
from benchmarks.subjects.spec import Subject
from tests.benchmarks.subjects.layered_student import HEIGHT, WIDTH, layered_student
from tests.sdk.toy_student import CARD, toy_model, toy_student

RNG = np.random.default_rng(5)
TENSOR = RNG.random((1, 1, HEIGHT, WIDTH), np.float32)
needs_litert = pytest.mark.skipif(not available("litert"), reason="LiteRT is an optional runtime")


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "student.onnx")
    return folder / "student.onnx"


def read(node: onnx.NodeProto, position: int, name: str) -> None:
    node.input[position] = name


@needs_litert
@pytest.mark.parametrize(
    "model",
    [layered_student(), toy_model()],
    ids=["layered", "toy"],
)
def test_every_output_is_what_onnxruntime_computes(model: onnx.ModelProto) -> None:
    from ai_edge_litert.interpreter import Interpreter

    session = onnxruntime.InferenceSession(model.SerializeToString())
    shape = session.get_inputs()[0].shape
    frame = np.random.default_rng(6).normal(0.5, 1, shape).astype(np.float32)
    expected = session.run(None, {"frame": frame})
    interpreter = Interpreter(model_content=litert_bytes(model), num_threads=1)
    interpreter.allocate_tensors()
    # of one channel, so that channels first and last are the same numbers
    interpreter.set_tensor(
        interpreter.get_input_details()[0]["index"], frame.reshape(1, *shape[2:], 1)
    )
    interpreter.invoke()
    found = [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5)


@needs_litert
def test_the_subject_runs_on_the_converted_file(tmp_path: Path) -> None:
    source = saved(layered_student(novelty=True), tmp_path)
    subject = Subject("s", "student", "litert", "fp32", str(source))
    converted = replace(subject, converted=str(convert(source, tmp_path, TENSOR)))
    bare = replace(subject, runtime="onnxruntime")
    other = RNG.random(TENSOR.shape, np.float32)
    assert INFER["litert"](converted, 1)(other) == pytest.approx(
        INFER["onnxruntime"](bare, 1)(other), rel=1e-4, abs=1e-5
    )


@needs_litert
def test_padding_that_is_not_onnx_s_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = saved(layered_student(), tmp_path)
    monkeypatch.setattr(litert_layers, "_same", lambda size, kernel, _: (kernel // 2, kernel // 2))
    with pytest.raises(ConversionError, match="LiteRT's file gives logits that differ"):
        convert(source, tmp_path, TENSOR)


@needs_litert
def test_a_conversion_that_gives_no_number_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, threads: int):  # type: ignore[no-untyped-def]
        infer = load(path, threads)
        return lambda tensor: infer(tensor) * np.nan

    load = litert_files.load
    monkeypatch.setattr(litert_files, "load", broken)
    with pytest.raises(ConversionError, match="differ from onnxruntime's by nan"):
        convert(saved(layered_student(), tmp_path), tmp_path, TENSOR)


@needs_litert
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda nodes: setattr(nodes[8], "op_type", "Sigmoid"), "Sigmoid is not converted"),
        (lambda nodes: setattr(nodes[2].attribute[0], "i", 4), "groups that is not depthwise"),
        (lambda nodes: read(nodes[11], 0, "features"), "Softmax over places of several"),
        (lambda nodes: read(nodes[15], 1, "pooled"), "a weight that is computed"),
    ],
)
def test_what_students_do_not_have_is_refused_by_name(change, message: str) -> None:  # type: ignore[no-untyped-def]
    model = layered_student()
    change(model.graph.node)
    with pytest.raises(ConversionError, match=message):
        litert_bytes(model)


def test_without_litert_the_subject_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "toy.onnx"
    path.write_bytes(toy_student())
    for name in ("ai_edge_litert", "ai_edge_litert.interpreter"):
        monkeypatch.setitem(sys.modules, name, None)
    recipe = CARD.preprocessing.to_dict()
    subject = Subject("toy", "student", "litert", "fp32", str(path), preprocessing=recipe)
    found = assemble._converted(subject, [np.full((60, 80), 90, np.uint8)], tmp_path)
    assert found.converted == ""
    assert "pip install 'sonogaze-tools[litert]'" in found.unavailable
    assert not (tmp_path / "toy.tflite").exists()
    with pytest.raises(ConversionError, match="LiteRT is missing"):
        INFER["litert"](found, 1)


def test_litert_is_a_subject_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "toy.onnx"
    path.write_bytes(toy_student())
    for installed in (True, False):
        monkeypatch.setattr(
            "benchmarks.subjects.catalogue.available", lambda name, yes=installed: yes
        )
        subjects = student_subjects("toy", {"fp32": path, "int8": path}, "student")
        runtimes = [one.name for one in subjects if one.runtime == "litert"]
        assert runtimes == (["toy-fp32/litert"] if installed else [])

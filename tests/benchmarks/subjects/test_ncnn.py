"""A student in ncnn computes what it computes in onnxruntime, or the record says why it can't."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.subjects import assemble, ncnn_files
from benchmarks.subjects.ncnn_files import ConversionError, convert, reduced_axes, with_axes
from benchmarks.subjects.runtimes import INFER, available
from benchmarks.subjects.spec import Subject
from tests.benchmarks.subjects.layered_student import HEIGHT, WIDTH, layered_student
from tests.sdk.toy_student import CARD, toy_student

REDUCTION = "Reduction   sum_1  1 1 37 38 0=0 1=0 -23303=0 4=0 5=1\n"
TENSOR = np.random.default_rng(5).random((1, 1, 144, 192), np.float32)
needs_ncnn = pytest.mark.skipif(
    not (available("ncnn") and available("pnnx")), reason="ncnn is an optional runtime"
)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("students") / "toy.onnx"
    path.write_bytes(toy_student())
    return path


def test_axes_that_the_converter_lost_are_put_back() -> None:
    text = f"Input in0 0 1 in0\n{REDUCTION}{REDUCTION}"
    mended = with_axes(text, [[1], [0, 2]])
    assert mended == text.replace("-23303=0 ", "-23303=1,1 ", 1).replace(
        "-23303=0 ", "-23303=2,0,2 ", 1
    )
    assert with_axes(mended, [[1], [0, 2]]) == mended, "those that have axes keep them"


@pytest.mark.parametrize("axes", [[], [[1], [1]]])
def test_reductions_that_do_not_pair_up_are_no_conversion(axes: list[list[int]]) -> None:
    with pytest.raises(ConversionError, match="other reductions"):
        with_axes(REDUCTION, axes)


def test_axes_are_read_without_the_batch(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper, save

    shape = ["n", 4, 5, 6]
    node = helper.make_node("ReduceSum", ["x", "axes"], ["y"], keepdims=0)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(np.array([2, 3]), "axes")],
    )
    save(helper.make_model(graph), tmp_path / "sum.onnx")
    assert reduced_axes(tmp_path / "sum.onnx") == [[1, 2]]


def test_without_the_converter_the_subject_says_so(
    student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pnnx", None)
    subject = Subject("toy", "student", "ncnn", "fp32", str(student))
    subject = Subject(**{**vars(subject), "preprocessing": CARD.preprocessing.to_dict()})
    found = assemble._converted(subject, [np.full((60, 80), 90, np.uint8)], tmp_path)
    assert found.converted == ""
    assert "pip install 'sonogaze-tools[ncnn]'" in found.unavailable
    with pytest.raises(ConversionError, match="pnnx is missing"):
        INFER["ncnn"](found, 1)


@needs_ncnn
def test_ncnn_computes_what_onnxruntime_computes(student: Path, tmp_path: Path) -> None:
    before = sorted(student.parent.iterdir())
    param = convert(student, tmp_path, TENSOR)
    assert sorted(student.parent.iterdir()) == before, "nothing is left beside the student"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.ncnn.bin", "toy.ncnn.param"]
    other = np.random.default_rng(6).random(TENSOR.shape, np.float32)
    subject = Subject("toy", "student", "ncnn", "fp32", str(student), converted=str(param))
    bare = Subject("toy", "student", "onnxruntime", "fp32", str(student))
    assert INFER["ncnn"](subject, 1)(other) == pytest.approx(
        INFER["onnxruntime"](bare, 1)(other), abs=1e-4
    )


@needs_ncnn
def test_a_conversion_that_computes_something_else_is_refused(
    student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def negated(param: Path, threads: int):  # type: ignore[no-untyped-def]
        infer = load(param, threads)
        return lambda tensor: -infer(tensor)

    load = ncnn_files.load
    monkeypatch.setattr(ncnn_files, "load", negated)
    with pytest.raises(ConversionError, match="differ from onnxruntime's by"):
        convert(student, tmp_path, TENSOR)


@needs_ncnn
def test_a_novelty_beside_the_logits_changes_nothing_in_ncnn(tmp_path: Path) -> None:
    import onnx

    source = tmp_path / "novel.onnx"
    onnx.save(layered_student(novelty=True), source)
    tensor = np.random.default_rng(7).random((1, 1, HEIGHT, WIDTH), np.float32)
    subject = Subject("s", "student", "onnxruntime", "fp32", str(source))
    param = convert(source, tmp_path, tensor)
    assert ncnn_files.load(param, 1)(tensor) == pytest.approx(
        INFER["onnxruntime"](subject, 1)(tensor), rel=1e-4, abs=1e-5
    )


@needs_ncnn
def test_an_operator_that_ncnn_does_not_know_is_an_error_not_a_crash(tmp_path: Path) -> None:
    lines = ["7767517", "2 2", "Input in0 0 1 in0", "Unheard of_it 1 1 in0 out0"]
    (tmp_path / "x.ncnn.param").write_text("\n".join(lines) + "\n")
    (tmp_path / "x.ncnn.bin").touch()
    with pytest.raises(ConversionError, match=r"ncnn doesn't load x\.ncnn\.param"):
        ncnn_files.load(tmp_path / "x.ncnn.param", 1)

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.errors import BenchError
from benchmarks.input_files import Files, write_inputs
from benchmarks.onnx_facts.facts import model_facts
from benchmarks.subjects import assemble as assembling
from benchmarks.subjects.catalogue import is_quick, select, student_subjects
from benchmarks.subjects.chain import tensor_query
from benchmarks.subjects.runtimes import INFER, available
from benchmarks.subjects.spec import IMPORTS, Subject
from benchmarks.subjects.user_models import user_subjects
from tests.sdk.toy_student import toy_student

RNG = np.random.default_rng(0)


def plain_model(path, shape=(1, 3, 8, 10), kind=TensorProto.FLOAT):
    weights = {"w": RNG.random((5, shape[1], 3, 3)), "b": RNG.random(5), "g": RNG.random((5, 4))}
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["c"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "g"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "plain",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(v.astype("float32"), k) for k, v in weights.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    return path


@pytest.fixture
def toy(tmp_path):
    path = tmp_path / "toy.onnx"
    path.write_bytes(toy_student())
    return path


def test_size_and_work_of_a_model_are_those_counted_by_hand(tmp_path):
    path = plain_model(tmp_path / "m.onnx")
    facts = model_facts(path)
    assert facts.file_bytes == path.stat().st_size
    assert facts.parameters == 5 * 3 * 9 + 5 + 5 * 4
    # convolution: 4 x 5 places, 5 channels, 3 x 3 x 3 weights each; then 5 x 4
    assert facts.macs == 4 * 5 * 5 * 27 + 20
    assert facts.activations == 4 * 5 * 5 + 4


def test_a_dynamic_batch_counts_as_one_frame(tmp_path):
    one = model_facts(plain_model(tmp_path / "a.onnx"))
    many = model_facts(plain_model(tmp_path / "b.onnx", ("n", 3, 8, 10)))
    assert many.macs == one.macs


def test_quantised_weights_are_parameters_and_their_scales_are_not(tmp_path):
    paths = [tmp_path / "fp32.onnx", tmp_path / "int8.onnx"]
    for path, precision in zip(paths, ("fp32", "int8"), strict=True):
        path.write_bytes(toy_student(precision))
    fp32, int8 = (model_facts(path) for path in paths)
    assert fp32.parameters == int8.parameters
    assert fp32.macs == int8.macs
    assert fp32.sha256 != int8.sha256


def test_a_student_file_is_measured_behind_the_sdk_and_bare(toy):
    subjects = user_subjects(toy)
    assert {s.runtime for s in subjects} >= {"sdk", "onnxruntime"}
    assert all(s.preprocessing["width"] == 192 for s in subjects)


def test_a_users_own_classifier_is_measured_bare_with_its_channels(tmp_path):
    subjects = user_subjects(plain_model(tmp_path / "mine.onnx"))
    assert "sdk" not in {s.runtime for s in subjects}
    one = subjects[0]
    assert (one.name, one.feed.layout) == ("mine-fp32/onnxruntime", "NCHW")
    assert (one.preprocessing["height"], one.preprocessing["width"]) == (8, 10)
    logits = INFER["onnxruntime"](one, 1)(np.zeros((1, 3, 8, 10), np.float32))
    assert logits.shape == (1, 4)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BenchError, match="no such file"):
        user_subjects(tmp_path / "none.onnx")


def test_subjects_are_chosen_by_name_model_or_pattern(toy):
    subjects = student_subjects("student", {"fp32": toy}, "student")
    assert [s.name for s in select(subjects, ["student-fp32/sdk"])] == ["student-fp32/sdk"]
    assert select(subjects, ["student"]) == subjects
    assert {s.runtime for s in select(subjects, ["*/onnx*"])} == {"onnxruntime"}
    with pytest.raises(BenchError, match=r"'teachr': none of student-fp32/sdk"):
        select(subjects, ["teachr"])


def test_without_a_default_student_a_run_needs_a_file(monkeypatch, tmp_path, toy):
    monkeypatch.setattr(assembling, "default_students", dict)
    monkeypatch.setattr(assembling, "_make_teacher_files", lambda *_: None)
    samples = [np.zeros((90, 120), np.uint8)]
    with pytest.raises(BenchError, match="no default student"):
        assembling.assemble((), "quick", samples, tmp_path)
    subjects = assembling.assemble([str(toy), str(toy)], "quick", samples, tmp_path)
    assert {s.model for s in subjects} == {"toy", "teacher"}
    assert len({s.name for s in subjects}) == len(subjects)


def test_two_files_of_one_name_are_refused_not_thrown_together(monkeypatch, tmp_path, toy):
    monkeypatch.setattr(assembling, "_make_teacher_files", lambda *_: None)
    other = tmp_path / "other" / toy.name
    other.parent.mkdir()
    other.write_bytes(toy.read_bytes())
    with pytest.raises(BenchError, match="rename one file") as caught:
        assembling.assemble([str(toy), str(other)], "quick", [np.zeros((9, 9), np.uint8)], tmp_path)
    assert caught.value.slug == "model-ambiguous"


def test_each_model_gets_tensors_of_its_own_size(tmp_path, toy):
    subjects = [*user_subjects(toy), *user_subjects(plain_model(tmp_path / "mine.onnx"))]
    files = Files(tmp_path)
    samples = [np.full((30, 40), level, np.uint8) for level in (10, 200)]
    write_inputs(files, np.zeros((1, 4, 4, 4), np.uint8), samples, subjects)
    shapes = {s.model: np.load(files.tensors(s.preprocessing)).shape for s in subjects}
    assert shapes == {"toy": (2, 1, 144, 192), "mine": (2, 1, 8, 10)}
    for subject in subjects:
        if subject.runtime == "onnxruntime":
            tensor = np.load(files.tensor(subject.preprocessing))
            tensor_query(subject, 1, tensor)(None)


def test_a_quick_run_has_teacher_and_student():
    kinds = [("student", "student", "sdk"), ("teacher", "teacher", "onnxruntime")]
    assert all(is_quick(Subject(model, family, run, "fp32")) for model, family, run in kinds)
    assert not is_quick(Subject("student", "student", "openvino", "fp32"))


def test_a_runtime_that_is_not_installed_is_known():
    assert available("onnxruntime")
    assert available("sdk")
    assert not available("no_such_runtime")
    assert set(INFER) | {"sdk"} == set(IMPORTS)


@pytest.mark.skipif(not available("openvino"), reason="OpenVINO is an optional runtime")
def test_openvino_computes_what_onnxruntime_computes(toy):
    tensor = RNG.random((1, 1, 144, 192), np.float32)
    subjects = {s.runtime: s for s in user_subjects(toy)}
    a, b = (INFER[name](subjects[name], 1)(tensor) for name in ("onnxruntime", "openvino"))
    assert b == pytest.approx(a, abs=1e-3)

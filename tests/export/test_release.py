"""What comes after training: int8, release, one classify.

`test_workspace.py` releases from frames alone.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import sdk
from export import evaluation
from export.data.dataset import load_records
from export.data.frames import read_grey
from export.data.phantom import phantom_frame
from export.distill import pipeline
from export.distill.teacher import untrained_teacher
from export.errors import ExportError
from export.evidence.known import read_evidence
from export.evidence.record import write_evidence
from export.models.student import Student, folded_parameters, student_logits
from export.packaging.convert import folded, largest_difference, run_onnx, to_onnx
from export.packaging.quantize import quantize
from export.recipe.read import load_recipe
from export.release import gates
from export.release.release import release
from export.workspace import Workspace

WHY = "a student of two epochs knows nothing"
PILOT = [f"{gate}={WHY}" for gate in gates.GATES]


@pytest.fixture(scope="module")
def student() -> Student:
    torch.manual_seed(0)
    student = Student(4, load_recipe("smoke").student)
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    torch.nn.init.normal_(student.score.weight)
    return student.eval()


@pytest.fixture(scope="module")
def model(student: Student) -> onnx.ModelProto:
    return to_onnx(student, 48, 64)


def _inputs(count: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, 1, 48, 64)).astype(np.float32)


def test_onnx_computes_what_pytorch_computes(student, model):
    logits, attention = largest_difference(model, student, _inputs(8))
    assert logits < 1e-4
    assert attention < 1e-5


def test_a_changed_network_is_found_out(student, model):
    torch.manual_seed(1)
    other = Student(4, student.config).eval()
    assert largest_difference(model, other, _inputs(2))[0] > 1e-2


def test_onnx_holds_the_folded_parameters_and_no_path_of_the_maker(student, model):
    weights = [i for i in model.graph.initializer if i.data_type == onnx.TensorProto.FLOAT]
    count = sum(int(np.prod(i.dims)) for i in weights)
    assert count == sum(p.numel() for p in folded(student).parameters())
    assert count == folded_parameters(student)
    data = model.SerializeToString()
    assert str(Path(__file__).parents[2]).encode() not in data
    assert b"site-packages" not in data


def test_int8_has_signed_weights_and_stays_near_fp32(student, model):
    quantised = quantize(model, _inputs(32))
    types = {i.data_type for i in quantised.graph.initializer if np.prod(i.dims) > 16}
    assert onnx.TensorProto.INT8 in types
    assert onnx.TensorProto.UINT8 not in types
    fp32, _ = run_onnx(model.SerializeToString(), _inputs(32))
    int8, _ = run_onnx(quantised.SerializeToString(), _inputs(32))
    assert np.abs(int8 - fp32).max() < 0.15 * np.abs(fp32).max()


def test_a_trained_student_becomes_files_that_the_sdk_runs(smoke_runs, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    files = tmp_path / "release"
    report = release(Workspace.open("smoke", smoke_runs).student("kd"), files, PILOT)
    assert json.loads((files / "release.json").read_text()) == json.loads(json.dumps(report))
    looks = (tmp_path / "looks.jsonl").read_text().splitlines()
    assert len(looks) == 6  # two precisions and the teacher, two guarded parts
    assert [g["gate"] for g in report["gates"]] == list(gates.GATES)
    assert all(g["passed"] or g["reason"] == WHY for g in report["gates"])
    assert set(report["teacher_scores"]) == set(report["scores"]["fp32"])
    for precision in ("fp32", "int8"):
        classifier = sdk.Classifier(files / f"smoke-{precision}.onnx")
        assert classifier.metadata.provenance["objective"] == "kd"
        result = classifier.classify(phantom_frame("head", seed=5).pixels)
        assert result.to_dict()["model_id"] == classifier.model_id
    again = release(Workspace.open("smoke", smoke_runs).student("kd"), files, PILOT)
    assert again["scores"] == report["scores"]


def test_a_refused_student_is_not_written_nor_looked_at_on_guarded_parts(
    smoke_runs, tmp_path, monkeypatch
):
    monkeypatch.setattr(evaluation, "LOOKS", tmp_path / "looks.jsonl")
    monkeypatch.setattr(gates, "MAX_BYTES", {"fp32": 10, "int8": 10})
    passed = [option for option in PILOT if not option.startswith("file-size")]
    with pytest.raises(ExportError, match="file-size"):
        release(Workspace.open("smoke", smoke_runs).student("ce"), tmp_path / "to", passed)
    assert not (tmp_path / "to").exists()
    assert not (tmp_path / "looks.jsonl").exists()


@pytest.mark.parametrize("objective", ["petra", "gaze_weighted", "attention"])
def test_what_learned_from_research_only_gaze_is_not_released(tmp_path, objective):
    with pytest.raises(ExportError, match="licensed for research only") as caught:
        release(Workspace.open("ablation", tmp_path / "r").student(objective), tmp_path / "to")
    assert caught.value.slug == "release-research-only"
    assert not list(tmp_path.iterdir())


def test_a_released_file_answers_as_the_student_it_was_made_from(data_folder, smoke_runs):
    recipe = load_recipe("smoke")
    student = pipeline.distill(Workspace.open("smoke", smoke_runs).student("ce"))
    record = load_records(data_folder)[0]
    tensor = recipe.preprocessing.tensor(sdk.Frame.from_array(read_grey(record.path)))
    logits, _ = run_onnx(to_onnx(student, 48, 64).SerializeToString(), tensor)
    assert np.allclose(logits, student_logits(student, tensor), atol=1e-4)


def test_teacher_evidence_comes_back_by_frame_id(data_folder, tmp_path):
    records = load_records(data_folder)[:3]
    recipe = load_recipe("smoke")
    teacher = untrained_teacher(recipe)
    weights, path = tmp_path / "w.pt", tmp_path / "logits.json"
    torch.save(teacher.state_dict(), weights)
    logits = np.array([[0.1234, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]], np.float32)
    write_evidence(recipe, teacher, weights, records, logits, path)
    known = read_evidence(path)
    assert known.labels == recipe.labels
    assert np.allclose(known.of(records[::-1]), logits[::-1], atol=5e-4)
    assert known.parameters == sum(p.numel() for p in teacher.parameters())

import json

import numpy as np
import pytest

from benchmarks.frames import FrameSet, LabelledFrame
from benchmarks.quality import collect
from benchmarks.quality.evaluate import Outputs, evaluate, share
from benchmarks.quality.numerics import differences
from benchmarks.quality.teacher_logits import outputs_for, read_teacher
from benchmarks.record.jobs import Job, Run
from benchmarks.record.outcomes import Predictions, Result
from benchmarks.record.types import Share
from export.errors import ExportError
from export.evaluation import expected_calibration_error
from tests.benchmarks.fakes import facts

LABELS = ("head", "abdomen", "femur", "background")


def frames(*labels):
    return [LabelledFrame(str(i), f"{i}.png", label, f"p{i}") for i, label in enumerate(labels)]


def logits_for(*labels):
    return np.array([[5.0 * (name == label) for name in LABELS] for label in labels])


def test_accuracy_and_recall_by_hand():
    said = Outputs(LABELS, logits_for("head", "head", "abdomen", "femur"))
    entry = evaluate("s", "p", frames("head", "abdomen", "abdomen", "abdomen"), said, None)
    assert entry.accuracy.value == 0.5
    assert entry.recall["abdomen"].value == pytest.approx(1 / 3)
    assert entry.recall["background"] == Share(None, None, None)


def test_a_recall_of_100_percent_from_50_frames_has_an_interval_below_100():
    members = frames(*["head"] * 50)
    entry = evaluate("s", "p", members, Outputs(LABELS, logits_for(*["head"] * 50)), None)
    recall = entry.recall["head"]
    # by hand: the one-sided 97.5 % bound of no error in 50, 0.025 ** (1 / 50)
    assert (recall.value, recall.high) == (1.0, 1.0)
    assert recall.low == pytest.approx(0.025 ** (1 / 50))


def test_no_share_of_a_quality_entry_has_an_interval_without_width():
    members = frames("head", "head", "femur", "femur")
    sure = np.eye(4)[[0, 0, 2, 2]]
    answers = Outputs(LABELS, logits_for("head", "head", "femur", "femur"), sure, np.ones(4, bool))
    entry = evaluate("s", "p", members, answers, answers)
    shares = [entry.accuracy, entry.agreement, entry.coverage, entry.selective_accuracy]
    assert all(one.value == 1.0 and one.low < 0.5 for one in shares)
    # every draw gives an error of 0: that is no interval from 0 to 0
    assert entry.calibration_error == Share(0.0, None, None)


def test_frames_that_do_not_count_are_not_in_a_share():
    right, among = np.array([True, False, False]), np.array([True, True, False])
    assert share(right, ["a", "b", "c"], among).value == 0.5
    assert share(right, ["a", "b", "c"], np.zeros(3, bool)).value is None


def test_calibration_error_by_hand():
    # two bins: (0.6, 0.6) with one right: |0.5 - 0.6|; (0.9, 0.9) with both right: |1 - 0.9|
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [0.9, 0.1], [0.9, 0.1]])
    truth = np.array([0, 1, 0, 0])
    assert expected_calibration_error(probabilities, truth, bins=10) == pytest.approx(0.1)


def test_a_probability_on_an_edge_belongs_to_the_bin_below():
    # 0.5 is in (0, 0.5], 0.75 in (0.5, 1]: in one bin their errors would cancel
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25]])
    truth = np.array([0, 1])
    found = expected_calibration_error(probabilities, truth, bins=2)
    assert found == pytest.approx((0.5 + 0.75) / 2)


def test_perfect_and_wrong_confidence_are_the_two_ends():
    sure = np.array([[1.0, 0.0]] * 3)
    assert expected_calibration_error(sure, np.zeros(3, int)) == 0
    assert expected_calibration_error(sure, np.ones(3, int)) == 1


def test_agreement_counts_being_wrong_alike():
    members = frames("head", "head", "femur", "femur")
    student = Outputs(LABELS, logits_for("head", "femur", "femur", "head"))
    teacher = Outputs(LABELS, logits_for("head", "femur", "head", "femur"))
    entry = evaluate("s", "test", members, student, teacher)
    assert entry.accuracy.value == 0.5
    assert entry.agreement.value == 0.5


def test_the_teachers_columns_are_matched_by_name():
    members = frames("head", "femur")
    student = Outputs(LABELS, logits_for("head", "femur"))
    shuffled = ("femur", "background", "head", "abdomen")
    order = [LABELS.index(label) for label in shuffled]
    teacher = Outputs(shuffled, logits_for("head", "femur")[:, order])
    assert evaluate("s", "test", members, student, teacher).agreement.value == 1.0


def test_coverage_counts_what_is_accepted_and_accuracy_counts_all():
    members = frames("head", "head", "femur", "femur")
    accepted = np.array([True, False, True, False])
    answers = Outputs(
        LABELS, logits_for("head", "femur", "femur", "head"), np.full((4, 4), 0.25), accepted
    )
    entry = evaluate("s", "test", members, answers, None)
    assert entry.coverage.value == 0.5
    assert entry.accuracy.value == 0.5
    assert entry.selective_accuracy.value == 1.0
    assert entry.agreement is None


def test_a_label_without_frames_has_no_recall():
    entry = evaluate(
        "s", "p", frames("head", "femur"), Outputs(LABELS, logits_for("head", "femur")), None
    )
    assert entry.recall["background"].value is None
    assert entry.recall["head"].value == 1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_logits_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="NaN"):
        evaluate("s", "p", frames("head"), Outputs(LABELS, np.array([[bad, 0, 0, 0]])), None)


def write_teacher(path, logits, labels=LABELS, **more):
    data = {"labels": labels, "logits": logits, "teacher_sha256": "abc", "parameters": 1}
    data |= {"recipe": "default", "teacher_recipe_sha256": "def", **more}
    path.write_text(json.dumps(data))
    return path


def test_the_teachers_committed_logits_are_read_by_id(tmp_path):
    path = write_teacher(tmp_path / "t.json", {"a": [1, 2, 3, 4], "b": [4, 3, 2, 1.5]})
    teacher = read_teacher(path)
    answers, known = outputs_for(teacher, ["b", "unknown", "a"])
    assert (known, answers.labels, teacher.teacher_sha256) == ([0, 2], LABELS, "abc")
    assert answers.logits.tolist() == [[4, 3, 2, 1.5], [1, 2, 3, 4]]


def test_a_teacher_that_is_not_there_is_none(tmp_path):
    assert read_teacher(tmp_path / "none.json") is None
    assert outputs_for(None, ["a"]) == (None, [])
    teacher = read_teacher(write_teacher(tmp_path / "t.json", {}))
    assert outputs_for(teacher, ["a"]) == (None, [])


@pytest.mark.parametrize(
    "row", [[1, 2, 3], [1, 2, 3, float("nan")], [1, 2, 3, "x"], [1, 2, 3, None], {}, 5, [1] * 5]
)
def test_damaged_logits_are_refused(tmp_path, row):
    with pytest.raises(ExportError, match="'a' lacks a finite logit") as caught:
        read_teacher(write_teacher(tmp_path / "t.json", {"a": row}))
    assert caught.value.slug == "evidence-damaged"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"labels": 1, "logits": {}}'])
def test_a_file_that_holds_no_logits_is_refused(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(ExportError, match=r"t\.json"):
        read_teacher(tmp_path / "t.json")


def test_the_teachers_committed_logits_of_this_project_are_whole():
    teacher = read_teacher()
    if teacher is None:
        pytest.skip("no teacher has been released yet")
    assert set(teacher.labels) == set(LABELS)
    assert len(teacher.ids) > 300


def quality_run(said, part="folder", decision="accept"):
    rows = logits_for(*said).tolist()
    decisions = [decision] * len(rows)
    predictions = Predictions(list(LABELS), rows, decisions, [None] * len(rows), temperature=2.0)
    return Run(Job(task="quality", name="s/sdk", part=part), Result(predictions, facts()))


def test_frames_with_a_label_that_the_model_does_not_know_are_left_out():
    members = frames("head", "kidney", "femur")
    fold = FrameSet("folder", "", [], {"folder": members})
    entry = collect.score_quality([quality_run(["head", "head", "femur"])], fold, None, 0)[0]
    assert (entry.frames, entry.accuracy.value) == (2, 1.0)
    only = FrameSet("folder", "", [], {"folder": frames("kidney")})
    assert collect.score_quality([quality_run(["head"])], only, None, 0) == []


def test_every_look_at_a_guarded_part_is_logged(monkeypatch):
    looks = []
    monkeypatch.setattr(collect, "_log", lambda *what: looks.append(what))
    for part in ("external", "folder"):
        fold = FrameSet("data-set", "", [], {part: frames("head", "femur")})
        collect.score_quality([quality_run(["head", "head"], part)], fold, None, 0)
    assert looks == [("external", "s/sdk", 0.5)]


def test_the_teacher_is_scored_by_its_committed_logits(tmp_path):
    members = frames("head", "femur")
    logits = {str(i): [1.0, 0.0, 0.0, 0.0] for i in range(2)}
    rows = read_teacher(write_teacher(tmp_path / "t.json", logits))
    fold = FrameSet("folder", "", [], {"folder": members})
    teacher, student = collect.score_quality([quality_run(["head", "femur"])], fold, rows, 0)
    assert (teacher.subject, teacher.accuracy.value) == ("teacher (committed logits)", 0.5)
    assert student.agreement.value == 0.5


def test_probabilities_are_calibrated_by_the_files_own_temperature():
    answers = collect.outputs_of(quality_run(["head"]).result.outcome)
    weights = np.exp(np.array([5.0, 0, 0, 0]) / 2.0)
    assert answers.probabilities[0] == pytest.approx(weights / weights.sum())


def test_numerical_difference_is_taken_from_pytorch_else_onnxruntime():
    base = logits_for("head", "femur")
    near, far = base + 0.001, base.copy()
    far[1] = logits_for("head")[0]
    found = {
        e.subject: e
        for e in differences(
            {
                "student-fp32/pytorch": base,
                "student-fp32/onnxruntime": near,
                "student-int8/onnxruntime": far,
                "mine-fp32/onnxruntime": base,
                "mine-fp32/openvino": near,
            }
        )
    }
    assert set(found) == {
        "student-fp32/onnxruntime",
        "student-int8/onnxruntime",
        "mine-fp32/openvino",
    }
    assert found["student-fp32/onnxruntime"].max_abs_logit == pytest.approx(0.001)
    assert found["student-int8/onnxruntime"].reference == "student-fp32/pytorch"
    assert found["student-int8/onnxruntime"].label_changes == 1
    assert found["mine-fp32/openvino"].reference == "mine-fp32/onnxruntime"

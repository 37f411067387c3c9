"""Each gate of a release: what passes it, what fails it, what passing over one leaves."""

import pickle
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from export.data.dataset import FrameRecord
from export.errors import ExportError
from export.evaluation import score
from export.release import gates
from sdk.model_file.digest import seal
from tests.sdk.toy_student import toy_student


def test_a_student_one_point_below_its_teacher_passes_and_more_fails():
    assert gates.teacher_gap(0.97, 0.98).passed
    failed = gates.teacher_gap(0.969, 0.98)
    assert not failed.passed
    assert "student 0.9690, teacher 0.9800" in failed.measured
    assert gates.teacher_gap(0.5, None).passed  # learned from labels alone


def test_int8_half_a_point_below_fp32_passes_and_more_fails():
    assert gates.int8_loss(0.98, 0.975).passed
    assert gates.int8_loss(0.98, 0.99).passed
    assert not gates.int8_loss(0.98, 0.9749).passed


@pytest.mark.parametrize(
    ("logits", "attention", "passed"),
    [(1e-3, 1e-6, True), (1.1e-3, 0.0, False), (0.0, 2e-3, False), (float("nan"), 0.0, False),
     (0.0, float("nan"), False)],
)  # fmt: skip
def test_onnx_may_differ_from_pytorch_by_a_thousandth(logits, attention, passed):
    assert gates.onnx(logits, attention).passed is passed


def test_files_that_load_and_give_their_known_answers_pass():
    assert gates.known_answers({p: toy_student(p) for p in ("fp32", "int8")}).passed


def test_a_file_with_another_answer_than_it_says_fails():
    model = onnx.load_from_string(toy_student("int8"))
    bias = next(i for i in model.graph.initializer if i.name == "head.bias")
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(5), bias.name))
    del model.metadata_props[-1]  # the seal
    changed = seal(model.SerializeToString())
    failed = gates.known_answers({"fp32": toy_student(), "int8": changed})
    assert not failed.passed
    assert failed.measured.startswith("int8: known-answer-mismatch")


def test_a_file_that_is_too_large_fails():
    sizes = gates.MAX_BYTES
    assert gates.file_size({p: b"x" * size for p, size in sizes.items()}).passed
    failed = gates.file_size({"fp32": b"", "int8": b"x" * (sizes["int8"] + 1)})
    assert not failed.passed
    assert f"int8 {sizes['int8'] + 1:,} bytes" in failed.measured


@pytest.mark.parametrize(("error", "passed"), [(0.03, True), (0.031, False), (float("nan"), False)])
def test_a_calibration_error_above_three_percent_fails(error, passed):
    assert gates.calibration({"fp32": 0.01, "int8": error}).passed is passed


def score_of(right: list[bool], truth: list[int], labels: int = 4, patients: int = 0) -> dict:
    """Scores of frames that are right or said to be the next label; each of its own patient."""
    said = [t if r else (t + 1) % labels for r, t in zip(right, truth, strict=True)]
    names = [f"l{i}" for i in range(labels)]
    records = [
        FrameRecord(
            str(i), Path("x"), names[t], "own", "", f"p{i % (patients or 10**6)}", "", "", ""
        )
        for i, t in enumerate(truth)
    ]
    return score(np.eye(labels)[said], records, labels=names)


def even(share: float, frames: int = 400) -> dict:
    """Four labels alike, `share` of each right."""
    truth = [i % 4 for i in range(frames)]
    return score_of([i // 4 < share * frames / 4 for i in range(frames)], truth)


def always(label: int, truth: list[int]) -> dict:
    records = [
        FrameRecord(str(i), Path("x"), f"l{t}", "own", "", f"p{i}", "", "", "")
        for i, t in enumerate(truth)
    ]
    logits = np.tile(np.eye(4)[label], (len(truth), 1))
    return score(logits, records, labels=[f"l{i}" for i in range(4)])


GOOD = even(0.95)
MIXED = [0] * 70 + [1, 2, 3] * 10  # seven of ten frames are of one label


@pytest.mark.parametrize(
    ("scores", "passed"),
    [
        ({"fp32": GOOD, "int8": GOOD, "teacher": GOOD}, True),
        ({"fp32": GOOD, "int8": GOOD}, True),  # learned from labels alone
        ({"fp32": GOOD, "int8": GOOD, "teacher": even(0.0)}, False),
        ({"fp32": even(0.17), "int8": even(0.17), "teacher": even(0.0)}, False),
        ({"fp32": GOOD, "int8": even(0.3), "teacher": GOOD}, False),
        ({"fp32": even(0.63)}, False),  # needs 62.5 % at the lower end
        ({"fp32": even(0.70)}, True),
        ({"fp32": always(0, MIXED)}, False),  # 70 % right by one word
        ({"fp32": score_of([True] * 100, MIXED)}, True),
        ({"fp32": score_of([True] * 6, [0, 1, 2, 3, 0, 1])}, False),  # all right, of six patients
        ({"fp32": score_of([True] * 400, [0, 1, 2, 3] * 100, patients=3)}, False),
        ({"fp32": score_of([True] * 50, [0] * 50)}, False),  # nothing to be better at
    ],
    ids=["good", "untaught", "teacher-of-0", "student-of-17", "int8-alone", "near", "enough",
         "one-word", "skewed", "six-frames", "three-patients", "one-label"],
)  # fmt: skip
def test_student_and_teacher_must_be_better_than_guessing(scores, passed):
    outcome = gates.better_than_guessing(scores)
    assert outcome.passed is passed, outcome.measured
    assert all(name in outcome.measured for name in scores)
    assert "the commonest label" in outcome.measured


@pytest.mark.parametrize(
    ("score", "passed", "told"),
    [
        (GOOD, True, "l0 0.9500"),
        (always(0, MIXED), False, "l1 0.0000"),
        (even(0.5), True, "0.5000"),
        (even(0.49), False, "0.4900"),
        (score_of([True] * 30, [0, 1, 2] * 10), False, "no frame of l3"),
    ],
    ids=["good", "never-said", "half", "less", "no-frame"],
)
def test_every_label_must_be_told(score, passed, told):
    outcome = gates.every_label({"fp32": GOOD, "int8": score})
    assert outcome.passed is passed
    assert told in outcome.measured


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_that_is_no_number_passes_no_gate(value):
    broken = GOOD | {"accuracy": value, "accuracy_95": [value if value != value else -value, value]}
    for outcome in (
        gates.teacher_gap(0.9, value),
        gates.int8_loss(value, 0.9),
        gates.onnx(value, 0.0),
        gates.onnx(0.0, value),
        gates.calibration({"fp32": 0.01, "int8": value}),
        gates.calibration({}),
        gates.better_than_guessing({"fp32": broken}),
        gates.every_label({"fp32": GOOD | {"recall": {"a": -value if value == value else value}}}),
    ):
        assert not outcome.passed, outcome


CLEAN, DIRTY = "a" * 40, "a" * 40 + "-dirty"


@pytest.mark.parametrize(
    ("made_by", "passed"),
    [
        ({"student": [CLEAN], "teacher": [CLEAN], "files": [CLEAN]}, True),
        ({"student": ["sonogaze 0.1.0"], "files": [CLEAN]}, True),
        ({"student": [CLEAN], "files": [DIRTY]}, False),
        ({"student": [CLEAN, DIRTY], "files": [CLEAN]}, False),  # a run that went on
        ({"student": [CLEAN], "teacher": ["unknown"], "files": [CLEAN]}, False),
        ({"files": ["sonogaze unknown"]}, False),
    ],
)
def test_every_part_must_be_made_by_sources_that_were_committed(made_by, passed):
    outcome = gates.sources(made_by)
    assert outcome.passed is passed
    assert all(name in outcome.measured for names in made_by.values() for name in names)


def test_the_calibration_gate_says_on_which_frames_the_temperature_was_fitted():
    assert "fitted on other patients: fp32 1.0 %" in gates.calibration({"fp32": 0.01}).measured
    assert "fitted on other patients" in gates.GATES["calibration"]


FAILED = gates.teacher_gap(0.9, 1.0)


def test_a_failed_gate_refuses_and_names_both_numbers():
    with pytest.raises(ExportError, match="failed: teacher-gap; nothing was written") as caught:
        gates.judge([gates.int8_loss(1, 1), FAILED], {})
    assert caught.value.slug == "release-gate"
    assert caught.value.details[0].startswith("teacher-gap: validation: student 0.9000")


def test_a_refusal_lists_one_failed_gate_a_line():
    with pytest.raises(ExportError, match="failed: int8-loss, teacher-gap;") as caught:
        gates.judge([gates.int8_loss(1, 0), gates.onnx(0.0, 0.0), FAILED], {})
    details = pickle.loads(pickle.dumps(caught.value)).details
    assert [line.partition(":")[0] for line in details] == ["int8-loss", "teacher-gap"]
    assert all(gates.GATES[line.partition(":")[0]] in line for line in details)


def test_passing_over_one_gate_passes_over_no_other():
    with pytest.raises(ExportError, match="int8-loss"):
        gates.judge([FAILED, gates.int8_loss(1, 0)], {"teacher-gap": "a trial"})


def test_a_gate_passed_over_keeps_its_reason_and_its_failure():
    reasons = gates.parse_waivers(['teacher-gap="a pilot"', "file-size=why not"])
    judged = gates.judge([FAILED, gates.file_size({})], reasons)
    assert [(o.passed, o.reason) for o in judged] == [(False, "a pilot"), (True, None)]
    assert judged[0].to_dict()["asks"] == gates.GATES["teacher-gap"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["everything=yes"], r"no gate 'everything' to waive; allowed: \['teacher-gap'"),
        (["teacher-gap"], "waived without a reason"),
        (['teacher-gap=" "'], "waived without a reason"),
        (["onnx=a", "onnx=b"], "waived twice"),
    ],
)
def test_a_wrong_name_or_a_missing_reason_is_an_error(options, message):
    with pytest.raises(ExportError, match=message) as caught:
        gates.parse_waivers(options)
    assert caught.value.slug == "release-gate-name"

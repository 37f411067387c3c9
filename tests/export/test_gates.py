"""Each gate of a release: what passes it, what fails it, what passing over one leaves."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from toy_student import toy_student

from export.errors import ExportError
from export.release import gates
from sdk.model_file.digest import seal


def test_a_student_one_point_below_its_teacher_passes_and_more_fails():
    assert gates.teacher_gap(0.97, 0.98).passed
    failed = gates.teacher_gap(0.969, 0.98)
    assert not failed.passed
    assert "student 0.9690, teacher 0.9800" in failed.found
    assert gates.teacher_gap(0.5, None).passed  # learned from labels alone


def test_int8_half_a_point_below_fp32_passes_and_more_fails():
    assert gates.int8_loss(0.98, 0.975).passed
    assert gates.int8_loss(0.98, 0.99).passed
    assert not gates.int8_loss(0.98, 0.9749).passed


@pytest.mark.parametrize(
    ("logits", "attention", "passed"),
    [(1e-3, 1e-6, True), (1.1e-3, 0.0, False), (0.0, 2e-3, False), (float("nan"), 0.0, False)],
)
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
    assert failed.found.startswith("int8: known-answer-mismatch")


def test_a_file_that_is_too_large_fails():
    sizes = gates.MAX_BYTES
    assert gates.file_size({p: b"x" * size for p, size in sizes.items()}).passed
    failed = gates.file_size({"fp32": b"", "int8": b"x" * (sizes["int8"] + 1)})
    assert not failed.passed
    assert f"int8 {sizes['int8'] + 1:,} bytes" in failed.found


@pytest.mark.parametrize(("error", "passed"), [(0.03, True), (0.031, False), (float("nan"), False)])
def test_a_calibration_error_above_three_percent_fails(error, passed):
    assert gates.calibration({"fp32": 0.01, "int8": error}).passed is passed


FAILED = gates.teacher_gap(0.9, 1.0)


def test_a_failed_gate_refuses_and_names_both_numbers():
    with pytest.raises(ExportError, match=r"teacher-gap \(validation: student 0.9000") as caught:
        gates.judge([gates.int8_loss(1, 1), FAILED], {})
    assert caught.value.slug == "release-gate"


def test_passing_over_one_gate_passes_over_no_other():
    with pytest.raises(ExportError, match="int8-loss"):
        gates.judge([FAILED, gates.int8_loss(1, 0)], {"teacher-gap": "a trial"})


def test_a_gate_passed_over_keeps_its_reason_and_its_failure():
    reasons = gates.parse_passed_over(['teacher-gap="a pilot"', "file-size=why not"])
    judged = gates.judge([FAILED, gates.file_size({})], reasons)
    assert [(o.passed, o.reason) for o in judged] == [(False, "a pilot"), (True, None)]
    assert judged[0].to_dict()["asks"] == gates.GATES["teacher-gap"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["everything=yes"], r"no gate 'everything' to pass over; allowed: \['teacher-gap'"),
        (["teacher-gap"], "passed over without a reason"),
        (['teacher-gap=" "'], "passed over without a reason"),
        (["onnx=a", "onnx=b"], "passed over twice"),
    ],
)
def test_a_wrong_name_or_a_missing_reason_is_an_error(options, message):
    with pytest.raises(ExportError, match=message) as caught:
        gates.parse_passed_over(options)
    assert caught.value.slug == "release-gate-name"

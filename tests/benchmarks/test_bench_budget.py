from pathlib import Path

import pytest
from bench_fakes import fake_record

from benchmarks import budget as budgeting
from benchmarks.budget import check_budget, read_budget
from benchmarks.errors import BenchError

RECORD = fake_record()


def budget(tmp_path, text):
    path = tmp_path / "budget.toml"
    path.write_text(text)
    return path


def lines(tmp_path, text, record=RECORD):
    found = check_budget(record, read_budget(budget(tmp_path, text)))
    return {(line.subject, line.metric): line for line in found}


def test_limits_at_the_top_hold_for_the_student_behind_the_sdk(tmp_path):
    found = lines(tmp_path, "p99_ms = 50\npeak_mb = 200\naccuracy = 0.9\n")
    assert {key[0] for key in found} == {"student-fp32/sdk"}
    assert all(line.met for line in found.values())


def test_more_than_the_limit_is_missed_and_exactly_the_limit_is_met(tmp_path):
    measured = lines(tmp_path, "peak_mb = 1")[("student-fp32/sdk", "peak_mb")].measured
    assert not lines(tmp_path, "peak_mb = 1")[("student-fp32/sdk", "peak_mb")].met
    assert lines(tmp_path, f"peak_mb = {measured!r}")[("student-fp32/sdk", "peak_mb")].met


def test_accuracy_must_be_at_least_its_limit_and_is_of_the_test_part(tmp_path):
    key = ("student-fp32/sdk", "accuracy")
    assert lines(tmp_path, "accuracy = 0.96")[key].met
    assert not lines(tmp_path, "accuracy = 0.961")[key].met


def test_p99_is_paced_where_that_was_measured(tmp_path):
    values = {f["id"]: f["value"] for f in RECORD["figures"]}
    line = lines(tmp_path, "p99_ms = 1")[("student-fp32/sdk", "p99_ms")]
    assert line.measured == values["student-fp32/sdk|paced-30fps|threads=1|end_to_end|p99"]
    table = '["teacher-fp32/onnxruntime"]\np99_ms = 1'
    line = lines(tmp_path, table)[("teacher-fp32/onnxruntime", "p99_ms")]
    key = "teacher-fp32/onnxruntime|single_stream|threads=1|end_to_end|p99"
    assert line.measured == values[key]


def test_what_was_not_measured_does_not_meet_its_budget(tmp_path):
    record = {**RECORD, "quality": []}
    line = lines(tmp_path, "accuracy = 0", record)[("student-fp32/sdk", "accuracy")]
    assert (line.measured, line.met) == (None, False)
    line = lines(tmp_path, '["no-such/subject"]\np50_ms = 9')[("no-such/subject", "p50_ms")]
    assert not line.met


def test_a_record_without_a_student_misses_the_budget(tmp_path):
    found = lines(tmp_path, "p99_ms = 5", {**RECORD, "subjects": []})
    assert [line.met for line in found.values()] == [False]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no limit"),
        ("p99_ms = ", "Invalid|invalid|value"),
        ("p98_ms = 5", "p98_ms = 5; allowed"),
        ("p99_ms = '5'", "allowed are finite numbers"),
        ("p99_ms = true", "allowed are finite numbers"),
        ("p99_ms = nan", "allowed are finite numbers"),
        ("p99_ms = inf", "allowed are finite numbers"),
        ("p99_ms = -1", "allowed are finite numbers"),
        ("p99_ms = [5]", "allowed are finite numbers"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(tmp_path, text, match):
    with pytest.raises(BenchError, match=match) as caught:
        read_budget(budget(tmp_path, text))
    assert caught.value.slug == "budget-invalid"


def test_a_missing_budget_file_is_refused(tmp_path):
    with pytest.raises(BenchError, match=r"none\.toml"):
        read_budget(tmp_path / "none.toml")


def test_the_projects_own_targets_are_a_valid_budget():
    targets = Path(budgeting.__file__).with_name("targets.toml")
    assert {"accuracy", "times_read_bound"} <= read_budget(targets)[""].keys()


def test_the_paced_tail_is_p99_over_p50(tmp_path):
    values = {f["id"]: f["value"] for f in RECORD["figures"]}
    key = "student-fp32/sdk|paced-30fps|threads=1|end_to_end|"
    found = lines(tmp_path, "paced_p99_over_p50 = 3")[("student-fp32/sdk", "paced_p99_over_p50")]
    assert found.measured == values[key + "p99"] / values[key + "p50"]

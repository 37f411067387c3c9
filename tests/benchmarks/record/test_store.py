import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.commands import app
from benchmarks.errors import BenchError
from benchmarks.record.outcomes import Timing
from benchmarks.record.store import dumps, parse_record, read_record, record_json, write_record
from tests.benchmarks.fakes import fake_record

RECORD = fake_record()


def changed(path, value):
    """Return the record's JSON object with one entry changed; a value of DELETE takes it away."""
    document = record_json(RECORD)
    *parents, last = path
    target = document
    for key in parents:
        target = target[key]
    if value is DELETE:
        del target[last]
    else:
        target[last] = value
    return document


DELETE = object()


def test_a_record_survives_writing_and_reading(tmp_path):
    write_record(RECORD, tmp_path / "r.json")
    again = read_record(tmp_path / "r.json")
    assert record_json(again) == record_json(RECORD)
    assert json.loads((tmp_path / "r.json").read_text()) == record_json(RECORD)


def test_raw_values_and_every_process_are_kept(tmp_path):
    write_record(RECORD, tmp_path / "r.json")
    outcomes = [run.result.outcome for run in read_record(tmp_path / "r.json").runs]
    timings = [outcome for outcome in outcomes if isinstance(outcome, Timing)]
    assert len(timings) == 15
    assert all(len(timing.service_ns) == 200 for timing in timings)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "path",
    [("figures", 0, "value"), ("state", "reference_start_ms"), ("runs", 0, "result", "energy_j")],
)
def test_a_number_that_is_not_finite_never_reaches_the_file(tmp_path, path, bad):
    record = parse_record(changed(path, bad))
    with pytest.raises(BenchError, match=f"{path[-1]} is not a finite number") as caught:
        write_record(record, tmp_path / "r.json")
    assert caught.value.slug == "record-invalid"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        (("status",), "fine", r"\$\.status"),
        (("figures", 0, "unit"), "furlongs", r"\$\.figures\[0\]\.unit"),
        (("figures", 0, "processes"), [], r"processes"),
        (("quality", 0, "accuracy", "value"), 1.5, r"accuracy"),
        (("input", "sha256"), "abc", r"sha256"),
        (("figures", 3, "confidence"), 1.0, r"\$\.figures\[3\].*confidence 1\.0"),
        (("figures", 0, "id"), "student", r"\$\.figures\[0\].*id 'student'"),
        (("machine", "cores_usable"), 0, r"\$\.machine: cores_usable 0"),
        (("runs", 2, "job", "threads"), "two", r"\$\.runs\[2\]\.job\.threads"),
        (("runs", 2, "job", "task"), "dance", r"\$\.runs\[2\]\.job\.task 'dance': allowed"),
        (("runs", 0, "result", "service_ns"), DELETE, r"\$\.runs\[0\]\.result.*service_ns"),
        (("runs", 0, "result"), [], r"\$\.runs\[0\]\.result"),
        (("surprise",), 1, r"\$\.surprise"),
        (("runs", 0, "result", "surprise"), 1, r"\$\.runs\[0\]\.result\.surprise"),
        (("subjects", 1, "surprise"), 1, r"\$\.subjects\[1\]\.surprise"),
    ],
)
def test_an_entry_that_is_missing_unknown_or_wrong_is_named(path, value, match):
    with pytest.raises(BenchError, match=match) as caught:
        parse_record(changed(path, value))
    assert caught.value.slug == "record-invalid"


@pytest.mark.parametrize("key", [k for k in record_json(RECORD) if k not in ("format", "version")])
def test_every_section_is_required(key):
    with pytest.raises(BenchError, match=key):
        parse_record(changed([key], DELETE))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "Expecting value"),
        ("[]", "not a record"),
        ('{"format": "other"}', "not a record"),
        ('{"format": "sonogaze-bench", "version": "9.0"}', "version '9.0'"),
        ('{"format": NaN}', "NaN is not JSON"),
        (dumps(record_json(RECORD))[:-100], "Expecting|delimiter|Unterminated"),
    ],
)
def test_a_file_that_is_no_record_is_refused(tmp_path, text, match):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(BenchError, match=match) as caught:
        read_record(path)
    assert caught.value.slug == "record-unreadable"


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BenchError, match=r"none\.json"):
        read_record(tmp_path / "none.json")


def test_an_unwritable_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError) as caught:
        write_record(RECORD, tmp_path / "file" / "r.json")
    assert caught.value.slug == "output-unwritable"


def test_no_path_of_this_machine_is_in_a_record():
    text = dumps(record_json(RECORD))
    assert "/work" not in text
    assert "/tmp" not in text


RESULTS = Path(__file__).parents[3] / "docs" / "results"


@pytest.mark.parametrize("name", ["bench-full-zen4", "bench-quick-scalar", "cpus/amd-25-17-avx2"])
def test_committed_records_of_version_1_0_are_still_read_and_rendered(tmp_path, name):
    record = read_record(RESULTS / name)
    assert record.version == "1.0"
    arguments = ["report", str(RESULTS / name / "record.json"), "-o", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "record.json").read_bytes() == (RESULTS / name / "record.json").read_bytes()
    document = json.loads((RESULTS / name / "record.json").read_text())
    added = {"budget": None}
    assert {**record_json(record), "subjects": []} == {**added, **document, "subjects": []}


@pytest.mark.parametrize("path", [("identity",), ("budget",), ("software", "kernel")])
def test_what_version_1_1_added_is_required_of_it_and_not_of_1_0(path):
    document = changed(path, DELETE)
    with pytest.raises(BenchError, match=path[-1]):
        parse_record(document)
    parse_record({**document, "version": "1.0"})


@pytest.mark.parametrize("key", ["parameters", "macs", "activations"])
def test_a_count_may_be_null_and_never_negative(key):
    parse_record(changed(("subjects", 0, key), None))
    with pytest.raises(BenchError, match=f"{key} -1"):
        parse_record(changed(("subjects", 0, key), -1))

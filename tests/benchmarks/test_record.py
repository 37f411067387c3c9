import copy
import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.commands import app
from benchmarks.errors import BenchError
from benchmarks.record.store import check_record, dumps, read_record, write_record
from tests.benchmarks.bench_fakes import fake_record

RECORD = fake_record()


def changed(path, value):
    record = copy.deepcopy(RECORD)
    *parents, last = path
    target = record
    for key in parents:
        target = target[key]
    target[last] = value
    return record


def test_a_record_survives_writing_and_reading(tmp_path):
    write_record(RECORD, tmp_path / "r.json")
    assert read_record(tmp_path / "r.json") == json.loads(json.dumps(RECORD))


def test_raw_values_and_every_process_are_kept(tmp_path):
    write_record(RECORD, tmp_path / "r.json")
    runs = [r for r in read_record(tmp_path / "r.json")["runs"] if "service_ns" in r["result"]]
    assert len(runs) == 15
    assert all(len(run["result"]["service_ns"]) == 200 for run in runs)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "path",
    [("figures", 0, "value"), ("state", "reference_start_ms"), ("runs", 0, "result", "anything")],
)
def test_a_number_that_is_not_finite_never_reaches_the_file(tmp_path, path, bad):
    with pytest.raises(BenchError, match="finite") as caught:
        write_record(changed(path, bad), tmp_path / "r.json")
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
        (("surprise",), 1, r"surprise"),
    ],
)
def test_an_entry_that_breaks_the_schema_is_named(path, value, match):
    with pytest.raises(BenchError, match=match) as caught:
        check_record(changed(path, value))
    assert caught.value.slug == "record-invalid"


@pytest.mark.parametrize("key", [k for k in RECORD if k not in ("format", "version")])
def test_every_section_is_required(key):
    record = {k: v for k, v in RECORD.items() if k != key}
    with pytest.raises(BenchError, match=key):
        check_record(record)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "Expecting value"),
        ("[]", "not a record"),
        ('{"format": "other"}', "not a record"),
        ('{"format": "sonogaze-bench", "version": "9.0"}', "version '9.0'"),
        ('{"format": NaN}', "NaN is not JSON"),
        (dumps(RECORD)[:-100], "Expecting|delimiter|Unterminated"),
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
    text = dumps(RECORD)
    assert "/work" not in text
    assert "/tmp" not in text


RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.mark.parametrize("name", ["bench-full", "bench-quick-scalar", "preprocess"])
def test_committed_records_of_version_1_0_are_still_read_and_rendered(tmp_path, name):
    record = read_record(RESULTS / name)
    assert record["version"] == "1.0"
    arguments = ["report", str(RESULTS / name / "record.json"), "-o", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "record.json").read_text()) == record


@pytest.mark.parametrize("path", [("identity",), ("budget",), ("software", "kernel")])
def test_what_version_1_1_added_is_required_of_it_and_not_of_1_0(path):
    record = copy.deepcopy(RECORD)
    target = record
    for key in path[:-1]:
        target = target[key]
    del target[path[-1]]
    with pytest.raises(BenchError, match=path[-1]):
        check_record(record)
    check_record({**record, "version": "1.0"})


@pytest.mark.parametrize("key", ["parameters", "macs", "activations"])
def test_a_count_may_be_null_and_never_negative(key):
    check_record(changed(("subjects", 0, key), None))
    with pytest.raises(BenchError, match=key):
        check_record(changed(("subjects", 0, key), -1))

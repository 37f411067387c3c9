import copy
import json

import pytest
from bench_fakes import fake_record
from typer.testing import CliRunner

from benchmarks import cli
from benchmarks.errors import BenchError
from benchmarks.record.store import write_record

RUNNER = CliRunner()


def save(record, path):
    write_record(record, path)
    return str(path)


@pytest.fixture
def record(tmp_path):
    return save(fake_record(1), tmp_path / "old.json")


def main(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["sonogaze-bench", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


def test_comparing_like_with_like_that_is_unchanged_exits_0(record, tmp_path):
    new = save(fake_record(2), tmp_path / "new.json")
    result = RUNNER.invoke(cli.app, ["compare", record, new, "--all"])
    assert result.exit_code == 0, result.output
    assert "0 worse, 0 better" in result.output


def test_a_slow_down_exits_1_and_names_the_figure(record, tmp_path):
    new = save(fake_record(2, factor=1.15), tmp_path / "new.json")
    result = RUNNER.invoke(cli.app, ["compare", record, new])
    assert result.exit_code == 1
    assert "student-fp32/sdk|single_stream|threads=1|end_to_end|p50" in result.output


def test_unlike_records_exit_3_with_the_slug(record, tmp_path, monkeypatch, capsys):
    other = copy.deepcopy(fake_record(2))
    other["machine"]["cpu_model"] = "Other CPU"
    new = save(other, tmp_path / "new.json")
    assert main(monkeypatch, "compare", record, new) == 3
    assert "record-unlike" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "code"), [("p99_ms = 100", 0), ("p99_ms = 0.0001", 1)])
def test_a_budget_decides_the_exit_status(record, tmp_path, text, code):
    (tmp_path / "budget.toml").write_text(text)
    result = RUNNER.invoke(cli.app, ["check", record, str(tmp_path / "budget.toml")])
    assert result.exit_code == code, result.output


def test_a_budget_that_makes_no_sense_exits_3_before_anything_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "budget.toml").write_text("p98_ms = 1")
    out = tmp_path / "out"
    code = main(monkeypatch, "run", "-o", str(out), "--budget", str(tmp_path / "budget.toml"))
    assert code == 3
    assert "budget-invalid" in capsys.readouterr().err
    assert not out.exists()


def test_folders_stand_for_the_records_in_them(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save(fake_record(1), tmp_path / name / "record.json")
    result = RUNNER.invoke(cli.app, ["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("text", ["", "[1]", "{}", "NaN", "[" * 100_000, '{"format": "other"}'])
def test_what_is_no_record_exits_3(tmp_path, monkeypatch, capsys, record, text):
    (tmp_path / "odd.json").write_text(text)
    assert main(monkeypatch, "compare", record, str(tmp_path / "odd.json")) == 3
    assert "record-unreadable" in capsys.readouterr().err


def test_messages_with_brackets_are_shown_whole(monkeypatch, capsys):
    def refuse():
        raise BenchError("model-unsupported", "m.onnx: input shape [1, 2, 8, 8]")

    with pytest.raises(SystemExit) as caught:
        cli.guarded(refuse)
    assert caught.value.code == 3
    assert "[1, 2, 8, 8]" in capsys.readouterr().err


def test_reports_are_written_anew_from_a_record(record, tmp_path):
    result = RUNNER.invoke(cli.app, ["report", record, "-o", str(tmp_path / "again")])
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "again/record.json").read_text())["format"] == "sonogaze-bench"
    assert (tmp_path / "again/report.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("made", "budget", "code"),
    [
        ({}, None, 0),
        ({}, "p99_ms = 100", 0),
        ({}, "p99_ms = 0.0001", 1),
        ({"complete": False}, None, 130),
        ({"complete": False}, "p99_ms = 0.0001", 130),
    ],
)
def test_a_run_exits_by_its_budget_and_130_when_interrupted(
    tmp_path, monkeypatch, made, budget, code
):
    monkeypatch.setattr("benchmarks.run.run", lambda *_: fake_record(1, **made))
    arguments = ["run", "--quick", "-o", str(tmp_path / "out")]
    if budget:
        (tmp_path / "budget.toml").write_text(budget)
        arguments += ["--budget", str(tmp_path / "budget.toml")]
    result = RUNNER.invoke(cli.app, arguments)
    assert result.exit_code == code, result.output
    assert (tmp_path / "out/report.html").is_file()
    assert (tmp_path / "out/record.json").is_file()


def test_a_folder_that_cannot_be_made_exits_3_before_anything_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    assert main(monkeypatch, "run", "--quick", "-o", str(tmp_path / "file/out")) == 3
    assert "output-unwritable" in capsys.readouterr().err

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib import metadata

import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks import cli, commands
from benchmarks.compare import compare
from benchmarks.errors import BenchError
from benchmarks.record.jobs import FrameShape
from benchmarks.record.store import read_record, write_record
from benchmarks.record.types import Identity
from tests.benchmarks.fakes import edited, fake_record, fake_runs, with_failure

RUNNER = CliRunner()


def save(record, path):
    write_record(record, path)
    return str(path)


@pytest.fixture
def record(tmp_path):
    return save(fake_record(1), tmp_path / "old.json")


def pretend(monkeypatch, **made):
    """Let a run come to an invented record at once."""

    def run(request, *_):
        return fake_record(1, **{"budget": request.budget, **made})

    monkeypatch.setattr("benchmarks.suites.models.run.run", run)


def main(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["sonogaze-bench", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


def test_comparing_like_with_like_that_is_unchanged_exits_0(record, tmp_path):
    new = save(fake_record(2), tmp_path / "new.json")
    result = RUNNER.invoke(commands.app, ["compare", record, new, "--all"])
    assert result.exit_code == 0, result.output
    assert "0 worse, 0 better" in result.output


def compared(*arguments):
    result = RUNNER.invoke(commands.app, ["compare", *arguments])
    return result.exit_code, result.output.split("note: ")[0].splitlines()


def test_a_slow_down_exits_1_and_names_each_figure_once(record, tmp_path):
    code, lines = compared(record, save(fake_record(2, factor=1.15), tmp_path / "new.json"))
    assert code == 1
    worse = [line for line in lines if line.startswith("worse ")]
    assert any("student-fp32/sdk, whole call, back to back, p50" in line for line in worse)
    assert any("student-fp32/sdk|single_stream|threads=1|preprocess|p50" in line for line in worse)
    counted = re.search(r"compared: (\d+) worse", "\n".join(lines))
    assert len(worse) == int(counted[1])


def test_the_whole_call_of_each_model_comes_first_whatever_its_verdict(record, tmp_path):
    _, lines = compared(record, save(fake_record(2), tmp_path / "new.json"))
    head = r"verdict  after / before \(95 %\) +before -> after +figure"
    assert re.fullmatch(head, lines[0])
    form = r"\w+ +\d\.\d{3} \(\d\.\d{3} to \d\.\d{3}\) +[\d.]+ -> [\d.]+ ms +(\S.*)"
    assert [re.fullmatch(form, line)[1] for line in lines[1:4]] == [
        "student-fp32/sdk, whole call, back to back, p50",
        "teacher-fp32/onnxruntime, whole call, back to back, p50",
        "student-fp32/sdk, whole call, paced, 30 fps, p50",
    ]
    assert " figures compared: 0 worse, 0 better, " in lines[4]
    assert lines[5:] == ["No figure became worse, and the call as a whole is the same."]


def test_all_lists_every_figure_with_the_wider_interval_that_it_is_judged_by(record, tmp_path):
    new = fake_record(2)
    comparison = compare(read_record(tmp_path / "old.json"), new)
    _, lines = compared(record, save(new, tmp_path / "new.json"), "--all")
    for change in comparison.changes:
        (line,) = [line for line in lines if line.split()[-1] == change.id]
        if change.ratio and change.widened.high < 10:
            assert f"({change.ratio.low:.3f} to {change.ratio.high:.3f})" in line
            assert f"  {change.widened.low:.3f} to {change.widened.high:.3f}  " in line
            assert change.widened.low <= change.ratio.low <= change.ratio.high
    told = f"judged by a wider one ({100 * comparison.confidence:.2f} %)"
    assert told in "\n".join(lines)


def test_a_record_against_itself_is_called_that(record):
    assert compared(record, record) == (0, ["the same record twice: nothing to compare"])


def test_unlike_records_exit_3_with_the_slug(record, tmp_path, monkeypatch, capsys):
    other = edited(fake_record(2), lambda d: d["machine"].update(cpu_model="Other CPU"))
    new = save(other, tmp_path / "new.json")
    assert main(monkeypatch, "compare", record, new) == 3
    assert "record-unlike" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "code"), [("p99_ms = 100", 0), ("p99_ms = 0.0001", 1)])
def test_a_budget_decides_the_exit_status(record, tmp_path, text, code):
    (tmp_path / "budget.toml").write_text(text)
    result = RUNNER.invoke(commands.app, ["check", record, str(tmp_path / "budget.toml")])
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
    result = RUNNER.invoke(commands.app, ["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("text", ["", "[1]", "{}", "NaN", "[" * 100_000, '{"format": "other"}'])
def test_what_is_no_record_exits_3(tmp_path, monkeypatch, capsys, record, text):
    (tmp_path / "odd.json").write_text(text)
    assert main(monkeypatch, "compare", record, str(tmp_path / "odd.json")) == 3
    assert "record-unreadable" in capsys.readouterr().err


def test_a_record_that_is_not_there_is_told_in_plain_words(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(monkeypatch, "compare", "nothere", "nothere") == 3
    told = "record-unreadable: nothere: no such file or directory; give a record.json, or the"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "report"])
def test_a_budget_for_a_record_of_the_kernel_alone_exits_3(tmp_path, monkeypatch, capsys, command):
    record = save(replace(fake_record(1), kind="preprocess"), tmp_path / "pixels.json")
    (tmp_path / "budget.toml").write_text('["student-fp32/skd"]\np50_ms = 9')
    given = [str(tmp_path / "budget.toml")]
    given = given if command == "check" else ["--budget", *given, "-o", str(tmp_path / "out")]
    assert main(monkeypatch, command, record, *given) == 3
    assert capsys.readouterr().err.startswith("record-unsuitable: a budget applies to records of")


@pytest.mark.parametrize("command", ["check", "report"])
def test_limits_for_a_misspelt_subject_exit_2_and_write_nothing(
    tmp_path, monkeypatch, capsys, record, command
):
    path = tmp_path / "budget.toml"
    path.write_text('["student-fp32/skd"]\np50_ms = 9')
    out = str(tmp_path / "out")
    given = [str(path)] if command == "check" else ["--budget", str(path), "-o", out]
    assert main(monkeypatch, command, record, *given) == 2
    assert "did you mean 'student-fp32/sdk'?" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_messages_with_brackets_are_shown_whole(monkeypatch, capsys):
    def refuse():
        raise BenchError("model-unsupported", "m.onnx: input shape [1, 2, 8, 8]")

    with pytest.raises(SystemExit) as caught:
        commands.guarded(refuse)
    assert caught.value.code == 3
    assert "[1, 2, 8, 8]" in capsys.readouterr().err


def test_reports_are_written_anew_from_a_record(record, tmp_path):
    result = RUNNER.invoke(commands.app, ["report", record, "-o", str(tmp_path / "again")])
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
    pretend(monkeypatch, **made)
    arguments = ["run", "--quick", "-o", str(tmp_path / "out")]
    if budget:
        (tmp_path / "budget.toml").write_text(budget)
        arguments += ["--budget", str(tmp_path / "budget.toml")]
    result = RUNNER.invoke(commands.app, arguments)
    assert result.exit_code == code, result.output
    assert (tmp_path / "out/report.html").is_file()
    assert (tmp_path / "out/record.json").is_file()


def test_a_folder_that_cannot_be_made_exits_3_before_anything_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    assert main(monkeypatch, "run", "--quick", "-o", str(tmp_path / "file/out")) == 3
    assert "output-unwritable" in capsys.readouterr().err


def test_the_version_is_the_packages():
    result = RUNNER.invoke(commands.app, ["--version"])
    assert (result.exit_code, result.output) == (
        0,
        f"sonogaze-bench {metadata.version('sonogaze')}\n",
    )


@pytest.mark.parametrize("missing", ["typer", "rich", "jinja2", "msgspec"])
def test_a_missing_library_is_named_with_the_extra_that_brings_it(tmp_path, missing, record):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / f"{missing}.py").write_text(
        f"raise ModuleNotFoundError('No module named {missing}', name='{missing}')\n"
    )
    command = [sys.executable, "-m", "benchmarks.cli", "report", record, "-o", str(tmp_path / "o")]
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    told = f"sonogaze-bench: this needs {missing}: pip install 'sonogaze-tools[bench]'\n"
    assert (done.returncode, done.stderr) == (3, told)


def test_a_run_with_a_failed_process_is_reported_whole_and_exits_1(tmp_path, monkeypatch):
    first, *others = fake_runs()
    pretend(monkeypatch, runs=[*with_failure([first], "no such operator"), *others])
    result = RUNNER.invoke(commands.app, ["run", "--quick", "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "no such operator" in (tmp_path / "out/report.md").read_text()


def test_budget_and_serial_can_be_given_to_a_report(record, tmp_path):
    (tmp_path / "budget.toml").write_text("p99_ms = 0.0001")
    out = tmp_path / "again"
    arguments = ["report", record, "-o", str(out), "--budget", str(tmp_path / "budget.toml")]
    result = RUNNER.invoke(commands.app, [*arguments, "--device-serial", "SN-7"])
    assert result.exit_code == 0, result.output
    report = (out / "report.md").read_text()
    assert "Budget not met" in report
    assert "SN-7" in report


def test_another_serial_than_the_one_measured_is_refused(tmp_path, monkeypatch, capsys):
    path = save(fake_record(identity=Identity("SN-1")), tmp_path / "r.json")
    code = main(monkeypatch, "report", path, "-o", str(tmp_path / "o"), "--device-serial", "SN-2")
    assert code == 2
    assert "measured with 'SN-1'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--device-serial", ""],
        ["--device-serial", "a\nb"],
        ["--operator", "x" * 65],
        ["--shape", "1,3"],
        ["--shape", "x=1,-3"],
        ["--shape", "x="],
        ["--shape", "x=0,3"],
        ["--shape", "x=99999,99999,99999"],
        ["--shape", "x=" + "9" * 5000],
        ["--size", "640"],
        ["--size", "640x"],
        ["--size", "63x480"],
        ["--size", "640x8193"],
        ["--size", "8192x4097"],
        ["--size", "640x480x3"],
        ["--size", "-640x480"],
        ["--size", "6\u066640x480"],
        ["--size", "9" * 5000],
    ],
)
def test_an_option_that_makes_no_sense_exits_2_before_anything_runs(
    tmp_path, monkeypatch, capsys, arguments
):
    assert main(monkeypatch, "run", "-o", str(tmp_path / "out"), *arguments) == 2
    error = capsys.readouterr().err
    assert "option-invalid" in error
    assert len(error) < 500
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["preprocess", "--formats", "YUY3"], "GRAY8, GRAY16, RGB24"),
        (["run", "--models", "teachr", "--frames", "FRAMES"], "student-fp32/sdk"),
        (["run", "--models", "student-fp32", "--frames", "FRAMES"], "mean 'student-fp32/sdk'?"),
        (["run", "--budget", "BUDGET", "--frames", "FRAMES"], "mean 'student-fp32/sdk'?"),
        (["run", "--models", "none.onnx", "--frames", "FRAMES"], "no such file"),
        (["compare", "OLD", "OLD", "--despite", "gpu"], "suite, mode, cpu"),
        (["run", "--seed", "-1"], "--seed"),
        (["run", "--seed", "many"], "--seed"),
        (["compare", "OLD"], "Missing argument"),
        (["report", "OLD"], "-o"),
        (["measure"], "measure"),
        (["run", "--fast"], "--fast"),
    ],
)
def test_a_choice_that_is_not_allowed_exits_2_and_says_what_is(
    tmp_path, monkeypatch, capsys, record, arguments, allowed
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").mkdir()
    Image.new("L", (40, 30), 90).save(tmp_path / "frames" / "a.png")
    (tmp_path / "limits.toml").write_text('["student-fp32"]\np50_ms = 9')
    words = {"OLD": record, "FRAMES": str(tmp_path / "frames")}
    words["BUDGET"] = str(tmp_path / "limits.toml")
    assert main(monkeypatch, *(words.get(word, word) for word in arguments)) == 2
    assert allowed in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "size"), [([], (1920, 1080)), (["--size", "640x480"], (640, 480))]
)
def test_the_screens_of_a_run_are_as_large_as_asked_for(tmp_path, monkeypatch, given, size):
    asked = []

    def run(request, *_):
        asked.append(request.screen)
        return fake_record(1)

    monkeypatch.setattr("benchmarks.suites.models.run.run", run)
    result = RUNNER.invoke(commands.app, ["run", "-o", str(tmp_path), *given])
    assert result.exit_code == 0, result.output
    assert asked == [FrameShape(*size, "BGRA32")]


def test_runs_on_screens_of_two_sizes_are_refused_and_both_sizes_told(
    record, tmp_path, monkeypatch, capsys
):
    small = edited(fake_record(2), lambda d: d["input"]["frame"].update(width=640, height=480))
    new = save(small, tmp_path / "new.json")
    assert main(monkeypatch, "compare", record, new) == 3
    told = "frame-format: '1920x1080 BGRA32' against '640x480 BGRA32'"
    assert told in capsys.readouterr().err
    asked = ["compare", record, new, "--despite", "frame-format"]
    assert RUNNER.invoke(commands.app, asked).exit_code == 0


def test_a_run_without_a_folder_takes_the_first_that_holds_no_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pretend(monkeypatch)
    for folder in ("out/bench", "out/bench-2", "out/bench-3"):
        result = RUNNER.invoke(commands.app, ["run", "--quick"])
        assert result.exit_code == 0, result.output
        assert f"record and reports go to {folder}\n" in result.stderr
        assert {p.name for p in (tmp_path / folder).iterdir()} == {
            "record.json",
            "report.md",
            "report.html",
        }


def test_an_earlier_record_in_a_folder_that_was_named_is_kept_and_told(tmp_path, monkeypatch):
    pretend(monkeypatch)
    arguments = ["run", "--quick", "-o", str(tmp_path / "out")]
    RUNNER.invoke(commands.app, arguments)
    first = (tmp_path / "out/record.json").read_bytes()
    pretend(monkeypatch, planned=99)
    result = RUNNER.invoke(commands.app, arguments)
    (earlier,) = (tmp_path / "out").glob("record-*.json")
    assert f"the earlier record is now {earlier}" in result.stderr
    assert earlier.read_bytes() == first != (tmp_path / "out/record.json").read_bytes()


def test_a_report_beside_its_own_record_leaves_the_record_alone(record, tmp_path):
    (tmp_path / "r").mkdir()
    path = tmp_path / "r" / "record.json"
    path.write_bytes(b" " + (tmp_path / "old.json").read_bytes())
    result = RUNNER.invoke(commands.app, ["report", str(path.parent), "-o", str(path.parent)])
    assert result.exit_code == 0, result.output
    assert path.read_bytes().startswith(b" {")
    assert {p.name for p in path.parent.iterdir()} == {"record.json", "report.md", "report.html"}


def test_records_that_differ_are_compared_when_the_difference_is_named(record, tmp_path):
    other = edited(fake_record(2), lambda d: d["software"]["kernel"].update(isa="scalar"))
    new = save(other, tmp_path / "new.json")
    result = RUNNER.invoke(commands.app, ["compare", record, new, "--despite", "kernel"])
    assert result.exit_code == 0, result.output
    assert "compared despite kernel: 'avx2' against 'scalar'" in result.output


def test_a_budgets_lines_are_never_cut(record, tmp_path):
    (tmp_path / "budget.toml").write_text("above_imports_and_frame_mb = 100")
    result = RUNNER.invoke(commands.app, ["check", record, str(tmp_path / "budget.toml")])
    assert "above_imports_and_frame_mb" in result.output
    assert "…" not in result.output

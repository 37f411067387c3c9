import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.errors import BenchError
from benchmarks.record.jobs import Job
from benchmarks.selfcheck import external_tools
from benchmarks.selfcheck.external_tools import Line
from benchmarks.worker_input import WorkerInput
from tests.benchmarks.fakes import fake_record
from tests.sdk.toy_student import toy_student


def completed(stderr="", code=0):
    return subprocess.CompletedProcess([], code, "", stderr)


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.setattr(external_tools.shutil, "which", lambda name: name)
    calls = []

    def answering(answers):
        found = iter(answers)
        monkeypatch.setattr(
            external_tools.subprocess,
            "run",
            lambda command, **_: calls.append(command) or next(found),
        )
        return calls

    return answering


def test_gnu_time_is_read_in_kibibytes_and_the_median_counts(tools):
    peaks = [70_000, 71_000, 72_000, 73_000, 74_000, 75_000, 999_000]
    tools([completed(f"\tMaximum resident set size (kbytes): {kib}\n") for kib in peaks])
    assert external_tools.peak_mb(WorkerInput(Job(task="memory", name="s"))) == pytest.approx(
        73_000 * 1024 / 1e6
    )


def test_cpu_time_is_a_slope_that_start_and_load_drop_out_of(tools):
    start, frame = 200.0, 0.7
    work = {n: f"{start + n * frame:.6f};msec;task-clock;1;100.00;;\n" for n in (100, 1600)}
    calls = tools([completed(work[n]) for n in (100, 1600) for _ in range(external_tools.REPEATS)])
    assert external_tools._slope(external_tools.cpu_ms, ["program"]) == pytest.approx(frame)
    assert calls[0][-2:] == ["program", "100"]
    assert calls[-1][-2:] == ["program", "1600"]


def test_a_counter_that_perf_cannot_read_is_not_available(tools):
    tools([completed("<not supported>;msec;task-clock;0;100.00;;\n")])
    assert external_tools.cpu_ms(["program"]) is None


def test_a_tool_that_fails_is_an_error_with_its_words(tools):
    tools([completed("perf: no permission", 1)])
    with pytest.raises(BenchError, match="no permission") as caught:
        external_tools.cpu_ms(["program"])
    assert caught.value.slug == "tool-failed"


def test_a_missing_tool_is_said_so(monkeypatch):
    monkeypatch.setattr(external_tools.shutil, "which", lambda _: None)
    assert [
        external_tools.peak_mb(WorkerInput(Job(task="memory", name="s"))),
        external_tools.wall_ms([]),
        external_tools.cpu_ms([]),
    ] == [None] * 3
    text = external_tools.table([Line("peak memory", "time -v", "MB", 70.0, None)])
    assert "| 70.0 | not measured | time -v | – |" in text


def test_the_table_shows_both_figures_and_their_ratio():
    text = external_tools.table([Line("cold start", "hyperfine", "ms", 160.0, 176.0)])
    assert "| cold start, ms | 160 | 176 | hyperfine | 1.10 |" in text


def test_the_program_without_a_clock_classifies_and_refuses_a_rejected_frame(tmp_path):
    student, ring = tmp_path / "toy.onnx", tmp_path / "ring.npy"
    student.write_bytes(toy_student())
    y, x = np.mgrid[0:60, 0:80]
    screen = np.repeat((120 + 80 * np.sin(x / 9) * np.cos(y / 7))[..., None], 4, 2)
    command = [
        sys.executable,
        "-m",
        "benchmarks.selfcheck.classify_loop",
        str(student),
        str(ring),
        "3",
    ]
    np.save(ring, screen[None].astype(np.uint8))
    subprocess.run(command, check=True)
    np.save(ring, np.zeros((1, 60, 80, 4), np.uint8))
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode
    assert "rejected" in failed.stderr


def test_a_record_of_other_frames_is_refused(tmp_path, monkeypatch):
    sample = np.full((9, 9), 90, np.uint8)
    monkeypatch.setattr(external_tools, "load_frames", lambda _: toy_frames(sample))
    with pytest.raises(BenchError, match="other frames"):
        external_tools.compared(fake_record(), "s", tmp_path)
    assert json.dumps(Line("a", "b", "c", None, 1.0).ratio) == "null"


def toy_frames(sample):
    from benchmarks.frames import FrameSet

    return FrameSet("folder", "toy", [sample])

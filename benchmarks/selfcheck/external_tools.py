"""The suite's figures beside those of tools that share no line with it.

    python -m benchmarks.selfcheck.external_tools RECORD -o outside.json

GNU time tells peak memory, hyperfine the wall clock, `perf stat` the CPU time. Time and CPU time a
frame are slopes: the difference of a long and a short run of `classify_loop` over the frames
between them, so that start and load drop out. The cold start is its run with one frame.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks.commands import guarded
from benchmarks.errors import BenchError
from benchmarks.frames import load_frames, make_ring
from benchmarks.input_files import Files, write_inputs
from benchmarks.processes import WORKER
from benchmarks.record.build import input_facts, utc_now
from benchmarks.record.json_form import to_json
from benchmarks.record.store import read_record, write
from benchmarks.record.types import Record
from benchmarks.report.text import number
from benchmarks.subjects.catalogue import default_students, student_subjects
from benchmarks.suites.models.plan import QUICK, make_plan
from benchmarks.worker_input import WorkerInput

SHORT, LONG, REPEATS = 100, 1600, 7
_PYTHON = sys.executable
_LOOP = [_PYTHON, "-m", "benchmarks.selfcheck.classify_loop"]


@dataclass(frozen=True)
class Line:
    """One figure by two ways; ``outside`` is the external tool's, None where it is not there."""

    figure: str
    tool: str
    unit: str
    suite: float | None
    outside: float | None

    @property
    def ratio(self) -> float | None:
        """Return external / suite."""
        return None if not self.suite or self.outside is None else self.outside / self.suite


def peak_mb(given: WorkerInput) -> float | None:
    """Return the median peak resident set of a worker in MB, by GNU time; None without it."""
    if shutil.which("/usr/bin/time") is None:
        return None
    command = ["/usr/bin/time", "-v", _PYTHON, "-m", WORKER]
    peaks = []
    for _ in range(REPEATS):
        done = _run(command, json.dumps(to_json(given)))
        match = re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)
        if match is None:
            return None
        peaks.append(int(match[1]) * 1024 / 1e6)
    return median(peaks)


def wall_ms(command: list[str]) -> float | None:
    """Return the median wall-clock time of a command in ms, by hyperfine; None without it."""
    if shutil.which("hyperfine") is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        runs = ["--warmup", "1", "--runs", str(REPEATS)]
        _run(["hyperfine", "-N", *runs, "--export-json", file.name, shlex.join(command)])
        return 1000 * float(json.loads(Path(file.name).read_text())["results"][0]["median"])


def cpu_ms(command: list[str]) -> float | None:
    """Return the median CPU time of a command in ms, by `perf stat`; None where it cannot count."""
    if shutil.which("perf") is None:
        return None
    times = []
    for _ in range(REPEATS):
        done = _run(["perf", "stat", "-x", ";", "-e", "task-clock", *command])
        match = re.search(r"^([\d.]+);(?:msec)?;task-clock", done.stderr, re.MULTILINE)
        if match is None:
            return None
        times.append(float(match[1]))
    return median(times)


def _run(command: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError("tool-failed", f"{command[0]}: {done.stderr.strip()[-300:]}")
    return done


def compared(record: Record, subject: str, folder: Path) -> list[Line]:
    """Return the lines of a subject behind the SDK.

    Raises:
        BenchError: `record-unlike` when the record was measured on other frames;
            `option-invalid` for no such subject; `tool-failed`.
    """
    frames = load_frames(None)
    screens = record.input.frame
    ring = make_ring(frames.samples, screens)
    if input_facts(frames, ring).sha256 != record.input.sha256:
        raise BenchError("record-unlike", "the record is of other frames than the ones found here")
    subjects = {s.name: s for s in student_subjects("student", default_students(), "student")}
    if subject not in subjects:
        raise BenchError("option-invalid", f"--subject {subject!r}: allowed {', '.join(subjects)}")
    one, files = subjects[subject], Files(folder, screens)
    write_inputs(files, ring, frames.samples, [one])
    jobs = [given for given in make_plan([one], files, QUICK) if given.job.task == "memory"]
    memory = {given.job.name: given for given in jobs}
    loop = [*_LOOP, one.path, str(files.ring)]
    single = folder / "one.npy"
    np.save(single, ring[:1])
    suite = _suite_figures(record, subject)
    measured = [
        ("peak memory", "time -v", "MB", peak_mb(memory[subject])),
        ("imports", "time -v", "MB", peak_mb(memory["imports/sdk"])),
        ("cold start", "hyperfine", "ms", wall_ms([*_LOOP, one.path, str(single), "1"])),
        ("CPU time a frame", "perf stat", "ms", _slope(cpu_ms, loop)),
        ("mean time a frame", "hyperfine", "ms", _slope(wall_ms, loop)),
    ]
    return [Line(name, tool, unit, suite[name], value) for name, tool, unit, value in measured]


def _suite_figures(record: Record, subject: str) -> dict[str, float | None]:
    figures = {f.id.removeprefix(f"{subject}|"): f.value for f in record.figures}
    fps = figures.get("single_stream|threads=1|throughput|mean")
    return {
        "peak memory": figures.get("memory|process|peak"),
        "imports": figures.get("memory|process|imports"),
        "cold start": figures.get("cold_start|total|p50"),
        "CPU time a frame": figures.get("single_stream|threads=1|cpu|per_frame"),
        "mean time a frame": 1000 / fps if fps else None,
    }


def _slope(measure: Callable[[list[str]], float | None], loop: list[str]) -> float | None:
    short, long = (measure([*loop, str(queries)]) for queries in (SHORT, LONG))
    return None if short is None or long is None else (long - short) / (LONG - SHORT)


def table(lines: Sequence[Line]) -> str:
    """Return the lines as a Markdown table."""
    rows = [
        "| figure | this suite | external tool | tool | external / suite |",
        "|---|---|---|---|---|",
    ]
    for line in lines:
        values = ["not measured" if v is None else number(v) for v in (line.suite, line.outside)]
        ratio = "–" if line.ratio is None else f"{line.ratio:.2f}"
        rows.append(
            f"| {line.figure}, {line.unit} | {values[0]} | {values[1]} | {line.tool} | {ratio} |"
        )
    return "\n".join(rows)


def main(
    record: Annotated[Path, typer.Argument(help="Folder or record.json of a run on this machine")],
    out: Annotated[Path, typer.Option("-o", "--out", help="JSON file to write.")],
    subject: Annotated[str, typer.Option(help="A student behind the SDK.")] = "student-fp32/sdk",
) -> None:
    """Measure by external tools and print both figures side by side."""
    console = Console()
    with (
        tempfile.TemporaryDirectory(prefix="sonogaze-outside-") as name,
        Console(stderr=True).status("time, hyperfine, perf: about two minutes"),
    ):
        lines = compared(read_record(record), subject, Path(name))
    document = {
        "format": "sonogaze-outside/1",
        "created_utc": utc_now(),
        "subject": subject,
        "lines": [{**asdict(line), "ratio": line.ratio} for line in lines],
    }
    write(out, json.dumps(document, indent=1, allow_nan=False) + "\n")
    console.print(table(lines), highlight=False, soft_wrap=True, markup=False)


if __name__ == "__main__":
    guarded(lambda: typer.run(main))

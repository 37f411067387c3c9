"""Each tutorial runs from its first line to its last, and prints what it shows."""

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from benchmarks.record.store import write_record
from tests.benchmarks.fakes import SUBJECTS, fake_record, fake_runs
from tests.docs.output import matches

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
TOML = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```(console|python|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# gates that a tree with changes, or another CPU's rounding, may fail as well
FRAGILE = ("sources", "teacher-gap", "int8-loss")


class Reader:
    """Somebody who types what a page shows, in an empty folder."""

    def __init__(self, folder: Path, numbers: bool = True) -> None:
        self.folder = folder
        self.numbers = numbers  # whether what is printed has the numbers that a page shows
        self.names: dict[str, object] = {}
        self.typed = ""  # settings of the shell, which later commands need
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        # a kernel that is forced from outside would be another than the page shows
        self.environment = os.environ | {"PATH": path, "SONOGAZE_ISA": "auto"}
        self.environment.pop("SONOGAZE_DATA", None)

    def console(self, block: str) -> None:
        """Type each command of a block, and look at what it prints."""
        assert block.startswith("$ "), block
        for part in block.replace("\\\n", "")[2:].split("\n$ "):
            command, _, shown = part.partition("\n")
            printed = self._run(_adapted(command))
            if re.match(r"export |[A-Z]+=\S+$|[A-Z]+=\"", command):
                self.typed += f"{command}\n"
            pair = (shown, printed) if self.numbers else (_numberless(shown), _numberless(printed))
            assert matches(*pair), f"$ {command}\n{printed}"

    def _run(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", f"{self.typed}set -o pipefail\n{command}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        return re.sub("'(avx512|neon)'", "'avx2'", done.stdout)  # the page shows one of them

    def python(self, block: str) -> str:
        """Run a block of Python after those before it."""
        output = io.StringIO()
        with redirect_stdout(output):
            exec(block, self.names)
        return output.getvalue()


def _adapted(command: str) -> str:
    if "--waive-gate" in command:
        command += "".join(f' --waive-gate {gate}="$WHY"' for gate in FRAGILE)
    return command


def _numberless(text: str) -> str:
    return re.sub(r"\d+([.,]\d+)*", "0", text)


def _prepare_runs(page: str, folder: Path) -> None:
    """Put invented records and the page's budget where its two runs of minutes would be.

    Their headline has the verdicts that the page shows.
    """
    for name, seed, factor in (("before", 6, 0.4), ("after", 4, 0.4)):
        runs = [
            run
            for run in fake_runs(seed, factor)
            if run.job.name in ("student-fp32/sdk", "imports/sdk")
        ]
        write_record(fake_record(runs=runs, subjects=SUBJECTS[:1]), folder / name / "record.json")
    (folder / "budget.toml").write_text(TOML.findall(page)[0], encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_does_what_it_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs_stand_in = page.stem == "compare-two-runs"
    text = page.read_text(encoding="utf-8")
    if runs_stand_in:
        _prepare_runs(text, tmp_path)
    reader, output = Reader(tmp_path, numbers=not runs_stand_in), None
    for kind, block in BLOCK.findall(text):
        if kind == "console":
            reader.console(block)
        elif kind == "python":
            assert not output, f"{page.name} doesn't show what a block prints: {output}"
            output = reader.python(block)
        elif output is not None:
            assert matches(block, output), output
        output = output if kind == "python" else None
    assert not output


def test_results_that_hold_an_error_are_read_as_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = {"path": "a.png", "result": {"label": "femur", "decision": "accept"}}
    error = {"path": "b.png", "error": {"slug": "source-truncated", "message": "ends early"}}
    lines = "".join(json.dumps(line) + "\n" for line in (frame, error, frame))
    (tmp_path / "results.jsonl").write_text(lines)
    page = (ROOT / "docs" / "tutorials" / "classify-a-clip.md").read_text(encoding="utf-8")
    blocks = [block for kind, block in BLOCK.findall(page) if kind == "python"]
    (block,) = [block for block in blocks if "results.jsonl" in block]
    assert Reader(tmp_path).python(block) == "Counter({'femur': 2})\nb.png source-truncated\n"


def test_runs_that_are_not_alike_are_refused_and_compared_as_the_benchmarking_page_shows(tmp_path):
    page = (ROOT / "docs" / "benchmarking.md").read_text(encoding="utf-8")
    section = page.split("### Runs that are not alike\n")[1].split("\n### ")[0]
    (block,) = [block for kind, block in BLOCK.findall(section) if kind == "console"]
    Reader(tmp_path).console(block)


def test_there_are_four_tutorials():
    assert len(PAGES) == 4

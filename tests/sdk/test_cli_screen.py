"""What `sonogaze` shows a person: a table of a student, a bar of what is done, words of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

import sdk
from sdk.cli.app import app
from sdk.cli.info import print_description


def described(description: dict[str, object], width: int = 70) -> list[str]:
    console = Console(width=width, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    print_description(description, console)
    console.file.close()
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_what_has_parts_is_indented_below_its_name() -> None:
    lines = described(
        {
            "student_id": "toy",
            "calibration": {"temperature": 1.5, "abstain_below": {"head": 0.5, "femur": 0.75}},
            "labels": ["head", "femur"],
            "provenance": {"made_by": {}, "data": [{"name": "a", "frames": 3}, {"name": "b"}]},
        }
    )
    assert lines == [
        "student id   toy",
        "calibration  temperature: 1.5",
        "             abstain_below:",
        "               head: 0.5",
        "               femur: 0.75",
        "labels       head, femur",
        "provenance   made_by: none",
        "             data:",
        "               - name: a",
        "                 frames: 3",
        "               - name: b",
        "Verified: bytes unchanged, known answers right on this machine.",
    ]


def test_a_long_name_keeps_its_line_and_a_long_value_folds() -> None:
    lines = described({"known_answers": "x" * 70}, width=40)
    assert lines[:3] == ["known answers  " + "x" * 25, " " * 15 + "x" * 25, " " * 15 + "x" * 20]


def test_brackets_are_printed_as_they_are() -> None:
    assert described({"labels": ["[bold]head[/bold]"]})[0] == "labels  [bold]head[/bold]"


def test_version_is_printed_and_nothing_else() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"sonogaze {sdk.__version__}\n")


@pytest.mark.parametrize("words", [["info"], ["classify", "a.png", "--model"]])
def test_a_student_that_cannot_be_read_is_one_line_without_markup(
    words: list[str], tmp_path: Path
) -> None:
    done = CliRunner().invoke(app, [*words, str(tmp_path / "[red]none[/red].onnx")])
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("model-")
    assert "[red]none[/red].onnx" in line
    assert done.stdout == ""


def test_help_offers_no_shell_completion_and_both_commands() -> None:
    done = CliRunner().invoke(app, ["--help"])
    assert "completion" not in done.output
    assert all(word in done.output for word in ("classify", "info", "--version"))


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == sys.argv[1] or name.endswith(f"cli.{sys.argv[1]}"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import sdk.cli
sdk.cli.main()
"""


@pytest.mark.parametrize("missing", ["rich", "typer"])
def test_a_missing_part_of_the_extra_is_named(missing: str) -> None:
    command = [sys.executable, "-c", WITHOUT, missing]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"sonogaze: the command needs {missing}: pip install 'sonogaze[cli]'\n"


def test_a_missing_module_of_anything_else_is_no_missing_extra() -> None:
    command = [sys.executable, "-c", WITHOUT, "info"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "the command needs" not in done.stderr
    assert "ModuleNotFoundError" in done.stderr


def test_what_cannot_be_saved_is_one_line_without_colours(toy_path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    table = tmp_path / "file" / f"{'long' * 25} 1.csv"
    words = ["classify", "--model", str(toy_path), "--csv", str(table), "none.png"]
    done = CliRunner().invoke(app, words, env={"FORCE_COLOR": "1"})
    assert done.exit_code == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("sonogaze: results cannot be saved: Not a directory: ")
    assert "\x1b" not in line


def test_a_bar_on_the_screen_tells_which_file_and_how_many_frames(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((60, 80), 9 * k, np.uint8)) for k in range(3)]
    # in brackets, since markup would eat them
    frames[0].save(tmp_path / "[red]clip.tif", save_all=True, append_images=frames[1:])
    master, screen = pty.openpty()
    words = ["classify", "none.png", str(tmp_path / "[red]clip.tif")]
    process = subprocess.Popen(
        [sys.executable, "-m", "sdk.cli", *words],
        stdout=subprocess.DEVNULL,
        stderr=screen,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(screen)
    read = b""
    with suppress(OSError):  # how a terminal ends whose last writer has gone
        while piece := os.read(master, 1 << 16):
            read += piece
    process.wait()
    os.close(master)
    shown = read.decode()
    assert "2 of 2: [red]clip.tif" in shown
    assert "3/3" in shown
    assert shown.endswith("\x1b[1A\x1b[2K"), "the line of the bar is erased at the end"

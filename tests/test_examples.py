"""Every example runs as its first lines say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

import sdk
from examples._sheet import Outcome, Shown, tile
from export.data.dataset import find_data_root
from sdk.preprocess import Preprocessing
from tests.cpp_ext.presets import require
from tests.privacy.watched import watch

EXAMPLES = Path(__file__).parents[1] / "examples"


def _run(name: str, *arguments: str, cwd: Path = EXAMPLES.parent, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": str(EXAMPLES.parent)} | environment,
        cwd=cwd,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def _run_watched(folder: Path, name: str, *arguments: str, **environment: str) -> str:
    """Run an example in `folder`/work, under strace where the second tier has it.

    What takes seconds runs once: whether it works and whether it calls anybody are asked together.
    """
    if os.environ.get("SONOGAZE_SECOND_TIER") != "1" and shutil.which("strace") is None:
        (folder / "work").mkdir()
        return _run(name, *arguments, cwd=folder / "work", **environment)
    require("strace")
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    seen = watch(command, folder, **environment, PYTHONPATH=str(EXAMPLES.parent))
    assert seen.calls == []
    assert seen.outside(folder / "work", folder / "tmp") == set()
    for own in ("home", "tmp"):
        assert list((folder / own).iterdir()) == [], own
    return seen.output


def test_every_example_is_tested():
    tested = {"classify_frame.py", "capture_loop.py", "stream.py", "demo.py", "export_student.py"}
    tested.add("archive.py")  # in test_archive.py
    assert {path.name for path in EXAMPLES.glob("[!_]*.py")} == tested


def test_classify_frame_tells_label_and_confidence():
    assert _run("classify_frame.py").startswith("head (")


def test_the_capture_loop_answers_every_frame():
    assert len(_run("capture_loop.py", "0.2").splitlines()) == 6


def test_the_stream_answers_or_counts_every_frame():
    *answers, counted, _ = _run("stream.py", "0.4").splitlines()
    answered, dropped = map(int, re.findall(r"(\d+) (?:answered|dropped)", counted))
    assert answered + dropped == 12
    assert len(answers) == answered


@pytest.mark.parametrize("with_data", [True, False])
def test_the_demo_ends_in_a_sheet_with_title_and_credit(tmp_path, with_data):
    if with_data and find_data_root() is None:
        pytest.skip("no data set is here")
    # an empty folder named by SONOGAZE_DATA hides the data set
    (tmp_path / "empty").mkdir()
    environment = {} if with_data else {"SONOGAZE_DATA": str(tmp_path / "empty")}
    output = _run_watched(tmp_path, "demo.py", "-o", "out", **environment)
    with Image.open(tmp_path / "work" / "out" / "demo.png") as sheet:
        assert sheet.info["Title"].startswith("sonogaze")
        assert ("CC BY 4.0" in sheet.info["Copyright"]) == with_data
        assert "pydicom" in sheet.info["Copyright"]
        assert sheet.width >= 800
    assert ("no fetal frame is shown" in output) != with_data
    counted = re.search(r"(\d+) right, (\d+) withheld, (\d+) wrong", output)
    right, withheld, _ = (int(number) for number in counted.groups())
    assert right > 0
    assert withheld > 0


@pytest.mark.parametrize(
    ("label", "truth", "outcome"),
    [
        ("head", "head", Outcome.RIGHT),
        ("femur", "head", Outcome.WRONG),
        ("femur", "none of them", Outcome.WRONG),
        (None, "head", Outcome.WITHHELD),
        (None, "none of them", Outcome.WITHHELD),
    ],
)
def test_a_tile_says_in_colour_whether_its_answer_is_right_withheld_or_wrong(label, truth, outcome):
    frame = sdk.Frame.from_array(np.zeros((8, 8), np.uint8))
    timing = sdk.result.Timing(0, 0, 0, 0, 0)
    result = sdk.Result(None, label, 0.9, None, ("low-confidence",), None, timing, "")
    shown = Shown("", "", truth, frame, "")
    assert shown.outcome(result) is outcome
    picture = tile(shown, result, Preprocessing(width=192, height=144))
    assert picture.getpixel((0, 0)) == ImageColor.getrgb(outcome.colour)


def test_a_student_of_ones_own_is_exported_and_classifies(tmp_path):
    printed = _run_watched(tmp_path, "export_student.py", "mine")
    assert printed.startswith("smoke-")
    assert (tmp_path / "work/mine/release/smoke-int8.onnx").stat().st_size > 1000

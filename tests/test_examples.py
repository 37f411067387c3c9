"""Every example runs as its first lines say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"


def _run(name: str, *arguments: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | environment,
        cwd=EXAMPLES.parent,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_example_is_tested():
    tested = {"classify_frame.py", "capture_loop.py", "demo.py", "export_student.py"}
    assert {path.name for path in EXAMPLES.glob("*.py")} == tested


def test_classify_frame_tells_label_and_confidence():
    assert "%" in _run("classify_frame.py")


def test_the_capture_loop_answers_every_frame():
    assert len(_run("capture_loop.py", "0.2").splitlines()) == 6


@pytest.mark.parametrize("with_data", [True, False])
def test_the_demo_ends_in_a_contact_sheet(tmp_path, with_data):
    # an empty folder named by SONOGAZE_DATA hides the data set
    environment = {} if with_data else {"SONOGAZE_DATA": str(tmp_path)}
    said = _run("demo.py", "-o", str(tmp_path / "out"), **environment)
    with Image.open(tmp_path / "out" / "demo.png") as sheet:
        assert sheet.width == 1440
        assert sheet.height >= 400
    if not with_data:
        assert "no fetal frame is shown" in said


def test_a_student_of_ones_own_is_exported_and_classifies(tmp_path):
    said = _run("export_student.py", str(tmp_path / "mine"))
    assert said.startswith("smoke-")
    assert (tmp_path / "mine" / "release" / "default-int8.onnx").stat().st_size > 1000

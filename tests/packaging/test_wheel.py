"""The built wheel works in an empty environment, without the training side's dependencies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import sdk

ROOT = Path(__file__).parents[2]
CLASSIFY = "import sdk, numpy as np; print(sdk.classify(np.zeros((600,800),'uint8')))"


def command(*words: object, cwd: Path) -> str:
    # an editable checkout on the path would hide what the wheel lacks
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, env=clean
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "-C", f"build-dir={folder}/build"]
    command(sys.executable, "-m", "pip", "wheel", *options, "-w", folder, ROOT, cwd=folder)
    (built,) = folder.glob("sonogaze-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel, numpy and onnxruntime, and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    constraints = ["-c", ROOT / "constraints.txt"]
    command(python, "-m", "pip", "install", "--quiet", *constraints, wheel, cwd=folder)
    return python


def test_the_wheel_holds_the_student_its_credits_and_the_extension(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "sdk/models/default-fp32.onnx" in names
    assert "sdk/models/default-int8.onnx" in names
    assert "sdk/models/ATTRIBUTION.md" in names
    assert any(name.startswith("sdk/_kernels.") and name.endswith(".so") for name in names)
    assert "sdk/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "examples/", "cpp_ext/")) for name in names)


def test_a_frame_is_classified_in_an_empty_environment(installed: Path, tmp_path: Path) -> None:
    assert command(installed, "-c", CLASSIFY, cwd=tmp_path).startswith("Result(decision='reject'")


def test_the_empty_environment_has_no_torch_and_needs_none(installed: Path, tmp_path: Path) -> None:
    names = {
        line.split("==")[0].lower()
        for line in command(installed, "-m", "pip", "freeze", cwd=tmp_path).splitlines()
    }
    assert not names & {"torch", "onnx", "pillow", "pydicom", "typer"}
    assert {"numpy", "onnxruntime"} <= names


def test_the_command_says_what_it_needs(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [installed.with_name("sonogaze"), "info"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "pip install 'sonogaze[cli]'" in done.stderr


@pytest.mark.parametrize("words", [[], ["--help"], ["teacher"], ["release", "--json"]])
@pytest.mark.parametrize("way", ["script", "module"])
def test_training_without_its_extra_is_one_line_that_names_it(
    installed: Path, tmp_path: Path, way: str, words: list[str]
) -> None:
    begin = [installed.with_name("sonogaze-export")]
    if way == "module":
        begin = [installed, "-m", "export.cli"]
    done = subprocess.run([*begin, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(
        r"sonogaze-export: the command needs \w+: pip install 'sonogaze\[train\]'", line
    )


def test_the_version_is_told_without_any_extra(installed: Path, tmp_path: Path) -> None:
    told = command(installed.with_name("sonogaze-export"), "--version", cwd=tmp_path)
    assert told == f"sonogaze-export {sdk.__version__}\n"

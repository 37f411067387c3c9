"""The code of docs/integrating.md runs as it stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pydicom.data
import pytest

import sdk
from sdk.errors import SLUGS
from sdk.model_file.known_answers import pattern_frame
from sdk.quality import SCREEN_WITHOUT_REGION

PAGE = (Path(__file__).parents[2] / "docs" / "integrating.md").read_text()
REAL = Path(pydicom.data.__file__).parent / "test_files"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_runs(
    toy_as_default: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    shutil.copy(toy_as_default / "default-fp32.onnx", "student.onnx")
    cine = pydicom.dcmread(REAL / "examples_ybr_color.dcm")
    del cine.SequenceOfUltrasoundRegions  # which reach beyond the frame
    cine.save_as("cine.dcm")
    names = {
        "sdk": sdk,
        "frame": sdk.Frame.from_array(pattern_frame("ring", 640, 480)),
        "bgr": np.zeros((480, 640, 3), np.uint8),
        "buffer": np.random.default_rng(0).bytes(1080 * 7680),
        "video": [sdk.Frame.from_array(pattern_frame("ring", 640, 480))],
        "log": lambda *words: None,
    }
    assert len(BLOCKS) == 7
    for block in BLOCKS:
        exec(block, names)
    assert capsys.readouterr().out.count("Result(decision=") == 30


def test_every_reason_is_explained() -> None:
    quality = (Path(sdk.__file__).parent / "quality.py").read_text()
    reasons = set(re.findall(r'\("([a-z-]+)",\)', quality)) | {
        "low-confidence",
        SCREEN_WITHOUT_REGION,
    }
    assert len(reasons) == 8
    assert all(f"| `{reason}` |" in PAGE for reason in reasons)


def test_error_slugs_on_the_page_exist() -> None:
    page = (Path(__file__).parents[2] / "docs" / "model-file.md").read_text()
    for slug in re.findall(r"\(`((?:model|known)-[a-z-]+)`\)", page):
        assert slug in SLUGS

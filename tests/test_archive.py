"""The example of archives: each clip one whole outcome, resumed where it stopped, on two workers.

Ray is 100 MB with what it needs and no dependency of ours, so the last test runs where
`pip install 'ray[data]'` was run; the worker itself is tested everywhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples.archive import ClipWorker, outcome_file
from sdk.model_file.known_answers import pattern_frame
from tests.sdk.toy_student import toy_student

ROOT = Path(__file__).parents[1]


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Six animations of 3 to 8 frames, one black picture, and one file that is none."""
    folder = tmp_path / "clips"
    folder.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "toy.onnx").write_bytes(toy_student("fp32"))
    ring = pattern_frame("ring", 64, 48)
    for count in range(3, 9):
        pages = [Image.fromarray(np.roll(ring, i, axis=1)) for i in range(count)]
        pages[0].save(folder / f"{count}.png", save_all=True, append_images=pages[1:], duration=40)
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(folder / "black.png")
    (folder / "bad.bin").write_bytes(b"no clip")
    return sorted(folder.iterdir())


def test_a_worker_leaves_one_whole_outcome_a_clip_errors_too(
    clips: list[Path], tmp_path: Path
) -> None:
    worker = ClipWorker(str(tmp_path / "out"), str(tmp_path / "toy.onnx"))
    outcomes = {}
    for clip in clips:
        worker({"clip": str(clip)})
        told = outcome_file(tmp_path / "out", str(clip))
        outcomes[clip.name] = json.loads(told.read_text())
    assert len(list((tmp_path / "out").iterdir())) == len(clips)
    assert {name: told["frames"] for name, told in outcomes.items()} == {
        "3.png": 3, "4.png": 4, "5.png": 5, "6.png": 6, "7.png": 7, "8.png": 8,
        "bad.bin": 0, "black.png": 1,
    }  # fmt: skip
    assert outcomes["bad.bin"]["error"] == "source-unknown-kind"
    assert outcomes["black.png"]["answers"] == {"reject": 1}
    assert all(sum(told["answers"].values()) == told["frames"] for told in outcomes.values())


def test_a_clip_that_has_changed_has_another_outcome(clips: list[Path], tmp_path: Path) -> None:
    before = outcome_file(tmp_path, str(clips[0]))
    assert outcome_file(tmp_path, str(clips[0])) == before
    os.utime(clips[0], (1, 1))
    assert outcome_file(tmp_path, str(clips[0])) != before


def test_an_archive_on_two_workers_adds_up_and_resumes(clips: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("ray.data", reason="pip install 'ray[data]'")
    environment = os.environ | {
        "ARCHIVE_MODEL": str(tmp_path / "toy.onnx"),
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    command = [sys.executable, str(ROOT / "examples" / "archive.py"), str(clips[0].parent)]
    command += [str(tmp_path / "out"), "2"]

    def run() -> list[str]:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, check=False, env=environment
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()[-4:]

    first = run()
    assert first[0] == "8 clips: 7 answered, 1 failed"
    assert first[1] == "8 of them now, by 2 workers in all"
    assert first[2].startswith("34 frames: ")
    assert first[3] == "failed: {'source-unknown-kind': 1}"
    gone = outcome_file(tmp_path / "out", str(clips[0]))
    gone.unlink()  # as if the run had been killed before it
    again = run()
    assert again[1].startswith("1 of them now, by ")
    assert [again[0], *again[2:]] == [first[0], *first[2:]]

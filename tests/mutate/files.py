"""Damaged real files: those of pydicom's wheel, clips written here, and the clips at hand.

python -m tests.mutate.files 20 --out docs/results/mutated-files.json
"""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import pydicom.data

from tests.sdk.video_files import pictures, written

from .driver import measure
from .images import changed

ROOT = Path(__file__).parents[2]
_CLIPS = ROOT.parent / "shared" / "data" / "video"
_WRITTEN = (
    ("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mov", "mp4v"), ("a.mkv", "FFV1"),
)  # fmt: skip
# names of MP4's boxes, and start codes of MPEG: numbers stand behind them
_MARKS = re.compile(
    rb"moov|mvhd|trak|tkhd|mdhd|hdlr|stsd|stts|stsc|stsz|stco|avcC|esds|mdat|"
    rb"\x00\x00\x01[\xb3\xb5\xb8\xba\xbb\xe0]"
)


def seeds() -> dict[str, list[bytes]]:
    """Whole files: `dicom`, `written`, and `clip` where clips are at hand."""
    wheel = Path(pydicom.data.__file__).parent
    files = sorted(p for p in wheel.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc"))
    with tempfile.TemporaryDirectory() as folder:
        frames = [cv2.merge([picture] * 3) for picture in pictures(4)]
        made = [written(Path(folder) / name, fourcc, frames) for name, fourcc in _WRITTEN]
    found = {"dicom": [path.read_bytes() for path in files], "written": made}
    if _CLIPS.is_dir():
        clips = sorted(path for path in _CLIPS.iterdir() if path.is_file())
        found["clip"] = [path.read_bytes() for path in clips]
    return found


def mutated(each: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield every file damaged so many times; the same for the same seed."""
    chance = random.Random(seed)
    for family, files in seeds().items():
        for number, data in enumerate(files):
            for turn in range(each):
                yield f"{family} {seed}:{number}:{turn}", _damaged(data, files, chance)


def _damaged(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return data[: chance.randrange(len(data) + 1)]
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        marks = [mark.end() for mark in _MARKS.finditer(data)]
        if marks and chance.random() < 0.6:
            at = min(len(data) - 1, max(0, chance.choice(marks) + chance.randrange(-8, 24)))
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        else:
            data = changed(data, "", others, chance)
    return data


if __name__ == "__main__":
    measure("files", __doc__, mutated)

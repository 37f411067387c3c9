"""Every file of pydicom's wheel, and every clip at hand, ends in frames or a typed error."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import pydicom.data
import pytest

from sdk import SourceError, sources

ROOT = Path(__file__).parents[2]
DICOM = Path(pydicom.data.__file__).parent
_FRAMES = 40
CLIPS = ROOT.parent / "shared" / "data" / "video"
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")


def outcome(path: Path) -> SourceError | int:
    try:
        return sum(1 for _ in sources.open(path))
    except SourceError as error:
        return error


def test_every_file_of_pydicoms_wheel_ends_in_frames_or_a_typed_error() -> None:
    files = sorted(path for path in DICOM.rglob("*") if path.is_file() and path.suffix != ".py")
    outcomes = {path: outcome(path) for path in files}
    errors = {p: error for p, error in outcomes.items() if isinstance(error, SourceError)}
    assert all(path.name in str(error) for path, error in errors.items())
    assert all("dependency" not in error.slug for error in errors.values()), "all extras are here"
    assert all(error.slug != "source-decoder-crashed" for error in errors.values())
    counts = [count for count in outcomes.values() if isinstance(count, int)]
    assert min(counts) > 0
    assert len(counts) > 40


@pytest.mark.skipif(not CLIPS.is_dir(), reason="the clips of ../shared/data/video are not here")
@pytest.mark.parametrize("path", sorted(CLIPS.glob("*")), ids=lambda path: path.name)
def test_every_clip_at_hand_is_read(path: Path) -> None:
    last, rises = -1, True
    for frame, info in islice(sources.open(path), _FRAMES):
        assert frame.width * frame.height > 0
        if info.kind == "video":
            assert info.timestamp_us is not None
            rises = rises and info.timestamp_us > last
            last = info.timestamp_us
            assert info.color_origin in ("file", "assumed")
    assert rises
    assert info.frame_count is None or info.index < info.frame_count


def test_the_pages_code_for_callbacks_runs() -> None:
    (block,) = [b for b in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "callback()" in b]
    names: dict[str, object] = {"sdk": __import__("sdk.sources")}
    exec(block, names)
    assert names["info"].kind == "callback"  # type: ignore[attr-defined]


def test_the_pages_description_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "dump.json").write_text(text)
    (tmp_path / "dump.raw").write_bytes(bytes(2048 * 1080 * 3 // 2))
    ((frame, info),) = sources.open(tmp_path / "dump.json")
    assert (frame.width, info.color, info.region_origin) == (1920, "bt709-limited", "file")

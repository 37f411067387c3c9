"""EyeLink ASC files (as ``edf2asc`` writes them), parsed by MNE-Python, the extra ``gaze``."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.readers.text import read_text
from export.gaze.samples import Eye, GazeSamples, combine_eyes, from_points

_COORDS = re.compile(
    r"^MSG\s+\d+\s+(?:DISPLAY_COORDS|GAZE_COORDS)\s*=?((?:\s+-?\d+(?:\.\d+)?){4})", re.M
)
_SAMPLE = re.compile(r"^(\d+(?:\.\d+)?)\s", re.M)
_LAYOUT = re.compile(r"^SAMPLES\s+(\w+)", re.M)


def read_eyelink(path: str | Path, display: Display) -> GazeSamples:
    """Read an ASC file; both eyes are combined, times between recording blocks left out.

    Timestamps keep the tracker's clock (milliseconds there, microseconds here), which the file's
    own messages use, so that a message can give the offset between clocks.

    Args:
        path: The file.
        display: Checked against the display coordinates where the file names them.

    Raises:
        GazeError: The file is not usable, or MNE-Python is not installed (``gaze-library``).
    """
    text = read_text(path)
    recorded_us = _check(path, text, display)
    raw = _parse(path)
    names = set(raw.ch_names)
    eyes = [_eye(raw, side) for side in ("left", "right") if f"xpos_{side}" in names]
    if not eyes:
        raise GazeError("gaze-columns", f"{path} holds no gaze position; it has {sorted(names)}")
    gaze = eyes[0] if len(eyes) == 1 else combine_eyes(*eyes)
    times = recorded_us[0] + np.round(np.asarray(raw.times) * 1e6).astype(np.int64)
    kept = np.isin(times, recorded_us)  # the library fills the time between blocks
    return from_points(times[kept], gaze.x[kept], gaze.y[kept], gaze.valid[kept])


def _check(path: str | Path, text: str, display: Display) -> NDArray[np.int64]:
    """Return the recorded samples' times in us, having checked what the library would not."""
    for layout in _LAYOUT.findall(text):
        if layout != "GAZE":
            raise GazeError(
                "gaze-columns",
                f"{path} holds {layout} samples; convert with gaze positions (edf2asc -sg)",
            )
    times = np.array(_SAMPLE.findall(text), dtype=np.float64)
    if len(times) == 0:
        raise GazeError(
            "gaze-file-empty", f"{path} holds no sample; convert with samples (edf2asc without -e)"
        )
    for found in _COORDS.findall(text):
        left, top, right, bottom = (float(word) for word in found.split())
        size = round(right - left + 1), round(bottom - top + 1)
        if size != (display.width_px, display.height_px):
            raise GazeError(
                "gaze-display",
                f"{path} was recorded on {size[0]}x{size[1]} pixels, the display given has "
                f"{display.width_px}x{display.height_px}; give the display that was recorded",
            )
    if np.any(np.diff(times) <= 0):
        at = int(np.argmax(np.diff(times) <= 0))
        raise GazeError(
            "gaze-time",
            f"{path}: sample time {times[at + 1]:g} ms follows {times[at]:g} ms; times must rise",
        )
    return np.round(times * 1000.0).astype(np.int64)


def _parse(path: str | Path) -> Any:
    try:
        from mne.io import read_raw_eyelink  # type: ignore[import-untyped]
    except ImportError as error:
        raise GazeError(
            "gaze-library",
            f"reading EyeLink ASC needs MNE-Python and pandas: pip install 'sonogaze[gaze]' "
            f"({error})",
        ) from error
    try:
        with warnings.catch_warnings():  # it warns of its own dependencies, not of the file
            warnings.simplefilter("ignore", DeprecationWarning)
            return read_raw_eyelink(Path(path), create_annotations=False, verbose="ERROR")
    except Exception as error:  # the library documents none: whatever it raises, the file is bad
        raise GazeError(
            "gaze-library", f"MNE-Python cannot read {path}: {type(error).__name__}: {error}"
        ) from error


def _eye(raw: Any, side: str) -> Eye:
    x, y = raw.get_data(picks=[f"xpos_{side}", f"ypos_{side}"])
    return Eye(x, y, np.isfinite(x) & np.isfinite(y))

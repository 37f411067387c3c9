"""What a caller asks of a source's frames beside the frames: region, colour, rate."""

from __future__ import annotations

import math
from typing import NamedTuple

from .. import _frame_checks
from .._shown import shown
from ..errors import FrameError, SourceError
from ..frame import Region

AUTO = "auto"
"""In place of a region: find it."""
MAX_FPS = 1000.0
"""Highest rate of frames, in frames a second."""


class Wanted(NamedTuple):
    """How to read a source; see `sdk.sources.open`."""

    region: Region | None = None
    color: str | None = None
    fps: float | None = None
    find_region: bool = False


def wanted(region: object, color: object, fps: object) -> Wanted:
    """Check what a caller asks.

    Raises:
        FrameError: `region-invalid` or `color-unknown`.
        SourceError: `source-option` for a rate that is none.
    """
    find = isinstance(region, str) and region == AUTO
    if not (find or region is None or isinstance(region, Region)):
        raise FrameError(
            "region-invalid",
            f"region is {shown(region)}, it must be Region.rectangle(...), Region.sector(...) or "
            f"{AUTO!r}",
        )
    if color is not None and (not isinstance(color, str) or color not in _frame_checks.COLORS):
        raise FrameError(
            "color-unknown",
            f"color is {shown(color)}, it must be one of {', '.join(_frame_checks.COLORS)}",
        )
    checked = None if fps is None else rate(fps, "fps")
    return Wanted(region if isinstance(region, Region) else None, color, checked, find)


def rate(value: object, field: str) -> float:
    """Check a rate in frames a second.

    Raises:
        SourceError: `source-option`.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < float(value) <= MAX_FPS or not math.isfinite(float(value)):  # type: ignore[arg-type]
        raise SourceError(
            "source-option",
            f"{field} is {shown(value)}, it must be frames a second in (0, {MAX_FPS:g}]",
        )
    return float(value)  # type: ignore[arg-type]

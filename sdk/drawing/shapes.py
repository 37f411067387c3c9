"""The outline of a region, as points."""

from __future__ import annotations

import math

from .._region import Region

_POINTS_ON_ARC = 33


def outline(region: Region) -> list[tuple[float, float]]:
    """Return the corners of a region in pixels of the frame, in order; arcs in short pieces."""
    if region.kind == "rectangle":
        x, y, width, height = region.numbers
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    cx, cy, r_min, r_max, first_deg, last_deg = region.numbers
    steps = range(_POINTS_ON_ARC)
    angles = [
        math.radians(first_deg + (last_deg - first_deg) * i / (_POINTS_ON_ARC - 1)) for i in steps
    ]
    # straight down is 0, and clockwise on the screen is to its left
    outer = [(cx - r_max * math.sin(a), cy + r_max * math.cos(a)) for a in angles]
    inner = [(cx - r_min * math.sin(a), cy + r_min * math.cos(a)) for a in reversed(angles)]
    return outer + inner

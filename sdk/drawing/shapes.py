"""The outline of a region, as points."""

from __future__ import annotations

import math

from .._region import Region

_POINTS_ON_ARC = 33
_Point = tuple[float, float]


def outline(region: Region) -> list[_Point]:
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
    points = outer + inner
    return points if region.clip is None else _within(points, region.clip)


def _within(points: list[_Point], clip: tuple[int, int, int, int]) -> list[_Point]:
    """Cut a polygon by a rectangle (Sutherland and Hodgman, CACM 17, 1974)."""
    x, y, width, height = clip
    sides = ((0, x, 1), (0, x + width, -1), (1, y, 1), (1, y + height, -1))
    for axis, limit, sign in sides:
        cut: list[_Point] = []
        for before, point in zip(points[-1:] + points[:-1], points, strict=True):
            inside = sign * (point[axis] - limit) >= 0
            if inside != (sign * (before[axis] - limit) >= 0):
                share = (limit - before[axis]) / (point[axis] - before[axis])
                between = [a + share * (b - a) for a, b in zip(before, point, strict=True)]
                cut.append((between[0], between[1]))
            if inside:
                cut.append(point)
        points = cut
    return points

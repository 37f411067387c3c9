"""Where a structure lies in a frame, as a shape of few numbers.

All lengths are shares of the frame's width, along both axes, so that angles are true and a frame
of another size needs no other numbers: x runs from 0 to 1, y from 0 to height / width.
"""

from math import cos, hypot, radians, sin
from typing import Annotated

import cv2
import numpy as np
from msgspec import Meta, Struct

Coordinate = Annotated[float, Meta(ge=-1, le=4)]
Length = Annotated[float, Meta(gt=0, le=4)]
Mask = np.ndarray  # bool (height, width)


class Ellipse(Struct, frozen=True, tag="ellipse", forbid_unknown_fields=True):
    """An outline; `axis1`, a full axis, lies `angle_deg` clockwise from the x axis."""

    cx: Coordinate
    cy: Coordinate
    axis1: Length
    axis2: Length
    angle_deg: Annotated[float, Meta(ge=-180, le=180)]

    def points(self, count: int = 64) -> np.ndarray:
        """Return its outline, (count, 2)."""
        turn, around = radians(self.angle_deg), np.linspace(0, 2 * np.pi, count, endpoint=False)
        along, across = self.axis1 / 2 * np.cos(around), self.axis2 / 2 * np.sin(around)
        x = self.cx + along * cos(turn) - across * sin(turn)
        y = self.cy + along * sin(turn) + across * cos(turn)
        return np.stack([x, y], axis=1)

    def mask(self, height: int, width: int, margin: float = 0.0) -> Mask:
        """Return which pixels lie in it, `margin` widened on all sides."""
        wide = Ellipse(
            self.cx, self.cy, self.axis1 + 2 * margin, self.axis2 + 2 * margin, self.angle_deg
        )
        return _filled(wide.points(), height, width)

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return self.cx, self.cy

    def moved(self, dx: float, dy: float) -> "Ellipse":
        """Return it elsewhere."""
        return Ellipse(self.cx + dx, self.cy + dy, self.axis1, self.axis2, self.angle_deg)


class Line(Struct, frozen=True, tag="line", forbid_unknown_fields=True):
    """A long bone's shaft, end to end, `width` across."""

    x1: Coordinate
    y1: Coordinate
    x2: Coordinate
    y2: Coordinate
    width: Length

    @property
    def length(self) -> float:
        """From end to end."""
        return hypot(self.x2 - self.x1, self.y2 - self.y1)

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def points(self) -> np.ndarray:
        """Return its corners, (4, 2), `width` across."""
        return self._corners(0.0)

    def mask(self, height: int, width: int, margin: float = 0.0) -> Mask:
        """Return which pixels lie on it, `margin` widened on all sides."""
        return _filled(self._corners(margin), height, width)

    def moved(self, dx: float, dy: float) -> "Line":
        """Return it elsewhere."""
        return Line(self.x1 + dx, self.y1 + dy, self.x2 + dx, self.y2 + dy, self.width)

    def _corners(self, margin: float) -> np.ndarray:
        start, end = np.array([self.x1, self.y1]), np.array([self.x2, self.y2])
        along = (end - start) / max(self.length, 1e-9)
        across = np.array([-along[1], along[0]]) * (self.width / 2 + margin)
        start, end = start - along * margin, end + along * margin
        return np.stack([start - across, end - across, end + across, start + across])


Shape = Ellipse | Line


def _filled(outline: np.ndarray, height: int, width: int) -> Mask:
    """Return the pixels inside an outline; pixel centres lie at half numbers."""
    drawn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(drawn, [np.rint((outline * width - 0.5) * 16).astype(np.int32)], 1, shift=4)
    return drawn.astype(bool)

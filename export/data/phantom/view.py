"""Where the fan lies in the frame, and the scan conversion from beams to pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import atan2, cos, degrees, hypot, radians, sin

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from export.data.phantom.anatomy import Anatomy
from export.data.phantom.field import BEAMS, DEPTHS, Array, Fan
from export.data.phantom.shapes import Pose
from export.data.phantom.truth import Ellipse, Line, Sector


@dataclass(frozen=True)
class View:
    """One framing: the fan, and the window of it that the frame shows."""

    fan: Fan
    height: int
    width: int
    pixel_mm: float
    top_mm: float
    centre_px: float

    @classmethod
    def draw(cls, rng: Generator, anatomy: Anatomy, height: int, width: int) -> tuple[View, Pose]:
        """Frame an anatomy as an examiner would: whole, and filling most of the picture."""
        tilt = radians(anatomy.tilt_deg)
        across = hypot(anatomy.half_width * cos(tilt), anatomy.half_height * sin(tilt))
        down = hypot(anatomy.half_width * sin(tilt), anatomy.half_height * cos(tilt))
        fit = max(down / height, across / width)
        pixel_mm = 2.0 * fit * rng.uniform(1.15, 1.8)
        shown_mm = pixel_mm * height
        half_angle = radians(rng.uniform(29.0, 39.0))
        r_min = shown_mm * rng.uniform(0.3, 0.6)
        top = r_min * cos(half_angle) - 0.03 * shown_mm
        if rng.random() < 0.4:  # zoomed in below the probe's face
            top = r_min + rng.uniform(0.0, 0.25) * shown_mm
        r_max = top + shown_mm * rng.uniform(0.96, 1.12)
        centre = width * rng.uniform(0.46, 0.54)
        view = cls(Fan(r_min, r_max, half_angle), height, width, pixel_mm, top, centre)
        pose = Pose(
            x=rng.uniform(-0.06, 0.06) * pixel_mm * width,
            y=max(top, r_min) + rng.uniform(0.47, 0.56) * (top + shown_mm - max(top, r_min)),
            angle_rad=tilt,
        )
        return view, pose

    def to_pixels(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Map a place in the fan (mm) to continuous pixel coordinates."""
        return x_mm / self.pixel_mm + self.centre_px, (y_mm - self.top_mm) / self.pixel_mm

    def shape_to_pixels(self, shape: Ellipse | Line) -> Ellipse | Line:
        """Map a structure in the fan (mm) to pixels."""
        if isinstance(shape, Line):
            return Line(*self.to_pixels(shape.x1, shape.y1), *self.to_pixels(shape.x2, shape.y2))
        x, y = self.to_pixels(shape.cx, shape.cy)
        scale = 1.0 / self.pixel_mm
        return Ellipse(x, y, shape.axis1 * scale, shape.axis2 * scale, shape.angle_deg)

    @property
    def sector(self) -> Sector:
        """The fan in pixels of the frame."""
        x, y = self.to_pixels(0.0, 0.0)
        angle = degrees(self.fan.half_angle_rad)
        return Sector(
            x, y, self.fan.r_min_mm / self.pixel_mm, self.fan.r_max_mm / self.pixel_mm,
            -angle, angle,
        )  # fmt: skip

    def holds(self, x_px: float, y_px: float) -> bool:
        """Say whether a pixel place lies both in the frame and in the fan."""
        apex = self.sector
        dx, dy = x_px - apex.cx, y_px - apex.cy
        inside = 0 <= x_px < self.width and 0 <= y_px < self.height
        near = apex.r_min <= hypot(dx, dy) <= apex.r_max
        return inside and near and abs(atan2(dx, dy)) <= self.fan.half_angle_rad

    @cached_property
    def _lookup(self) -> tuple[NDArray[np.intp], Array, Array, NDArray[np.bool_]]:
        """For every pixel: index of its upper left sample, the two fractions, and if outside."""
        x = (np.arange(self.width, dtype=np.float32) + np.float32(0.5 - self.centre_px))[None, :]
        y = (np.arange(self.height, dtype=np.float32) + np.float32(0.5))[:, None]
        x, y = (
            x * np.float32(self.pixel_mm),
            y * np.float32(self.pixel_mm) + np.float32(self.top_mm),
        )
        radius = np.sqrt(x * x + y * y)
        depth = (radius - np.float32(self.fan.r_min_mm)) / np.float32(self.fan.depth_step_mm)
        half = np.float32(self.fan.half_angle_rad)
        beam = (np.arctan2(x, y) + half) * np.float32((BEAMS - 1) / (2.0 * half))
        outside = (depth < 0) | (depth > DEPTHS - 1) | (beam < 0) | (beam > BEAMS - 1)
        row = np.clip(depth, 0, DEPTHS - 1.001).astype(np.intp)
        column = np.clip(beam, 0, BEAMS - 1.001).astype(np.intp)
        return row * BEAMS + column, depth - row, beam - column, outside

    def scan_convert(self, levels: Array) -> NDArray[np.uint8]:
        """Turn beams ``(DEPTHS, BEAMS)`` in 0..1 into a frame ``(height, width)``; 0 outside."""
        index, down, right, outside = self._lookup
        flat = (levels * np.float32(255.0)).ravel()
        upper = flat.take(index)
        upper += right * (flat.take(index + 1) - upper)
        index = index + BEAMS
        lower = flat.take(index)
        lower += right * (flat.take(index + 1) - lower)
        upper += down * (lower - upper)
        upper[outside] = 0.0
        return np.asarray(np.rint(np.clip(upper, 0.0, 255.0)), dtype=np.uint8)

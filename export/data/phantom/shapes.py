"""The shapes that an anatomy is drawn with. Lengths in mm; each paints itself into a field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, degrees, hypot, radians, sin
from typing import Any

import numpy as np

from export.data.phantom.field import Array, Field
from export.data.phantom.truth import Ellipse, Line


@dataclass(frozen=True)
class Pose:
    """Where an anatomy lies in the fan: shift in mm, turn, size, and the phase of a heart beat."""

    x: float
    y: float
    angle_rad: float = 0.0
    scale: float = 1.0
    beat: float = 0.0

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """Map a point of the anatomy (mm) into the fan (mm)."""
        c, s = cos(self.angle_rad) * self.scale, sin(self.angle_rad) * self.scale
        return self.x + c * x - s * y, self.y + s * x + c * y


@dataclass(frozen=True)
class _Oval:
    """What filled and hollow ellipses share: centre, half axes, angle of ``a``."""

    x: float
    y: float
    a: float
    b: float
    angle_rad: float = 0.0
    name: str = ""
    pulse: float = 0.0

    def _placed(self, pose: Pose) -> dict[str, Any]:
        x, y = pose.apply(self.x, self.y)
        size = pose.scale * (1.0 + self.pulse * pose.beat)
        return {
            "x": x, "y": y, "a": self.a * size, "b": self.b * size,
            "angle_rad": self.angle_rad + pose.angle_rad,
        }  # fmt: skip

    def truth(self) -> Ellipse:
        """Return the outline in the units that the shape is in."""
        return Ellipse(self.x, self.y, 2 * self.a, 2 * self.b, degrees(self.angle_rad))

    def _distance(self, field: Field, at: tuple[slice, slice]) -> tuple[Array, Array, Array]:
        """Return the distance to the outline (mm, negative inside) and the outline's gradient."""
        c, s = np.float32(cos(self.angle_rad)), np.float32(sin(self.angle_rad))
        dx, dy = field.x[at] - np.float32(self.x), field.y[at] - np.float32(self.y)
        u: Array = (c * dx + s * dy) * np.float32(self.a**-2)
        v: Array = (c * dy - s * dx) * np.float32(self.b**-2)
        slope: Array = np.sqrt(u * u + v * v) + np.float32(1e-6)
        level: Array = np.sqrt(u * u * np.float32(self.a**2) + v * v * np.float32(self.b**2))
        # First-order distance: exact on the outline and on circles.
        distance: Array = (level - np.float32(1.0)) * level / slope
        return distance, u / slope, v / slope


@dataclass(frozen=True)
class Blob(_Oval):
    """A filled ellipse of one tissue, with an edge ``soft`` mm wide."""

    echo: float = 1.0
    loss: float = 0.0
    soft: float = 1.5

    def placed(self, pose: Pose) -> Blob:
        """Return the shape moved into the fan."""
        return replace(self, **self._placed(pose))

    def paint(self, field: Field) -> None:
        """Replace what the ellipse covers by this tissue."""
        at = field.window(self.x, self.y, max(self.a, self.b) + self.soft)
        distance, _, _ = self._distance(field, at)
        cover = np.clip(np.float32(0.5) - distance / np.float32(self.soft), 0.0, 1.0)
        for plane, value in ((field.echo, self.echo), (field.loss, self.loss)):
            part = plane[at]
            part += cover * (np.float32(value) - part)


@dataclass(frozen=True)
class Ring(_Oval):
    """A hollow ellipse (skull, skin): bright where it faces the beam, fainter along the sides."""

    strength: float = 20.0
    thickness: float = 1.5
    loss: float = 0.0
    side: float = 0.15

    def placed(self, pose: Pose) -> Ring:
        """Return the shape moved into the fan."""
        return replace(self, **self._placed(pose))

    def paint(self, field: Field) -> None:
        """Add the reflection and the loss of the wall."""
        at = field.window(self.x, self.y, max(self.a, self.b) + 2.5 * self.thickness)
        distance, u, v = self._distance(field, at)
        wall = np.exp(-np.square(distance / np.float32(self.thickness)))
        c, s = np.float32(cos(self.angle_rad)), np.float32(sin(self.angle_rad))
        beam_u = c * field.sin[:, at[1]] + s * field.cos[:, at[1]]
        beam_v = c * field.cos[:, at[1]] - s * field.sin[:, at[1]]
        facing = np.square(u * beam_u + v * beam_v)
        bright = np.float32(self.strength) * (np.float32(self.side) + facing * facing)
        field.specular[at] = np.maximum(field.specular[at], wall * bright)
        field.loss[at] += wall * np.float32(self.loss)


@dataclass(frozen=True)
class Stroke:
    """A line ``2 * half`` long, bowed by ``bow`` mm: bone, falx, valve, wall of a vessel."""

    x: float
    y: float
    half: float
    angle_rad: float = 0.0
    bow: float = 0.0
    strength: float = 20.0
    thickness: float = 1.2
    loss: float = 0.0
    name: str = ""

    def placed(self, pose: Pose) -> Stroke:
        """Return the shape moved into the fan."""
        x, y = pose.apply(self.x, self.y)
        return replace(
            self, x=x, y=y, half=self.half * pose.scale, bow=self.bow * pose.scale,
            angle_rad=self.angle_rad + pose.angle_rad,
        )  # fmt: skip

    def truth(self) -> Line:
        """Return the two ends in the units that the shape is in."""
        dx, dy = self.half * cos(self.angle_rad), self.half * sin(self.angle_rad)
        return Line(self.x - dx, self.y - dy, self.x + dx, self.y + dy)

    def paint(self, field: Field) -> None:
        """Add the reflection and the loss of the line."""
        reach = hypot(self.half + 2.5 * self.thickness, abs(self.bow) + 2.5 * self.thickness)
        at = field.window(self.x, self.y, reach)
        c, s = np.float32(cos(self.angle_rad)), np.float32(sin(self.angle_rad))
        dx, dy = field.x[at] - np.float32(self.x), field.y[at] - np.float32(self.y)
        along, across = c * dx + s * dy, c * dy - s * dx
        bend = 1.0 - np.square(np.clip(along / np.float32(self.half), -1.0, 1.0))
        across = across - np.float32(self.bow) * bend
        beyond = np.maximum(np.abs(along) - np.float32(self.half), 0.0)
        body = np.exp(-(across * across + beyond * beyond) / np.float32(self.thickness**2))
        field.specular[at] = np.maximum(field.specular[at], body * np.float32(self.strength))
        field.loss[at] += body * np.float32(self.loss)


Shape = Blob | Ring | Stroke


def turned(angle_deg: float) -> float:
    """Return degrees as radians; anatomies are written in degrees."""
    return radians(angle_deg)

"""Points of interest from ground truth, for simulated gaze."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt
from pathlib import Path

from export.data.phantom import PhantomFrame, Point
from export.gaze.errors import GazeError
from export.gaze.simulate import PointLike, Scene


@dataclass(frozen=True)
class HeadEllipse:
    """The head outline that an expert drew on one HC18 frame (van den Heuvel et al., 2018).

    Centre and full axes relative to the original frame: ``cx``, ``axis1`` and ``axis2`` to its
    width, ``cy`` to its height. ``axis1`` lies along ``angle_deg``, clockwise from the x axis.
    """

    cx: float
    cy: float
    axis1: float
    axis2: float
    angle_deg: float
    original_width: int
    original_height: int

    def points(self, width: int, height: int) -> list[Point]:
        """Points of interest on the frame scaled to ``width`` x ``height``, frame pixels.

        The centre (midline) and the four ends of the axes, where callipers are set. HC18 holds
        heads only: gaze from it must not stand against other classes that have none.
        """
        scale_x = width / self.original_width
        scale_y = height / self.original_height
        cx, cy = self.cx * self.original_width, self.cy * self.original_height
        turn = radians(self.angle_deg)
        points = [Point("midline", cx * scale_x, cy * scale_y, 2.0)]
        for name, axis, angle in (
            ("axis1", self.axis1, turn),
            ("axis2", self.axis2, turn + pi / 2),
        ):
            half = 0.5 * axis * self.original_width
            for end, sign in (("a", -1.0), ("b", 1.0)):
                x = (cx + sign * half * cos(angle)) * scale_x
                y = (cy + sign * half * sin(angle)) * scale_y
                if 0 <= x < width and 0 <= y < height:
                    points.append(Point(f"{name}_{end}", x, y, 1.0))
        return points


def read_hc18_ellipses(path: str | Path) -> dict[str, HeadEllipse]:
    """Read ``hc18_ellipses.csv``: ellipses by frame id.

    The axes in that table are too short: every ellipse's circumference is about 0.82 of the head
    circumference that HC18 publishes with the frame, and lies inside the skull. Both axes are
    therefore scaled so that it fits ``head_circumference_mm``; drawn, it then lies on the skull.

    Raises:
        GazeError: The file is missing, or a row is not usable.
    """
    ellipses: dict[str, HeadEllipse] = {}
    try:
        with Path(path).open(newline="", encoding="utf-8") as stream:
            for line, row in enumerate(csv.DictReader(stream), start=2):
                try:
                    ellipses[row["id"]] = _ellipse(row)
                except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
                    raise GazeError("gaze-number", f"{path}, line {line}: {error!r}") from error
    except OSError as error:
        raise GazeError("gaze-file-missing", f"{path} cannot be read: {error.strerror}") from error
    return ellipses


def _ellipse(row: dict[str, str]) -> HeadEllipse:
    width, height = int(row["original_width"]), int(row["original_height"])
    axis1, axis2 = float(row["axis1"]), float(row["axis2"])
    drawn_mm = ellipse_circumference(axis1, axis2) * width * float(row["pixel_mm"])
    scale = float(row["head_circumference_mm"]) / drawn_mm
    return HeadEllipse(
        cx=float(row["cx"]),
        cy=float(row["cy"]),
        axis1=axis1 * scale,
        axis2=axis2 * scale,
        angle_deg=float(row["angle_deg"]),
        original_width=width,
        original_height=height,
    )


def ellipse_circumference(axis1: float, axis2: float) -> float:
    """Return the circumference from full axes by Ramanujan's second formula (1914)."""
    a, b = 0.5 * axis1, 0.5 * axis2
    h = ((a - b) / (a + b)) ** 2
    return pi * (a + b) * (1.0 + 3.0 * h / (10.0 + sqrt(4.0 - 3.0 * h)))


def still(points: Sequence[PointLike]) -> Scene:
    """Return the scene of a still frame: the same points at all times."""
    return lambda time_s: points


def cine_scene(frames: Sequence[PhantomFrame]) -> Scene:
    """Return the scene of a phantom cine: at each time, the points of the frame then shown."""
    starts = [frame.timestamp_us for frame in frames]
    points = [frame.truth.points for frame in frames]
    return lambda time_s: points[max(0, bisect_right(starts, round(time_s * 1e6)) - 1)]

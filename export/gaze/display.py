"""The display that was looked at, and where on it the frame stood."""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, tan

import numpy as np

from export.gaze.errors import GazeError, shown
from export.gaze.limits import LARGEST_DISPLAY_PX, LARGEST_MM, LARGEST_PLACE_PX, check_number
from export.gaze.samples import Bools, Floats


@dataclass(frozen=True)
class Display:
    """A flat display, seen head on.

    Attributes:
        width_px, height_px: Its resolution.
        pixel_pitch_mm: Side of its (square) pixels, mm.
        viewing_distance_mm: From eye to display, mm.
    """

    width_px: int
    height_px: int
    pixel_pitch_mm: float
    viewing_distance_mm: float

    def __post_init__(self) -> None:
        for name in ("width_px", "height_px"):
            check_number("gaze-display", name, getattr(self, name), 1, LARGEST_DISPLAY_PX)
        for name in ("pixel_pitch_mm", "viewing_distance_mm"):
            check_number("gaze-display", name, getattr(self, name), 1e-6, LARGEST_MM)

    def degrees_to_px(self, angle_deg: float) -> float:
        """Length on the display (pixels) that an angle from the line of sight spans.

        ``distance * tan(angle) / pitch``: exact for a gaze at right angles to the display, and
        within 4 % of it up to 15 degrees aside.

        Raises:
            GazeError: The angle is not above 0 and below 45 degrees.
        """
        if not 0.0 < angle_deg < 45.0:
            raise GazeError("gaze-argument", f"angle is {angle_deg} degrees; allowed: 0 to 45")
        return self.viewing_distance_mm * tan(radians(angle_deg)) / self.pixel_pitch_mm


@dataclass(frozen=True)
class Placement:
    """The rectangle of the display that the frame filled, in pixels of the display.

    Attributes:
        x, y: Its upper left corner; may lie outside the display.
        width, height: Its size on the display.
        frame_width, frame_height: The frame's own size, pixels.
    """

    x: float
    y: float
    width: float
    height: float
    frame_width: int
    frame_height: int

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            check_number(
                "gaze-placement", name, getattr(self, name), -LARGEST_PLACE_PX, LARGEST_PLACE_PX
            )
        for name in ("width", "height", "frame_width", "frame_height"):
            check_number("gaze-placement", name, getattr(self, name), 1e-6, LARGEST_PLACE_PX)

    @classmethod
    def letterboxed(
        cls, frame_width: int, frame_height: int, x: float, y: float, width: float, height: float
    ) -> Placement:
        """Place a frame as large as its aspect allows in the middle of a rectangle."""
        if not min(frame_width, frame_height, width, height) > 0:
            raise GazeError(
                "gaze-placement",
                f"a {shown(frame_width)}x{shown(frame_height)} frame in a {shown(width)}x"
                f"{shown(height)} rectangle: every side must be above 0",
            )
        for value in (width, height):
            check_number("gaze-placement", "a side", value, 1e-6, LARGEST_PLACE_PX)
        scale = min(width / frame_width, height / frame_height)
        inner_width, inner_height = frame_width * scale, frame_height * scale
        return cls(
            x + (width - inner_width) / 2, y + (height - inner_height) / 2,
            inner_width, inner_height, frame_width, frame_height,
        )  # fmt: skip

    @property
    def scale(self) -> tuple[float, float]:
        """Display pixels per frame pixel, along x and y."""
        return self.width / self.frame_width, self.height / self.frame_height

    def to_frame(self, x_px: Floats, y_px: Floats) -> tuple[Floats, Floats, Bools]:
        """Map display pixels to frame pixels.

        Returns:
            x and y in continuous frame pixels (pixel ``i`` covers ``[i, i + 1)``), and whether the
            point is on the frame. NaN stays NaN and is not on the frame.
        """
        scale_x, scale_y = self.scale
        x = (np.asarray(x_px, dtype=np.float64) - self.x) / scale_x
        y = (np.asarray(y_px, dtype=np.float64) - self.y) / scale_y
        inside = (x >= 0) & (x < self.frame_width) & (y >= 0) & (y < self.frame_height)
        return x, y, inside

    def to_display(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Map frame pixels to display pixels; the inverse of ``to_frame``."""
        scale_x, scale_y = self.scale
        return np.asarray(x) * scale_x + self.x, np.asarray(y) * scale_y + self.y

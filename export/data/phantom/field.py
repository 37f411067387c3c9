"""The tissue as the beams meet it: acoustic properties on a grid of depth by beam.

Working in beam space (as a scanner does, before scan conversion) makes shadows a running sum
along each beam, and lets the lateral resolution worsen with depth by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

DEPTHS = 320
BEAMS = 176


@dataclass(frozen=True)
class Fan:
    """The scanned fan in mm; the origin is the transducer's centre of curvature, y is depth."""

    r_min_mm: float
    r_max_mm: float
    half_angle_rad: float

    @property
    def depth_step_mm(self) -> float:
        """Distance between two samples along a beam."""
        return (self.r_max_mm - self.r_min_mm) / (DEPTHS - 1)


class Field:
    """Acoustic maps of shape ``(DEPTHS, BEAMS)``, float32, which shapes paint into.

    Attributes:
        x, y: Position of each sample in mm.
        sin, cos: Direction of each beam, shape ``(1, BEAMS)``.
        echo: Amplitude of diffuse scatter (1 = soft tissue).
        specular: Amplitude of coherent reflection.
        loss: Attenuation that the depth gain does not make up for, dB per mm (two ways).
    """

    def __init__(self, fan: Fan, echo: float) -> None:
        self.fan = fan
        angle = np.linspace(-fan.half_angle_rad, fan.half_angle_rad, BEAMS, dtype=np.float32)
        radius = np.linspace(fan.r_min_mm, fan.r_max_mm, DEPTHS, dtype=np.float32)[:, None]
        self.sin, self.cos = np.sin(angle)[None, :], np.cos(angle)[None, :]
        self.x, self.y = radius * self.sin, radius * self.cos
        self.echo = np.full((DEPTHS, BEAMS), echo, dtype=np.float32)
        self.specular = np.zeros((DEPTHS, BEAMS), dtype=np.float32)
        self.loss = np.zeros((DEPTHS, BEAMS), dtype=np.float32)
        self.slack_mm = 0.0

    def warp(self, amount_mm: float, phase: NDArray[np.float64]) -> None:
        """Bend the tissue a little, so that no outline is a perfect ellipse.

        A place moves by at most ``1.5 * amount_mm`` along either axis.
        """
        size = np.float32(2.0 * np.pi / (self.fan.r_max_mm - self.fan.r_min_mm))
        amount = np.float32(amount_mm)
        self.slack_mm = 2.2 * amount_mm
        first, second = (np.float32(value) for value in phase[:2])
        x, y = self.x * size, self.y * size
        self.x = self.x + amount * (np.sin(4 * y + first) + 0.5 * np.sin(9 * y + second))
        self.y = self.y + amount * (np.sin(4 * x + second) + 0.5 * np.sin(9 * x + first))

    def window(self, x_mm: float, y_mm: float, reach_mm: float) -> tuple[slice, slice]:
        """Return the slices (depths, beams) that hold every sample within ``reach_mm``."""
        fan = self.fan
        reach_mm += self.slack_mm
        radius = float(np.hypot(x_mm, y_mm))
        step = fan.depth_step_mm
        top = int(np.floor((radius - reach_mm - fan.r_min_mm) / step))
        bottom = int(np.ceil((radius + reach_mm - fan.r_min_mm) / step)) + 1
        rows = slice(min(max(top, 0), DEPTHS), min(max(bottom, 0), DEPTHS))
        if reach_mm >= radius:
            return rows, slice(0, BEAMS)
        middle = float(np.arctan2(x_mm, y_mm))
        spread = float(np.arcsin(reach_mm / radius))
        scale = (BEAMS - 1) / (2.0 * fan.half_angle_rad)
        left = int(np.floor((middle - spread + fan.half_angle_rad) * scale))
        right = int(np.ceil((middle + spread + fan.half_angle_rad) * scale)) + 1
        return rows, slice(min(max(left, 0), BEAMS), min(max(right, 0), BEAMS))

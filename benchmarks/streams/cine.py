"""Simulated cine: a still under simulated motion, gain and speckle. No frame of it was recorded.

A still is moved by a smooth random walk (probe and fetus), its gain drifts, and speckle that is
correlated in space and time multiplies it, as does noise of the receiver. Labels of several stills
in a row give a cine with known changes, cut or blended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from export.data.phantom import phantom_frame

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Motion:
    """How strongly a still is disturbed; amplitudes are of a smooth random walk."""

    shift: float = 0.05  # of the width
    turn_deg: float = 4.0
    zoom: float = 0.06
    gain: float = 0.25  # log of the factor
    speckle: float = 0.25  # relative
    noise: float = 3.0  # grey levels
    pace_s: float = 0.8  # correlation time of motion and gain
    speckle_s: float = 0.1


class _Walk:
    """Ornstein-Uhlenbeck processes of deviation 1, as many as asked for."""

    def __init__(self, shape: tuple[int, ...], pace_s: float, rng: np.random.Generator) -> None:
        self._rng, self._pace_s = rng, pace_s
        self.now = rng.standard_normal(shape, dtype=np.float32)

    def step(self, seconds: float) -> NDArray[np.float32]:
        keep = np.float32(np.exp(-seconds / self._pace_s))
        fresh = self._rng.standard_normal(self.now.shape, dtype=np.float32)
        self.now = keep * self.now + np.sqrt(1 - keep * keep) * fresh
        return self.now


def moving(
    still: Grey, frames: int, fps: float, rng: np.random.Generator, motion: Motion = Motion()
) -> Iterator[Grey]:
    """Yield `frames` views of one still, uint8 of its own shape."""
    height, width = still.shape
    # motion is the sum of two walks, so that its speed is bounded too
    slow, fast = _Walk((5,), motion.pace_s, rng), _Walk((5,), motion.pace_s / 4, rng)
    grain = _Walk((height // 3, width // 3), motion.speckle_s, rng)
    for _ in range(frames):
        dx, dy, turn, zoom, gain = 0.9 * slow.step(1 / fps) + 0.1 * fast.step(1 / fps)
        centre, angle = (width / 2, height / 2), float(turn) * motion.turn_deg / 2
        matrix = cv2.getRotationMatrix2D(centre, angle, float(np.exp(zoom * motion.zoom / 2)))
        matrix[:, 2] += np.array([dx, dy]) * motion.shift / 2 * width
        view = cv2.warpAffine(still, matrix, (width, height), flags=cv2.INTER_LINEAR)
        speckle = cv2.resize(grain.step(1 / fps), (width, height), interpolation=cv2.INTER_LINEAR)
        lit = view * (np.exp(gain * motion.gain / 2) * (1 + motion.speckle * speckle))
        lit += motion.noise * rng.standard_normal((height, width), dtype=np.float32) * (view > 4)
        yield np.clip(lit, 0, 255).astype(np.uint8)


def phantom_pictures(height: int = 480, width: int = 640, count: int = 30) -> list[Grey]:
    """Return a second of a moving phantom."""
    still = phantom_frame("femur", seed=1, height=height, width=width).pixels
    return list(islice(moving(still, count, 30, np.random.default_rng(0)), count))

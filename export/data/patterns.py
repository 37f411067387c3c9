"""Frames that show no ultrasound: what a grabber, a menu or a test image gives. Drawn, by seed."""

from collections.abc import Callable

import cv2
import numpy as np

Grey = np.ndarray
Drawing = Callable[[np.random.Generator, int, int], Grey]


def _noise(rng: np.random.Generator, height: int, width: int) -> Grey:
    """White noise, some of it coarse: the snow of an open input."""
    coarse = int(rng.integers(1, 4))
    noise = rng.integers(0, 256, (-(-height // coarse), -(-width // coarse)), dtype=np.uint8)
    return np.kron(noise, np.ones((coarse, coarse), np.uint8))[:height, :width]


def _rings(rng: np.random.Generator, height: int, width: int) -> Grey:
    y, x = np.mgrid[:height, :width]
    cx, cy = rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * height
    radius = np.hypot(x - cx, (y - cy) * rng.uniform(0.8, 1.3))
    period = rng.uniform(8, 60)
    return np.asarray((127.5 + 127.5 * np.cos(radius * 2 * np.pi / period)).astype(np.uint8))


def _ramp(rng: np.random.Generator, height: int, width: int) -> Grey:
    y, x = np.mgrid[:height, :width].astype(np.float64)
    turn = rng.uniform(0, 2 * np.pi)
    level = x / width * np.cos(turn) + y / height * np.sin(turn)
    level = (level - level.min()) / np.ptp(level)
    return np.asarray((255 * (level * rng.integers(1, 5) % 1.0001)).astype(np.uint8))


def _bars(rng: np.random.Generator, height: int, width: int) -> Grey:
    levels = rng.integers(0, 256, int(rng.integers(4, 12)))
    row = np.repeat(levels, -(-width // len(levels)))[:width]
    return np.tile(row.astype(np.uint8), (height, 1))


def _text(rng: np.random.Generator, height: int, width: int) -> Grey:
    """Lines of text on a plain level: a menu, a report."""
    page = np.full((height, width), int(rng.integers(0, 60)), np.uint8)
    for line in range(16, height, int(rng.integers(16, 30))):
        text = "".join(chr(c) for c in rng.integers(33, 123, int(rng.integers(8, 40))))
        place = (int(rng.integers(4, 40)), line)
        cv2.putText(page, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 220, 1, cv2.LINE_AA)
    return page


def _grid(rng: np.random.Generator, height: int, width: int) -> Grey:
    y, x = np.mgrid[:height, :width]
    step = int(rng.integers(12, 50))
    return np.asarray(np.where((x % step < 2) | (y % step < 2), 230, 20).astype(np.uint8))


def _clouds(rng: np.random.Generator, height: int, width: int) -> Grey:
    """Smooth noise: no edge, no line, and not flat either."""
    grain = rng.standard_normal((height, width)).astype(np.float32)
    soft = cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(6, 24)))
    return np.asarray((255 * (soft - soft.min()) / np.ptp(soft)).astype(np.uint8))


PATTERNS: dict[str, Drawing] = {
    "noise": _noise,
    "rings": _rings,
    "ramp": _ramp,
    "bars": _bars,
    "text": _text,
    "grid": _grid,
    "clouds": _clouds,
}


def draw_pattern(name: str, seed: int, height: int = 288, width: int = 448) -> Grey:
    """Return a frame, uint8 (height, width), of one of `PATTERNS`."""
    return PATTERNS[name](np.random.default_rng(seed), height, width)

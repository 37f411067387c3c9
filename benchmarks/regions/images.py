"""What a pane shows: a frame in the shape that a probe gives it, and where exactly it lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Image:
    """One pane's image: grey levels, and which pixels a probe can reach, both of the pane's size.

    `region` is the true geometry in the pane's pixels, as `sdk.Region` takes it: four numbers of a
    rectangle or six of a sector.
    """

    grey: Grey
    mask: Mask
    region: tuple[float, ...]


def fan(width: int, height: int, rng: np.random.Generator, kind: str) -> tuple[float, ...]:
    """Return a sector (cx, cy, r_min, r_max, low, high) as large as the pane allows."""
    half = float(rng.uniform(*((26, 40) if kind == "convex" else (32, 46))))
    near = float(rng.uniform(0.12, 0.4)) if kind == "convex" else float(rng.uniform(0.0, 0.05))
    if kind == "wide":
        half, near = float(rng.uniform(8, 16)), float(rng.uniform(0.55, 0.75))
    tall = 1 - near * math.cos(math.radians(half))  # of r_max
    r_max = min(height / tall, width / (2 * math.sin(math.radians(half))))
    cy = -near * r_max * math.cos(math.radians(half)) + (height - r_max * tall) * 0.3
    return (width / 2, cy, near * r_max, r_max, -half, half)


def inside(region: tuple[float, ...], width: int, height: int) -> Mask:
    """Return which pixels of a pane lie in a region."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    if len(region) == 4:
        left, top, w, h = region
        return np.asarray((x >= left) & (x < left + w) & (y >= top) & (y < top + h))
    cx, cy, r_min, r_max, low, high = region
    radius = np.hypot(x - cx, y - cy)
    angle = np.degrees(np.arctan2(-(x - cx), y - cy))
    return np.asarray((radius >= r_min) & (radius <= r_max) & (angle >= low) & (angle <= high))


def make_image(frame: Grey, width: int, height: int, shape: str, rng: np.random.Generator) -> Image:
    """Return a frame in one of the shapes that `layouts.Pane` names; `pane` is the whole box."""
    # the middle of a frame: what lies at its edges is often a screen's text already
    h, w = frame.shape
    middle = frame[int(h * 0.14) : int(h * 0.86), int(w * 0.14) : int(w * 0.86)]
    grey = cv2.resize(middle, (width, height), interpolation=cv2.INTER_CUBIC)
    if shape == "linear":
        w = int(width * rng.uniform(0.6, 1.0))
        h = int(height * rng.uniform(0.75, 1.0))
        region: tuple[float, ...] = ((width - w) // 2, 0, w, h)
    elif shape in ("pane", "clipped"):
        region = (0, 0, width, height)
    else:
        region = fan(width, height, rng, shape)
    mask = inside(region, width, height)
    if shape == "clipped":
        cut = fan(width, height, rng, "convex")
        scale = float(rng.uniform(1.15, 1.35))
        grown = (cut[0], cut[1] * 0.4, cut[2] * 0.3, cut[3] * scale, cut[4] * 1.1, cut[5] * 1.1)
        mask = mask & inside(grown, width, height)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        region = (columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)
    return Image(_as_scanned(np.asarray(grey, np.uint8), mask, rng), mask, region)


def _as_scanned(grey: Grey, mask: Mask, rng: np.random.Generator) -> Grey:
    """Return the grey under other gain and attenuation, with electronic noise; black outside."""
    height, width = grey.shape
    depth = np.linspace(0, 1, height)[:, None]
    gain = rng.uniform(0.6, 1.15) * np.exp(-rng.uniform(0, 1.1) * depth)
    speckle = cv2.GaussianBlur(rng.normal(1, 0.5, (height, width)), (0, 0), 1.2)
    noise = np.abs(rng.normal(0, rng.uniform(0.5, 3.5), (height, width)))
    values: Any = np.clip(grey * gain * speckle + noise, 0, 255)
    return np.asarray(np.where(mask, values, 0)).astype(np.uint8)

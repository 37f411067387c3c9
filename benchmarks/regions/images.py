"""What a pane shows: a frame in the shape that a probe gives it, and where exactly it lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sdk import Region

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Image:
    """One pane's image: grey levels, and which pixels a probe can reach, both of the pane's size.

    `region` is the true geometry in the pane's pixels.
    """

    grey: Grey
    mask: Mask
    region: Region


_Six = tuple[float, float, float, float, float, float]
_ENDLESS = (0, 0, math.inf, math.inf)


def fan(width: int, height: int, rng: np.random.Generator, kind: str) -> _Six:
    """Return a sector (cx, cy, r_min, r_max, low, high) as large as the pane allows."""
    half = float(rng.uniform(*((26, 40) if kind == "convex" else (32, 46))))
    near = float(rng.uniform(0.12, 0.4)) if kind == "convex" else float(rng.uniform(0.0, 0.05))
    if kind == "wide":
        half, near = float(rng.uniform(8, 16)), float(rng.uniform(0.55, 0.75))
    tall = 1 - near * math.cos(math.radians(half))  # of r_max
    r_max = min(height / tall, width / (2 * math.sin(math.radians(half))))
    cy = -near * r_max * math.cos(math.radians(half)) + (height - r_max * tall) * 0.3
    return (width / 2, cy, near * r_max, r_max, -half, half)


def _wider_fan(width: int, height: int, rng: np.random.Generator) -> _Six:
    """Return a sector as high as the pane, of which both sides leave it."""
    half, near = float(rng.uniform(32, 42)), float(rng.uniform(0.12, 0.3))
    r_max = height / (1 - near * math.cos(math.radians(half)))
    r_max = max(r_max, width / (2 * math.sin(math.radians(half))) * float(rng.uniform(1.1, 1.3)))
    return (width / 2, height - r_max, near * r_max, r_max, -half, half)


def inside(region: Region, width: int, height: int) -> Mask:
    """Return which pixels of a pane or a screen lie in a region."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    left, top, w, h = region.numbers if region.kind == "rectangle" else region.clip or _ENDLESS
    window = (x >= left) & (x < left + w) & (y >= top) & (y < top + h)
    if region.kind == "rectangle":
        return np.asarray(window)
    cx, cy, r_min, r_max, low, high = region.numbers
    radius = np.hypot(x - cx, y - cy)
    angle = np.degrees(np.arctan2(-(x - cx), y - cy))
    fan = (radius >= r_min) & (radius <= r_max) & (angle >= low) & (angle <= high)
    return np.asarray(fan & window)


def make_image(frame: Grey, width: int, height: int, shape: str, rng: np.random.Generator) -> Image:
    """Return a frame in one of the shapes that `layouts.Pane` names; `pane` is the whole box."""
    # the middle of a frame: what lies at its edges is often a screen's text already
    h, w = frame.shape
    middle = frame[int(h * 0.14) : int(h * 0.86), int(w * 0.14) : int(w * 0.86)]
    grey = cv2.resize(middle, (width, height), interpolation=cv2.INTER_CUBIC)
    if shape == "linear":
        w = int(width * rng.uniform(0.6, 1.0))
        h = int(height * rng.uniform(0.75, 1.0))
        region = Region.rectangle((width - w) // 2, 0, w, h)
    elif shape == "pane":
        region = Region.rectangle(0, 0, width, height)
    elif shape == "clipped":
        cx, cy, near, far, low, high = fan(width, height, rng, "convex")
        scale = float(rng.uniform(1.15, 1.35))
        grown = (cx, cy * 0.4, near * 0.3, far * scale, low * 1.1, high * 1.1)
        region = Region.sector(*grown, clip=(0, 0, width, height))
    elif shape == "sides":
        region = Region.sector(*_wider_fan(width, height, rng), clip=(0, 0, width, height))
    else:
        region = Region.sector(*fan(width, height, rng, shape))
    mask = inside(region, width, height)
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

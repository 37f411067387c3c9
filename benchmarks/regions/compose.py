"""A layout, some frames and a seed become a screen of which the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.regions.drawing import PARTS, Box
from benchmarks.regions.images import Grey, make_image
from benchmarks.regions.layouts import Layout
from benchmarks.regions.overlays import overlay
from sdk import Region


@dataclass(frozen=True)
class TruePane:
    """Where an image lies on a screen.

    Attributes:
        shape: as `layouts.Pane` names it.
        region: the true one, in the screen's pixels.
        mask: bool (height, width), the pixels that a probe can reach.
    """

    shape: str
    region: Region
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Screen:
    """A composed screen: uint8 RGB (height, width, 3) and its panes."""

    layout: str
    rgb: NDArray[np.uint8]
    panes: tuple[TruePane, ...]


def compose(layout: Layout, frames: Sequence[Grey], rng: np.random.Generator) -> Screen:
    """Draw a screen.

    Args:
        layout: where things lie.
        frames: grey, one for each pane at least.
        rng: chooses all the rest.
    """
    scale = float(rng.choice([1.0, 1.0, 0.75]))
    width, height = (int(side * scale) for side in layout.size)
    canvas = np.full((height, width, 3), layout.background, np.uint8)
    panels = [part for part in layout.parts if part[0].startswith(("panel", "header", "status"))]
    for kind, box in panels:
        PARTS[kind](canvas, _pixels(box, width, height, rng, 0), rng)
    panes = []
    for pane, frame in zip(layout.panes, frames, strict=False):
        place = _pixels(pane.box, width, height, rng, 6)
        panes.append(_show(canvas, place, str(rng.choice(pane.shapes)), frame, rng))
    for kind, box in layout.parts:
        if (kind, box) not in panels and rng.random() < 0.9:
            PARTS[kind](canvas, _pixels(box, width, height, rng, 4), rng)
    return Screen(layout.name, _transmitted(canvas, rng), tuple(panes))


def _show(
    canvas: NDArray[np.uint8], box: Box, shape: str, frame: Grey, rng: np.random.Generator
) -> TruePane:
    x, y, width, height = box
    image = make_image(frame, width, height, shape, rng)
    patch = canvas[y : y + height, x : x + width]
    # most scanners lay a fan over black; some over the interface's own colour
    if rng.random() < 0.7 and canvas[y, x].max() < 128:
        patch[~image.mask] = canvas[y, x]
    else:
        patch[~image.mask] = 0
    patch[image.mask] = image.grey[image.mask][:, None]
    overlay(canvas, box, image.mask, rng)
    mask = np.zeros(canvas.shape[:2], bool)
    mask[y : y + height, x : x + width] = image.mask
    return TruePane(shape, _moved(image.region, x, y), mask)


def _moved(region: Region, dx: int, dy: int) -> Region:
    x, y, *rest = region.numbers
    if region.clip is None:
        return replace(region, numbers=(x + dx, y + dy, *rest))
    left, top, width, height = region.clip
    clip = (left + dx, top + dy, width, height)
    return replace(region, numbers=(x + dx, y + dy, *rest), clip=clip)


def _pixels(box: Box, width: int, height: int, rng: np.random.Generator, jitter: int) -> Box:
    dx, dy = rng.integers(-jitter, jitter + 1, 2) if jitter else (0, 0)
    x = int(np.clip(box[0] + dx, 0, 1000) * width / 1000)
    y = int(np.clip(box[1] + dy, 0, 1000) * height / 1000)
    return x, y, min(box[2] * width // 1000, width - x), min(box[3] * height // 1000, height - y)


def _transmitted(canvas: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """As it is, or through JPEG as clips and archives are."""
    if rng.random() < 0.5:
        return canvas
    quality = int(rng.integers(60, 96))
    _, data = cv2.imencode(".jpg", canvas[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1], np.uint8)

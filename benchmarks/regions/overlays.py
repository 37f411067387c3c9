"""What a scanner paints over the image: calipers, a Doppler box, a zoom box, a focus mark, text."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.regions.drawing import PARTS, Box

Rng = np.random.Generator
Canvas = NDArray[np.uint8]


def overlay(canvas: Canvas, box: Box, mask: NDArray[np.bool_], rng: Rng) -> None:
    """Paint some of them, by chance, into a pane's box."""
    if rng.random() < 0.5:
        _calipers(canvas, box, rng)
    if rng.random() < 0.25:
        _doppler(canvas, box, mask, rng)
    if rng.random() < 0.2:
        _zoom_box(canvas, box, rng)
    if rng.random() < 0.3:
        x, y, width, height = box
        PARTS["text"](
            canvas, (x + width // 20, y + height * 9 // 10, width // 4, height // 12), rng
        )


def _place(box: Box, rng: Rng, low: float = 0.3, high: float = 0.7) -> tuple[int, int]:
    x, y, width, height = box
    return x + int(width * rng.uniform(low, high)), y + int(height * rng.uniform(low, high))


def _calipers(canvas: Canvas, box: Box, rng: Rng) -> None:
    ends = [_place(box, rng), _place(box, rng)]
    size = max(4, canvas.shape[0] // 120)
    for x, y in ends:
        cv2.line(canvas, (x - size, y), (x + size, y), (240, 220, 60), 1)
        cv2.line(canvas, (x, y - size), (x, y + size), (240, 220, 60), 1)
    for share in np.linspace(0, 1, 30)[1:-1]:
        x, y = (np.array(ends[0]) * (1 - share) + np.array(ends[1]) * share).astype(int)
        cv2.circle(canvas, (int(x), int(y)), 1, (240, 220, 60), -1)


def _doppler(canvas: Canvas, box: Box, mask: NDArray[np.bool_], rng: Rng) -> None:
    x, y = _place(box, rng, 0.3, 0.5)
    width, height = int(box[2] * 0.25), int(box[3] * 0.25)
    flow = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), max(3.0, width / 12))
    strong = np.abs(flow) > np.quantile(np.abs(flow), 0.7)
    patch = canvas[y : y + height, x : x + width]
    strong, flow = (
        strong[: patch.shape[0], : patch.shape[1]],
        flow[: patch.shape[0], : patch.shape[1]],
    )
    strong = (
        strong
        & mask[y - box[1] : y - box[1] + strong.shape[0], x - box[0] : x - box[0] + strong.shape[1]]
    )
    patch[strong] = np.where(flow[strong][:, None] > 0, [220, 60, 30], [40, 80, 230])
    cv2.rectangle(canvas, (x, y), (x + width, y + height), (230, 230, 230), 1)


def _zoom_box(canvas: Canvas, box: Box, rng: Rng) -> None:
    x, y = _place(box, rng, 0.25, 0.5)
    cv2.rectangle(canvas, (x, y), (x + box[2] // 3, y + box[3] // 4), (60, 230, 230), 1)

"""Bright lines by direction: what proposals for bones and outlines are found on."""

from functools import lru_cache

import cv2
import numpy as np

SIDE = 224
"""Pixels of the longer side on which proposals are looked for."""
DIRECTIONS = 24


def reduced(frame: np.ndarray) -> np.ndarray:
    """Return a frame (height, width) with its longer side at `SIDE`, float32, contrast evened.

    Evened by the local mean and spread: a dark frame's bone counts as much as a bright one's.
    """
    scale = SIDE / max(frame.shape)
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = small.astype(np.float32) / 255
    mean = cv2.GaussianBlur(grey, (0, 0), 20)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur(grey * grey, (0, 0), 20) - mean * mean, 0))
    return np.asarray((grey - mean) / (spread + 0.04))


def ridge_stack(grey: np.ndarray, across: float = 1.6, along: float = 6.0) -> np.ndarray:
    """Return how much a bright line runs along each direction, (`DIRECTIONS`, height, width).

    The negative second derivative of a Gaussian, `across` wide and `along` long, in pixels
    (Canny's ridge detector). Direction k runs k * 180 / `DIRECTIONS` degrees clockwise from x.
    """
    return np.stack(
        [
            cv2.filter2D(grey, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT)
            for kernel in _kernels(across, along)
        ]
    )


@lru_cache(maxsize=8)
def _kernels(across: float, along: float) -> tuple[np.ndarray, ...]:
    reach = int(np.ceil(2.5 * max(across, along)))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    kernels = []
    for turn in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        weight = np.exp(-0.5 * ((u / along) ** 2 + (v / across) ** 2))
        kernel = (1 - (v / across) ** 2) * weight
        kernel -= kernel.mean()
        kernels.append((kernel / np.abs(kernel).sum()).astype(np.float32))
    return tuple(kernels)

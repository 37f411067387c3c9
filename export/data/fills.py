"""What a painted-over place is filled with: tissue-like enough that its edge is no sign.

Each fill takes a frame, uint8 (height, width), and a mask, bool of the same shape, and returns new
pixels for all of the frame; `painted` blends them in with a soft edge. `mirror` is not among the
recipes' usual fills: it is the one that a network hasn't seen when erasing is measured.
"""

from collections.abc import Callable

import cv2
import numpy as np

Grey = np.ndarray
Fill = Callable[[Grey, np.ndarray, np.random.Generator], Grey]
HELD_BACK = "mirror"
_INPAINT_SIDE = 160
_EDGE_PX = 2.0


def painted(frame: Grey, mask: np.ndarray, fill: str, rng: np.random.Generator) -> Grey:
    """Return a frame whose masked pixels are filled by `fill`, a name in `FILLS`.

    Nothing outside a mask's soft edge changes; an empty mask gives the frame itself.
    """
    if not mask.any():
        return frame
    filled = FILLS[fill](frame, mask, rng).astype(np.float32)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _EDGE_PX)
    soft = np.maximum(soft, mask)  # what is masked goes whole
    return np.asarray(np.clip(frame + soft * (filled - frame) + 0.5, 0, 255).astype(np.uint8))


def _surroundings(frame: Grey, mask: np.ndarray) -> Grey:
    """Return the mean of what lies around each masked place, leaving masked pixels out."""
    known = (~mask).astype(np.float32)
    # as wide as the hole, or its middle would have no neighbour
    sigma = max(
        4.0, 0.5 * float(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).max())
    )
    shrink = max(1, int(sigma / 4))
    size = (max(1, frame.shape[1] // shrink), max(1, frame.shape[0] // shrink))
    light = cv2.resize(frame * known, size, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    light, weight = (cv2.GaussianBlur(part, (0, 0), sigma / shrink) for part in (light, weight))
    mean = light / np.maximum(weight, 1e-3)
    return np.asarray(cv2.resize(mean, frame.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _blur(frame: Grey, mask: np.ndarray, rng: np.random.Generator) -> Grey:
    return _surroundings(frame, mask)


def _speckle(frame: Grey, mask: np.ndarray, rng: np.random.Generator) -> Grey:
    """Fill with Rayleigh speckle of the surroundings' level: what uniform tissue looks like."""
    grain = rng.standard_normal((2, *frame.shape), dtype=np.float32)
    sigma = rng.uniform(0.8, 2.0)
    parts = [cv2.GaussianBlur(part, (0, 0), 1.5 * sigma, sigmaY=sigma) for part in grain]
    amplitude = np.hypot(*parts)
    amplitude /= max(float(amplitude.mean()), 1e-6)
    contrast = rng.uniform(0.2, 0.7)  # log compression leaves less than Rayleigh's own
    return np.asarray(_surroundings(frame, mask) * (1 + contrast * (amplitude - 1)))


def _inpaint(frame: Grey, mask: np.ndarray, rng: np.random.Generator) -> Grey:
    """Fill from the edge inwards (Telea, J. Graphics Tools 9:23, 2004), on a smaller frame."""
    scale = min(1.0, _INPAINT_SIDE / max(frame.shape))
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(mask.astype(np.uint8), small.shape[::-1], interpolation=cv2.INTER_LINEAR)
    hole = cv2.dilate(hole, np.ones((3, 3), np.uint8))
    filled = cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA)
    return np.asarray(cv2.resize(filled, frame.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _copy(frame: Grey, mask: np.ndarray, rng: np.random.Generator) -> Grey:
    """Fill with the frame itself, shifted so that other tissue lies there, at the place's level."""
    height, width = frame.shape
    best, least = np.roll(frame, height // 3, axis=0), 2.0
    for _ in range(8):
        dy, dx = int(rng.integers(height // 8, height)), int(rng.integers(0, width))
        # how much of what would be copied is the structure itself, or black
        shifted = np.roll(frame, (dy, dx), (0, 1))
        own = np.roll(mask, (dy, dx), (0, 1))[mask].mean() + (shifted[mask] < 8).mean()
        if own < least:
            best, least = shifted, float(own)
    level = _surroundings(frame, mask) / np.maximum(cv2.blur(best.astype(np.float32), (41, 41)), 4)
    return np.asarray(best * np.clip(level, 0.4, 2.5))


def _mirror(frame: Grey, mask: np.ndarray, rng: np.random.Generator) -> Grey:
    """Fill each column of the hole with what lies just above it and below it, mirrored."""
    rows = np.arange(frame.shape[0])[:, None]
    inside = mask.cumsum(0)
    above = np.maximum.accumulate(np.where(mask, -1, rows), axis=0)
    below = np.minimum.accumulate(np.where(mask, frame.shape[0], rows)[::-1], axis=0)[::-1]
    up, down = 2 * above - rows + 1, 2 * below - rows - 1
    upper = (rows - above <= below - rows) & (above >= 0) | (below >= frame.shape[0])
    source = np.clip(np.where(upper, up, down), 0, frame.shape[0] - 1)
    mirrored = np.take_along_axis(frame, np.where(inside > 0, source, rows), axis=0)
    return np.asarray(cv2.GaussianBlur(mirrored, (0, 0), 1.0))


FILLS: dict[str, Fill] = {
    "inpaint": _inpaint,
    "blur": _blur,
    "speckle": _speckle,
    "copy": _copy,
    HELD_BACK: _mirror,
}

"""Where the ultrasound image lies on a scanner's screen.

The frame is reduced to at most 480 cells a side, in one pass of the kernel. What is flat there over
a large surface is the interface's background; what is solid beside it, and neither as blank as a
panel nor as full of hard edges as text, is an image. A rectangle, a sector, and where these leave
much over a sector cut off by a window are fitted to it; the best is kept, and each of its sides is
moved to where the grey level changes. With several frames, dark parts that light up later count
too, and images that move come before those that stand.

It finds pictures of tissue by how they look, so a photograph on a screen is found as well. Parts
of an image that are as black as the screen around it can't be told from it in one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _kernels
from ._shown import shown
from .errors import FrameError
from .frame import Frame, Region
from .preprocess import Preprocessing

__all__ = ["MAX_FRAMES", "Grid", "find_region", "find_regions", "grid_of", "regions_on"]

MAX_FRAMES = 64
"""Most frames that one search looks at."""
_LONGEST = 480  # cells: fine enough for 1 % of a screen's width, coarse enough for 3 ms
_SHORTEST = 16
_LEVELS = 255.0

Grid = NDArray[np.float32]
_FrameLike = Frame | NDArray[np.uint8]


def find_region(frames: _FrameLike | Sequence[_FrameLike]) -> Region:
    """Find the live image on a screen: the one that moves, else the largest.

    One frame takes about 1.2 ms at 1920x1080. Several, some hundred milliseconds apart, are surer,
    and take that long each.

    Args:
        frames: one frame or a list of them, 1 to 64 of one size, in any format. Their own regions
            have no say.

    Returns:
        A rectangle or a sector in the frame's pixels (with the window that cuts it off as its
        `clip`, where one does), of origin `found`, with a confidence: near 1 where an image of a
        clear shape stands out from its surroundings, below 0.6 where the shape fits badly. A frame
        that is nothing but an image gives a rectangle of the whole frame.

    Raises:
        FrameError: `region-not-found` where nothing looks like an image; `region-frames`, or what
            else is wrong with a frame.
    """
    found = find_regions(frames)
    if not found:
        raise FrameError(
            "region-not-found",
            "no image was found on the screen; name its place by region=, or wait for a frame that "
            "shows one",
        )
    return found[0]


def find_regions(frames: _FrameLike | Sequence[_FrameLike]) -> tuple[Region, ...]:
    """Find every image on a screen, as `find_region`: all its panes, none for a screen without one.

    Images much smaller than the largest (below 0.35 of its area), such as thumbnails, are left out.

    Raises:
        FrameError: as `find_region`, but for `region-not-found`.
    """
    listed = _listed(frames)
    return regions_on([grid_of(frame) for frame in listed], listed[0].width, listed[0].height)


def grid_of(frame: Frame) -> Grid:
    """Reduce a whole frame to the cells that are searched: float32 (rows, columns), 0 to 255."""
    recipe = _reducer(*_grid_size(frame.width, frame.height))
    grid = np.empty((recipe.height, recipe.width), np.float32)
    recipe.tensor_into(frame if frame.region is None else frame.with_region(None), grid)
    return grid


def regions_on(grids: Sequence[Grid], width: int, height: int) -> tuple[Region, ...]:
    """Search the grids of one or more frames of a screen of `width` x `height` pixels."""
    cells = np.stack(grids)
    frames, rows, columns = cells.shape
    found = _kernels.find_regions(cells, (frames, rows, columns))
    return tuple(_region(one, (width, height), (width / columns, height / rows)) for one in found)


def _region(
    found: tuple[bool, tuple[float, ...], tuple[float, ...] | None, float],
    size: tuple[int, int],
    scale: tuple[float, float],
) -> Region:
    sector, numbers, clip, confidence = found
    across, down = scale
    if sector:
        cx, cy, r_min, r_max, low, high = numbers
        both = (across + down) / 2
        in_pixels = (cx * across, cy * down, r_min * both, r_max * both, low, high)
        window = None if clip is None else _pixels(clip, size, scale)
        return Region("sector", in_pixels, "found", confidence, window)
    return Region("rectangle", _pixels(numbers, size, scale), "found", confidence)


def _pixels(
    numbers: tuple[float, ...], size: tuple[int, int], scale: tuple[float, float]
) -> tuple[int, int, int, int]:
    across, down = scale
    x0, y0 = round(numbers[0] * across), round(numbers[1] * down)
    x1 = min(round((numbers[0] + numbers[2]) * across), size[0])
    y1 = min(round((numbers[1] + numbers[3]) * down), size[1])
    return x0, y0, max(x1 - x0, 1), max(y1 - y0, 1)


def _grid_size(width: int, height: int) -> tuple[int, int]:
    step = max(1, -(-max(width, height) // _LONGEST))
    return max(_SHORTEST, round(width / step)), max(_SHORTEST, round(height / step))


@lru_cache(16)
def _reducer(width: int, height: int) -> Preprocessing:
    return Preprocessing(width, height, aspect="stretch", std=1 / _LEVELS)


def _listed(frames: Any) -> list[Frame]:
    given = list(frames) if isinstance(frames, list | tuple) else [frames]
    if not 1 <= len(given) <= MAX_FRAMES:
        raise FrameError(
            "region-frames", f"frames holds {len(given)} frames, allowed are 1 to {MAX_FRAMES}"
        )
    listed = [f if isinstance(f, Frame) else Frame.from_array(f) for f in given]
    sizes = sorted({(f.width, f.height) for f in listed})
    if len(sizes) > 1:
        raise FrameError(
            "region-frames", f"frames have the sizes {shown(sizes)}, they must be of one size"
        )
    return listed

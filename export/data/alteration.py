"""Frames as other than they are: painted over, cropped, cut up, or replaced by a drawing."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from export.data.drawn import draw
from export.data.fills import painted
from export.data.shapes import Shape

Grey = np.ndarray
MARGIN = 0.025
"""By which a shape is widened where it is painted over, in shares of the frame's width."""
_LEAST_TILES, _MOST_TILES = 4, 8  # along a side: a femur or a skull lies over several
_TRIES = 12  # of a place elsewhere; a frame that a body fills may have none
_LEAST_CROP = 0.3


@dataclass(frozen=True)
class Alteration:
    """What is done to a frame each time a view of it is drawn.

    Attributes:
        how: `erased`: `shapes` are painted over. `elsewhere`: shapes like `stencil` are painted
            where none of `shapes` is. `beside`: a crop that holds none of `shapes`. `shuffled`:
            cut into tiles that change places, so that textures stay and structures go. `drawn`: a
            picture of the frame's size that shows no tissue.
        shapes: of the frame's own structure.
        fills: of `export.data.fills.FILLS`; one is drawn each time.
        stencil: what is painted elsewhere.
    """

    how: Literal["erased", "elsewhere", "beside", "shuffled", "drawn"]
    shapes: tuple[Shape, ...] = ()
    fills: tuple[str, ...] = ()
    stencil: tuple[Shape, ...] = ()

    def apply(self, frame: Grey, rng: np.random.Generator) -> Grey:
        """Return the altered frame; the crop is smaller, the others keep their size.

        Where no place elsewhere is found, the frame is returned as it is.
        """
        if self.how == "drawn":
            return draw(frame.shape[0], frame.shape[1], rng)
        if self.how == "shuffled":
            return _shuffled(frame, rng)
        own = covered(self.shapes, frame, MARGIN)
        if self.how == "beside":
            top, bottom, left, right = largest_beside(own)
            return np.ascontiguousarray(frame[top:bottom, left:right])
        fill = str(rng.choice(self.fills))  # anew for each view, so that no one fill is the cue
        if self.how == "erased":
            return painted(frame, own, fill, rng)
        return painted(frame, _elsewhere(frame, own, self.stencil, rng), fill, rng)


def _shuffled(frame: Grey, rng: np.random.Generator) -> Grey:
    """Return a frame's tiles in another order; what is left of a whole tile is cut off."""
    rows, columns = (int(n) for n in rng.integers(_LEAST_TILES, _MOST_TILES, 2, endpoint=True))
    tall, wide = max(1, frame.shape[0] // rows), max(1, frame.shape[1] // columns)
    rows, columns = min(rows, frame.shape[0]), min(columns, frame.shape[1])
    tiles = frame[: rows * tall, : columns * wide].reshape(rows, tall, columns, wide)
    tiles = rng.permutation(tiles.swapaxes(1, 2).reshape(-1, tall, wide))
    whole = tiles.reshape(rows, columns, tall, wide).swapaxes(1, 2)
    return np.ascontiguousarray(whole.reshape(rows * tall, columns * wide))


def covered(shapes: tuple[Shape, ...], frame: Grey, margin: float) -> np.ndarray:
    """Return which pixels of a frame any of `shapes` covers, `margin` widened."""
    mask = np.zeros(frame.shape, dtype=bool)
    for shape in shapes:
        mask |= shape.mask(frame.shape[0], frame.shape[1], margin)
    return mask


def _elsewhere(
    frame: Grey, own: np.ndarray, stencil: tuple[Shape, ...], rng: np.random.Generator
) -> np.ndarray:
    """Return a mask like the stencil's, on lit pixels, beside the structure; empty if none fits."""
    tall = frame.shape[0] / frame.shape[1]
    for _ in range(_TRIES):
        target = np.array([rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9) * tall])
        shift = target - np.mean([shape.centre for shape in stencil], axis=0)
        moved = tuple(shape.moved(float(shift[0]), float(shift[1])) for shape in stencil)
        mask = covered(moved, frame, MARGIN)
        # a body fills most of a frame: what is left of its stencil beside it is painted
        mask &= ~own
        # paint on the black around a sector would be no paint on tissue, and a few pixels no paint
        if mask.mean() > 0.004 and (frame[mask] > 8).mean() > 0.5:
            return mask
    return np.zeros(frame.shape, dtype=bool)


def largest_beside(own: np.ndarray) -> tuple[int, int, int, int]:
    """Return the largest of the four strips beside what is covered: top, bottom, left, right."""
    height, width = own.shape
    rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
    if not len(rows):
        return 0, height, 0, width
    strips = (
        (0, int(rows[0]), 0, width),
        (int(rows[-1]) + 1, height, 0, width),
        (0, height, 0, int(columns[0])),
        (0, height, int(columns[-1]) + 1, width),
    )
    return max(strips, key=lambda s: (s[1] - s[0]) * (s[3] - s[2]))


def has_room_beside(shapes: tuple[Shape, ...], height: int, width: int) -> bool:
    """Return whether a crop beside the structure is at least 0.3 of each side."""
    own = covered(shapes, np.zeros((height, width), np.uint8), MARGIN)
    top, bottom, left, right = largest_beside(own)
    return bottom - top >= _LEAST_CROP * height and right - left >= _LEAST_CROP * width

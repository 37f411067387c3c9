"""The canvas of an animation, on which frames are laid over what was there (GIF89a, APNG)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

KEEP, CLEAR, RESTORE = "keep", "clear", "restore"
"""What happens to a frame's rectangle after it was shown."""


class Canvas:
    """What a viewer shows, over black; where nothing was drawn it is black.

    Laid over black, a colour is its product with alpha, and a frame laid over another one needs no
    more than that: the canvas has no alpha of its own.
    """

    def __init__(self, width: int, height: int) -> None:
        """Begin with a black canvas."""
        self._pixels = np.zeros((height, width, 3), np.uint8)

    def draw(
        self,
        left: int,
        top: int,
        colour: npt.NDArray[np.uint8],
        alpha: npt.NDArray[np.uint8],
        *,
        over: bool,
        then: str,
    ) -> npt.NDArray[Any]:
        """Draw a frame and return what is shown.

        Args:
            left: column of the frame's first pixel.
            top: row of the frame's first pixel.
            colour: (height, width, 3), inside the canvas.
            alpha: (height, width), 255 opaque.
            over: lay it over what is there; else put it in its place.
            then: `KEEP`, `CLEAR` or `RESTORE`, for the next frame.
        """
        rows, columns = colour.shape[:2]
        place = self._pixels[top : top + rows, left : left + columns]
        before = place.copy()
        weight = alpha.astype(np.uint16)[..., None]
        drawn = colour * weight
        if over:
            drawn = drawn + before * (np.uint16(255) - weight)
        place[...] = ((drawn + np.uint16(127)) // np.uint16(255)).astype(np.uint8)
        shown = self._pixels.copy()
        if then == CLEAR:
            place[...] = 0
        elif then == RESTORE:
            place[...] = before
        return shown

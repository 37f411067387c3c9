"""Where a student's input came from in the frame, to take its attention back there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import _kernels
from ._region import Region
from .frame import layout_of_pixels


class Placement(NamedTuple):
    """The frame's size, the tensor's size, and the tensor's cells that hold the region.

    Attributes:
        frame: (width, height) in pixels.
        tensor: (width, height) in cells.
        inner: (x, y, width, height) in cells; the rest is letterbox.
    """

    frame: tuple[int, int]
    tensor: tuple[int, int]
    inner: tuple[int, int, int, int]

    def spread(self, attention: NDArray[np.float32], region: Region | None) -> NDArray[np.float32]:
        """Return an attention map as a new float32 array (height, width) of the frame's pixels."""
        width, height = self.frame
        out = np.empty((height, width), np.float32)
        rows, columns = attention.shape
        layout = layout_of_pixels(width, height, region)
        _kernels.spread_attention(layout, attention, (rows, columns), self.tensor, self.inner, out)
        return out

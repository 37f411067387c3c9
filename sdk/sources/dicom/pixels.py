"""From the cells of a frame to grey or RGB of 8 bits, by photometric interpretation."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .grey import Display, display_of
from .groups import Groups
from .image import MONOCHROME, PALETTE, Image
from .palette import palette_of
from .values import Header

Levels = npt.NDArray[np.uint8]
# a table for each value that can be stored, up to this many bits; above it, value by value
_MAX_TABLE_BITS = 16
_PIECE_PIXELS = 1 << 18


class Converter:
    """Converts the frames of one file (PS3.3 C.7.6.3.1.2, C.11).

    - MONOCHROME1 and 2: modality LUT or rescale, then the first window, else the first VOI LUT,
      else the whole range of what can be stored; MONOCHROME1 is inverted.
    - PALETTE COLOR: looked up.
    - RGB: as decoded. YBR_FULL and YBR_FULL_422: the luma is the grey (full range, BT.601), no way
      round by RGB.

    Raises:
        SourceError: `source-unsupported` or `source-malformed`.
    """

    def __init__(self, header: Header, image: Image, groups: Groups) -> None:
        self._header = header
        self._image = image
        self._groups = groups
        self._palette = palette_of(header, image) if image.photometric == PALETTE else None
        if image.photometric in MONOCHROME:
            self._check_supplement()
            self._display(0)  # what is wrong with the first frame's is told before it is decoded
        self._table = lru_cache(maxsize=2)(self._make_table)

    def convert(self, cells: npt.NDArray[Any], index: int) -> Levels:
        """Return one frame, uint8: (rows, columns) grey, or (rows, columns, 3) RGB.

        Args:
            cells: unsigned, as they are stored.
            index: of the frame.
        """
        image = self._image
        if self._palette is not None:
            return np.take(self._palette, self._samples(cells), axis=0)
        if image.photometric not in MONOCHROME:
            return self._scaled(cells)
        display = self._display(index)
        if image.stored <= _MAX_TABLE_BITS:
            return np.take(self._table(display), self._samples(cells))
        return self._in_pieces(cells, lambda part: display.levels(self._values(part), image))

    def _display(self, index: int) -> Display:
        return display_of(
            lambda sequence: self._groups.places(index, sequence), self._header, self._image
        )

    def _samples(self, cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cut the sample out of its cell: the bits above and below it are others' (overlays)."""
        image = self._image
        native = cells.astype(cells.dtype.newbyteorder("="), copy=False)
        if image.shift == 0 and image.stored >= 8 * native.itemsize:
            return native
        mask = native.dtype.type((1 << image.stored) - 1)
        samples: npt.NDArray[Any] = (native >> native.dtype.type(image.shift)) & mask
        return samples

    def _values(self, cells: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        samples = self._samples(cells).astype(np.int64)
        half = 1 << (self._image.stored - 1)
        return (samples ^ half) - half if self._image.signed else samples

    def _make_table(self, display: Display) -> Levels:
        every = np.arange(1 << self._image.stored, dtype=np.int64)
        half = 1 << (self._image.stored - 1)
        return display.levels((every ^ half) - half if self._image.signed else every, self._image)

    def _scaled(self, cells: npt.NDArray[Any]) -> Levels:
        if self._image.stored == 8:
            return self._samples(cells).astype(np.uint8, copy=False)
        top = (1 << self._image.stored) - 1

        def scale(part: npt.NDArray[Any]) -> Levels:
            wide = self._samples(part).astype(np.int64)
            return ((wide * 255 + top // 2) // top).astype(np.uint8)

        return self._in_pieces(cells, scale)

    def _in_pieces(self, cells: npt.NDArray[Any], convert: Any) -> Levels:
        """Convert some rows at a time, for the numbers between are wide."""
        levels = np.empty(cells.shape, np.uint8)
        step = max(1, _PIECE_PIXELS // self._image.columns)
        for row in range(0, len(cells), step):
            levels[row : row + step] = convert(cells[row : row + step])
        return levels

    def _check_supplement(self) -> None:
        presentation = self._header.text("PixelPresentation")
        if presentation in ("COLOR", "MIXED", "TRUE_COLOR"):
            raise self._header.error(
                "source-unsupported",
                f"{self._header.describe('PixelPresentation')} is {presentation}: some grey values "
                "stand for colours (Supplemental Palette); convert it",
            )

"""How many bytes a packed frame of each format has, plane by plane."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._formats import FACTS

ARRAYS: dict[str, tuple[type[np.generic[Any]], int]] = {
    "GRAY8": (np.uint8, 1),
    "GRAY16": (np.uint16, 1),
    "RGB24": (np.uint8, 3),
}
"""Element type and channels of the formats whose frames are arrays (height, width[, channels])."""

_HALF_WIDTH = frozenset(("NV12", "NV21", "NV16", "NV61", "I420", "YV12", "I422", "YV16", "P010",
                         "P210", "I010"))  # fmt: skip
_HALF_HEIGHT = frozenset(("NV12", "NV21", "I420", "YV12", "P010", "I010"))


class Plane(NamedTuple):
    """One plane of a frame: rows of cells, each cell of so many bytes.

    A cell is what lies together: a pixel, a pair of chroma samples, two pixels of packed YUV.
    """

    rows: int
    cells: int
    cell_bytes: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a row without padding."""
        return self.cells * self.cell_bytes


def planes_of(format_: str, width: int, height: int) -> list[Plane]:
    """Return the planes of a frame of a canonical format other than MJPEG."""
    facts = FACTS[format_]
    if facts["planes"] == 1:
        if facts["yuv"]:  # packed 4:2:2
            return [Plane(height, -(-width // 2), 4)]
        return [Plane(height, width, facts["pixel_bytes"])]
    sample = facts["sample_bytes"]
    columns = -(-width // 2) if format_ in _HALF_WIDTH else width
    rows = -(-height // 2) if format_ in _HALF_HEIGHT else height
    luma = Plane(height, width, sample)
    if facts["planes"] == 2:
        return [luma, Plane(rows, columns, 2 * sample)]
    return [luma, Plane(rows, columns, sample), Plane(rows, columns, sample)]


def frame_bytes(format_: str, width: int, height: int) -> int:
    """Return the size of a frame whose planes follow one another without padding."""
    return sum(p.rows * p.row_bytes for p in planes_of(format_, width, height))

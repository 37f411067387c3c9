"""The samples of a TIFF page, from its strips or tiles, each decompressed to its exact size."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ..base import MAX_SIDE, optional_import
from .common import exactly, malformed, size_of, truncated

_NONE, _DEFLATE = 1, (8, 32946)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of a page are stored; a piece is a strip or a tile."""

    order: str
    width: int
    height: int
    samples: int
    bits: int
    compression: int
    predicted: bool
    reversed_bits: bool
    separate: bool
    piece_width: int
    piece_height: int
    tiled: bool
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def samples_in_piece(self) -> int:
        """Samples of a pixel that lie together."""
        return 1 if self.separate else self.samples

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of a piece; rows begin on a byte."""
        return (self.piece_width * self.samples_in_piece * self.bits + 7) // 8


def read_samples(file: BinaryIO, name: str, layout: Layout) -> npt.NDArray[Any]:
    """Return the samples of a page.

    Returns:
        uint8 or uint16 (height, width, samples), as stored.

    Raises:
        SourceError: `source-malformed`, or `source-truncated`.
    """
    across, down = _grid(layout, name)
    dtype = np.uint8 if layout.bits <= 8 else np.uint16
    page = np.empty((layout.height, layout.width, layout.samples), dtype)
    per_plane = across * down
    for number in range(per_plane * (layout.samples if layout.separate else 1)):
        plane, place = divmod(number, per_plane)
        top, left = (place // across) * layout.piece_height, (place % across) * layout.piece_width
        # a strip ends with the page, a tile is stored whole
        rows = (
            layout.piece_height if layout.tiled else min(layout.piece_height, layout.height - top)
        )
        data = _piece(file, name, layout, number, rows)
        samples = _unpacked(data, layout, rows)
        target = page[top : top + rows, left : left + layout.piece_width]
        if layout.separate:
            target = target[..., plane : plane + 1]
        target[...] = samples[: target.shape[0], : target.shape[1]]
    return page


def _grid(layout: Layout, name: str) -> tuple[int, int]:
    """Check the pieces against the page; return how many stand across and down."""
    if not (1 <= layout.piece_width <= 2 * MAX_SIDE and 1 <= layout.piece_height <= 2 * MAX_SIDE):
        raise malformed(name, f"strips or tiles of {layout.piece_width} x {layout.piece_height}")
    across = -(-layout.width // layout.piece_width)
    down = -(-layout.height // layout.piece_height)
    count = across * down * (layout.samples if layout.separate else 1)
    if len(layout.offsets) != count or len(layout.sizes) != count:
        raise malformed(
            name,
            f"{len(layout.offsets)} offsets and {len(layout.sizes)} sizes of strips or tiles, its "
            f"width and height make {count}",
        )
    return across, down


def _piece(file: BinaryIO, name: str, layout: Layout, number: int, rows: int) -> bytes:
    offset, size, needed = layout.offsets[number], layout.sizes[number], rows * layout.row_bytes
    if offset + size > size_of(file):
        raise truncated(name, f"strip or tile {number} lies beyond the file's end")
    file.seek(offset)
    if layout.compression == _NONE:
        if size < needed:
            raise truncated(name, f"strip or tile {number} has {size} of {needed} bytes")
        data = exactly(file, needed, name)
        return data.translate(_REVERSED) if layout.reversed_bits else data
    data = exactly(file, size, name)
    if layout.compression in _DEFLATE:
        return _inflated(data, needed, name)
    return _by_libtiff(data, layout.compression, layout.row_bytes, rows, name)


def _inflated(data: bytes, needed: int, name: str) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, needed)
    except zlib.error as error:
        raise malformed(name, f"a Deflate strip is damaged: {error}") from error
    if len(inflated) < needed:
        raise truncated(name, f"a Deflate strip holds {len(inflated)} of {needed} bytes")
    return inflated


def _by_libtiff(data: bytes, compression: int, row_bytes: int, rows: int, name: str) -> bytes:
    """Decompress through Pillow: a page of 8-bit grey, whose one strip this is."""
    image = optional_import("PIL.Image", "Pillow", "images")
    entries = [(256, row_bytes), (257, rows), (258, 8), (259, compression), (262, 1), (273, 0),
               (277, 1), (278, rows), (279, len(data))]  # fmt: skip
    start = 8 + 2 + 12 * len(entries) + 4
    entries[5] = (273, start)
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    header = b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)
    try:
        with image.open(io.BytesIO(header + data), formats=("TIFF",)) as page:
            return bytes(page.tobytes())
    except (OSError, ValueError, SyntaxError, struct.error) as error:
        raise malformed(name, f"a strip or tile cannot be decompressed: {error}") from error


def _unpacked(data: bytes, layout: Layout, rows: int) -> npt.NDArray[Any]:
    """Return (rows, piece_width, samples in the piece) of whole samples."""
    per_row, bits = layout.piece_width * layout.samples_in_piece, layout.bits
    shape = (rows, layout.piece_width, layout.samples_in_piece)
    if bits == 8:
        values: npt.NDArray[Any] = np.frombuffer(data, np.uint8).reshape(shape)
    elif bits == 16:
        values = np.frombuffer(data, f"{layout.order}u2").reshape(shape).astype(np.uint16)
    else:
        values = _of_odd_bits(np.frombuffer(data, np.uint8).reshape(rows, -1), per_row, bits)
        values = values.reshape(shape)
    if layout.predicted:  # each sample is stored as the difference to its left neighbour
        values = np.add.accumulate(values, axis=1, dtype=values.dtype)
    return values


def _of_odd_bits(rows: npt.NDArray[np.uint8], per_row: int, bits: int) -> npt.NDArray[Any]:
    """Unpack samples that lie bit by bit, most significant first, whatever the byte order."""
    stream = np.unpackbits(rows, axis=1, count=per_row * bits)
    stream = stream.reshape(len(rows), per_row, bits)
    values = np.zeros((len(rows), per_row), np.uint8 if bits <= 8 else np.uint16)
    for at in range(bits):
        values = (values << 1) | stream[..., at]
    return values

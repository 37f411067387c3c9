"""RLE Lossless (PS3.5 annex G): PackBits of byte planes, decoded in bounds of the frame."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ...codestreams import Cut, Damaged
from .image import Image

_HEADER_BYTES = 64
_MAX_SEGMENTS = 15


def decode_rle(data: bytes, image: Image) -> npt.NDArray[np.unsignedinteger]:
    """Decode one frame.

    Args:
        data: header and segments, one for each byte of each sample, high bytes first.
        image: whose size and depth the segments must have.

    Returns:
        Cells, (rows, columns) or (rows, columns, samples).

    Raises:
        Damaged: segments don't hold what the header declares. `Cut` when they hold less.
    """
    depth = image.allocated // 8
    count = image.samples * depth
    pixels = image.rows * image.columns
    planes = np.empty((count, pixels), np.uint8)
    for plane, (start, end) in zip(planes, _segments(data, count), strict=True):
        _unpack(data[start:end], plane)
    cells = planes.reshape(image.samples, depth, image.rows, image.columns)
    if depth == 1:
        whole = cells[:, 0]
    else:
        whole = np.moveaxis(cells, 1, -1).copy().view(f">u{depth}")[..., 0]
    return whole[0] if image.samples == 1 else whole.transpose(1, 2, 0)


def _segments(data: bytes, count: int) -> list[tuple[int, int]]:
    if len(data) < _HEADER_BYTES:
        raise Cut("it ends inside its RLE header")
    declared, *offsets = struct.unpack_from("<16I", data)
    # three samples of 8 bytes would need more segments than the header has room for
    if declared != count or count > _MAX_SEGMENTS:
        raise Damaged(f"it has {declared} RLE segments, the header needs {count}")
    used = offsets[:count]
    if used[0] != _HEADER_BYTES or any(a >= b for a, b in pairwise([*used, len(data)])):
        raise Damaged("its RLE segments don't follow one another")
    return list(pairwise([*used, len(data)]))


def _unpack(segment: bytes, plane: npt.NDArray[np.uint8]) -> None:
    """Decode one segment into `plane`, which it must fill exactly."""
    made, position = bytearray(), 0
    needed, size = len(plane), len(segment)
    while len(made) < needed:
        if position >= size:
            raise Cut(f"an RLE segment holds {len(made)} bytes, the header needs {needed}")
        code = segment[position]
        if code < 128:
            made += segment[position + 1 : position + 2 + code]
            position += code + 2
        elif code > 128:
            made += segment[position + 1 : position + 2] * (257 - code)
            position += 2
        else:
            position += 1  # 128 does nothing
    if position > size:
        raise Cut("an RLE segment ends inside a run")
    # a segment is padded to an even length, by zero or by the code that does nothing
    if len(made) > needed or segment[position:].strip(b"\0\x80"):
        raise Damaged(f"an RLE segment holds more than the {needed} bytes that the header needs")
    plane[:] = np.frombuffer(made, np.uint8)

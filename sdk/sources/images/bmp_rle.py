"""The run lengths of a bitmap (RLE8 and RLE4); every pixel must be written, and once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .common import malformed, truncated, unsupported

_END_OF_LINE, _END_OF_BITMAP, _DELTA = 0, 1, 2


def indices_of_runs(
    data: bytes, width: int, height: int, name: str, *, nibbles: bool
) -> npt.NDArray[np.uint8]:
    """Return the colour indices, (height, width), in the order in which rows are stored.

    Args:
        data: from the first run to the end of the file, or of the pixels.
        width: of the image.
        height: of the image.
        name: for messages.
        nibbles: RLE4: two indices a byte.

    Raises:
        SourceError: `source-truncated`, `source-malformed`, or `source-unsupported` when pixels
            are left out: what they show isn't in the file.
    """
    rows = bytearray(width * height)
    at = x = y = 0
    while y < height:
        pair = data[at : at + 2]
        if len(pair) < 2:
            raise truncated(name, f"its run lengths end in row {y} of {height}")
        count, value, at = pair[0], pair[1], at + 2
        if count == 0 and value == _END_OF_LINE:
            if x < width:
                raise unsupported(name, f"its run lengths leave out pixels of row {y}")
            x, y = 0, y + 1
            continue
        if count == 0 and value in (_END_OF_BITMAP, _DELTA):
            # behind the last pixel it may stand; anywhere else it leaves pixels to the reader
            if value == _END_OF_BITMAP and x == width and y == height - 1:
                break
            raise unsupported(name, f"its run lengths leave out pixels from row {y} on")
        if count:
            pixels, used = _encoded(count, value, nibbles), 0
        else:
            count = value
            pixels, used = _absolute(data[at : at + 256], count, nibbles)
        if x + count > width or len(pixels) < count:
            raise malformed(name, f"a run of {count} pixels at ({x}, {y}), the width is {width}")
        rows[y * width + x : y * width + x + count] = pixels
        x, at = x + count, at + used
    return np.frombuffer(bytes(rows), np.uint8).reshape(height, width)


def _encoded(count: int, value: int, nibbles: bool) -> bytes:
    if not nibbles:
        return bytes([value]) * count
    return (bytes([value >> 4, value & 15]) * (count // 2 + 1))[:count]


def _absolute(data: bytes, count: int, nibbles: bool) -> tuple[bytes, int]:
    """Return the pixels of an absolute run and the bytes it takes: an even number."""
    if not nibbles:
        return data[:count], count + count % 2
    size = (count + 1) // 2
    pixels = b"".join(bytes([byte >> 4, byte & 15]) for byte in data[:size])[:count]
    return pixels, size + size % 2

"""Windows and OS/2 bitmaps, from their bytes: no decoder in between."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ..base import check_pixels
from .bmp_rle import indices_of_runs
from .common import (
    Picture,
    Pictures,
    exactly,
    malformed,
    over_black,
    size_of,
    to_8_bits,
    truncated,
    unsupported,
)

_CORE, _HEADERS = 12, (12, 40, 52, 56, 108, 124)  # readers differ on the 64 of OS/2 2.x
_RGB, _RLE8, _RLE4, _BITFIELDS, _ALPHABITFIELDS = 0, 1, 2, 3, 6
_COMPRESSION = {0: "none", 1: "RLE8", 2: "RLE4", 3: "bit fields", 4: "JPEG", 5: "PNG",
                6: "bit fields with alpha"}  # fmt: skip
# bits of a pixel that each compression allows
_BITS = {_RGB: (1, 4, 8, 16, 24, 32), _RLE8: (8,), _RLE4: (4,), _BITFIELDS: (16, 32),
         _ALPHABITFIELDS: (16, 32)}  # fmt: skip
_MASKS = {16: (0x7C00, 0x03E0, 0x001F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    upwards: bool  # the first stored row is the lowest
    bits: int
    compression: int
    masks: tuple[int, int, int, int]
    palette_start: int
    palette_entry: int  # bytes
    colours: int
    offset: int  # of the pixels
    data_bytes: int  # of the pixels, 0 when it isn't said


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a BMP file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported` or
            `source-too-large`.
    """
    header = _header(file, name)
    return Pictures(1, _each(file, name, header))


def _each(file: BinaryIO, name: str, header: _Header) -> Iterator[Picture]:
    check_pixels(name, header.width, header.height)
    if header.bits <= 8:
        pixels = _looked_up(file, name, header, _indices(file, name, header))
    else:
        pixels = _direct(file, name, header)
    yield Picture(np.ascontiguousarray(pixels[::-1] if header.upwards else pixels))


def _header(file: BinaryIO, name: str) -> _Header:
    offset = struct.unpack("<10xI", exactly(file, 14, name))[0]
    size = struct.unpack("<I", exactly(file, 4, name))[0]
    if size not in _HEADERS:
        raise unsupported(name, f"a BMP header of {size} bytes, allowed are {_HEADERS}")
    body = exactly(file, size - 4, name)
    if size == _CORE:
        width, height, planes, bits = struct.unpack("<HHHH", body)
        compression = data_bytes = colours = 0
    else:
        width, height, planes, bits, compression, data_bytes, _, _, colours = struct.unpack_from(
            "<iiHHIIiiI", body
        )
    if planes != 1 or bits not in _BITS.get(compression, ()):
        what = _COMPRESSION.get(compression, str(compression))
        raise unsupported(name, f"{bits} bits a pixel, {planes} planes, compression {what}")
    upwards, height = height > 0, abs(height)
    check_pixels(name, width, height)
    if not upwards and compression in (_RLE8, _RLE4):
        raise malformed(name, "run lengths in an image stored from its top")
    masks, palette_start = _masks(file, name, size, body, bits, compression)
    entry = 3 if size == _CORE else 4
    if bits <= 8:
        room = (offset - palette_start) // entry
        colours = min(colours or 1 << bits, 1 << bits, room)
    if offset < palette_start or offset > size_of(file) or (bits <= 8 and colours < 1):
        raise malformed(name, f"its pixels begin at byte {offset}")
    return _Header(
        width, height, upwards, bits, compression, masks, palette_start, entry, colours, offset,
        data_bytes,
    )  # fmt: skip


def _masks(
    file: BinaryIO, name: str, size: int, body: bytes, bits: int, compression: int
) -> tuple[tuple[int, int, int, int], int]:
    """Return the masks of red, green, blue and alpha, and where the headers end."""
    end = 14 + size
    masks = _MASKS.get(bits, (0, 0, 0, 0))
    if compression in (_BITFIELDS, _ALPHABITFIELDS):
        count = 4 if compression == _ALPHABITFIELDS or size >= 56 else 3
        if size == 40:  # they follow the header
            masks = struct.unpack(f"<{count}I", exactly(file, 4 * count, name)) + (0,) * (4 - count)
            end += 4 * count
        else:
            masks = struct.unpack_from(f"<{count}I", body, 36) + (0,) * (4 - count)
    used = 0
    for mask in masks:
        run = mask >> ((mask & -mask).bit_length() - 1) if mask else 0
        if run & (run + 1) or mask & used or mask >> bits:
            raise malformed(name, f"bit masks {', '.join(f'{one:#x}' for one in masks)}")
        used |= mask
    if bits in (16, 32) and not all(masks[:3]):
        raise malformed(name, "a bit mask of a colour is empty")
    return masks, end


def _rows(file: BinaryIO, name: str, header: _Header) -> npt.NDArray[np.uint8]:
    row_bytes = (header.width * header.bits + 31) // 32 * 4
    if header.offset + row_bytes * header.height > size_of(file):
        raise truncated(name, f"{row_bytes * header.height} bytes of pixels are declared")
    file.seek(header.offset)
    data = exactly(file, row_bytes * header.height, name)
    return np.frombuffer(data, np.uint8).reshape(header.height, row_bytes)


def _indices(file: BinaryIO, name: str, header: _Header) -> npt.NDArray[np.uint8]:
    if header.compression != _RGB:
        file.seek(header.offset)
        data = exactly(file, header.data_bytes or size_of(file) - header.offset, name)
        half = header.compression == _RLE4
        return indices_of_runs(data, header.width, header.height, name, nibbles=half)
    rows = _rows(file, name, header)
    if header.bits == 8:
        return rows[:, : header.width]
    bits = np.unpackbits(rows, axis=1)[:, : header.width * header.bits]
    grouped = bits.reshape(header.height, header.width, header.bits)
    weights = (1 << np.arange(header.bits - 1, -1, -1)).astype(np.uint8)
    indices: npt.NDArray[np.uint8] = (grouped * weights).sum(axis=2, dtype=np.uint8)
    return indices


def _looked_up(
    file: BinaryIO, name: str, header: _Header, indices: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    file.seek(header.palette_start)
    data = exactly(file, header.colours * header.palette_entry, name)
    table = np.frombuffer(data, np.uint8).reshape(header.colours, -1)[:, 2::-1]
    if indices.max() >= len(table):
        raise malformed(name, f"a colour index is {indices.max()}, it has {len(table)} colours")
    looked_up: npt.NDArray[np.uint8] = table[indices]
    return looked_up


def _direct(file: BinaryIO, name: str, header: _Header) -> npt.NDArray[Any]:
    rows = _rows(file, name, header)
    if header.bits == 24:
        return rows[:, : 3 * header.width].reshape(header.height, header.width, 3)[..., ::-1]
    words = rows.view("<u2" if header.bits == 16 else "<u4")[:, : header.width]
    *colours, alpha = [_channel(words, mask) for mask in header.masks]
    shown = np.stack(colours, axis=2)
    if not header.masks[3]:
        return shown
    if not alpha.any():
        raise malformed(name, "declares alpha, and it is 0 everywhere: nothing would be seen")
    return over_black(shown, alpha)


def _channel(words: npt.NDArray[Any], mask: int) -> npt.NDArray[np.uint8]:
    if not mask:
        return np.zeros(words.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    values, top = (words & mask) >> shift, mask >> shift
    if top > 65_535:
        raise ValueError(f"a bit mask of {mask:#x}")
    return to_8_bits(values, top)

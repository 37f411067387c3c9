"""JPEG 2000 (ITU-T T.800), in a JP2 box or bare: boxes and markers walked, the rest by OpenJPEG."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ..base import check_pixels
from .common import (
    Picture,
    Pictures,
    exactly,
    grey,
    malformed,
    size_of,
    to_8_bits,
    truncated,
    unsupported,
)
from .pillow import samples

_SOC, _SIZ, _SOT, _SOD, _EOC = 0xFF4F, 0xFF51, 0xFF90, 0xFF93, 0xFFD9
_COD, _PPM = 0xFF52, 0xFF60
_MAX_TILES = 4096
_MAX_LAYERS = 1024
# colour spaces of the colr box (T.800 table I.10) and the components that each has
_COLOURS = {16: 3, 17: 1, 18: 3}
_NAMES = {16: "sRGB", 17: "grey", 18: "sYCC"}


@dataclass(frozen=True, slots=True)
class _Stream:
    width: int
    height: int
    bits: int
    components: int


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a JPEG 2000 file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported`,
            `source-too-large`, `dependency-missing` or `dependency-broken`.
    """
    data = exactly(file, size_of(file), name)
    start, colours = (0, None) if data[:4] == b"\xff\x4f\xff\x51" else _boxes(data, name)
    stream = _codestream(data, start, name)
    if colours is not None and _COLOURS.get(colours) != stream.components:
        raise malformed(
            name,
            f"its colr box says {_NAMES.get(colours, colours)}, its codestream has "
            f"{stream.components} components",
        )
    # from the codestream alone, so that no box says something else to the decoder
    return Pictures(1, _each(data if colours == 18 else data[start:], name, stream))


def _each(data: bytes, name: str, stream: _Stream) -> Iterator[Picture]:
    check_pixels(name, stream.width, stream.height)
    mode = "RGB" if stream.components == 3 else "L" if stream.bits <= 8 else "I;16"
    pixels = samples(data, "JPEG2000", name, mode, (stream.width, stream.height))
    stored = 16 if mode == "I;16" else 8
    pixels = pixels >> (stored - stream.bits)  # Pillow shifts samples to fill 8 or 16 bits
    top = (1 << stream.bits) - 1
    yield grey(pixels, top) if mode != "RGB" else Picture(to_8_bits(pixels, top))


def _boxes(data: bytes, name: str) -> tuple[int, int | None]:
    """Return where the codestream begins, and the colour space if it is an enumerated one."""
    colours: int | None = None
    header: list[bytes] = []
    for kind, start, end in _each_box(data, 0, len(data), name):
        if kind == b"jp2h":
            for inner, at, stop in _each_box(data, start, end, name):
                header.append(inner)
                if inner == b"colr" and colours is None and data[at : at + 1] == b"\x01":
                    colours = int.from_bytes(data[at + 3 : min(at + 7, stop)], "big")
        elif kind == b"jp2c":
            if b"ihdr" not in header:
                raise malformed(name, "a JP2 file without its header box")
            for odd in (b"pclr", b"cmap", b"cdef"):
                if odd in header and not _plain_channels(data, odd, name):
                    raise unsupported(
                        name, f"a JP2 file with a {odd.decode()} box (palette, alpha)"
                    )
            return start, colours
    raise malformed(name, "a JP2 file without a codestream")


def _plain_channels(data: bytes, kind: bytes, name: str) -> bool:
    """Whether a channel definition says no more than that colours are colours, in order."""
    if kind != b"cdef":
        return False
    for outer, start, end in _each_box(data, 0, len(data), name):
        if outer == b"jp2h":
            for inner, at, stop in _each_box(data, start, end, name):
                if inner == b"cdef":
                    count = int.from_bytes(data[at : at + 2], "big")
                    said = [struct.unpack_from(">HHH", data, at + 2 + 6 * i) for i in range(count)
                            if at + 8 + 6 * i <= stop]  # fmt: skip
                    return said == [(i, 0, i + 1) for i in range(count)]
    return False


def _each_box(data: bytes, at: int, end: int, name: str) -> Iterator[tuple[bytes, int, int]]:
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1 and at + 16 <= end:
            length, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        stop = end if length == 0 else at + length
        if stop > end or stop < start:
            if kind == b"jp2c" and stop > end:
                raise truncated(name, "ends inside its codestream")
            raise malformed(name, f"its box {kind!r} at byte {at} has {length} bytes")
        yield kind, start, stop
        at = stop


def _codestream(data: bytes, start: int, name: str) -> _Stream:
    if data[start : start + 4] != b"\xff\x4f\xff\x51" or len(data) < start + 42:
        raise malformed(name, "its codestream does not begin with SOC and SIZ")
    _, width, height, left, top, tile_width, tile_height, *rest = struct.unpack_from(
        ">HIIIIIIIIH", data, start + 6
    )
    tile_left, tile_top, components = rest
    check_pixels(name, width, height)
    if (left, top, tile_left, tile_top) != (0, 0, 0, 0):
        raise unsupported(name, "an image or tiles that don't begin at the grid's origin")
    if components not in (1, 3):
        raise unsupported(name, f"{components} components, allowed are 1 and 3")
    each = {data[start + 42 + 3 * i : start + 45 + 3 * i] for i in range(components)}
    (bits, across, down) = min(each) if len(min(each)) == 3 else (0, 0, 0)
    if len(each) > 1 or (across, down) != (1, 1) or not bits + 1 <= 16:
        raise unsupported(
            name,
            "components that are subsampled, signed, differ, or have more than 16 bits "
            f"({', '.join(sorted(one.hex() for one in each))})",
        )
    if components == 3 and bits + 1 > 8:  # Pillow rounds white up to 256, which it stores as 0
        raise unsupported(name, f"colours of {bits + 1} bits, allowed are 8")
    if not (tile_width and tile_height):
        raise malformed(name, f"tiles of {tile_width} x {tile_height}")
    tiles = -(-width // tile_width) * -(-height // tile_height)
    if tiles > _MAX_TILES:
        raise unsupported(name, f"{tiles} tiles, allowed are {_MAX_TILES}")
    _follow(data, start + 2, tiles, name)
    return _Stream(width, height, bits + 1, components)


def _follow(data: bytes, at: int, tiles: int, name: str) -> None:
    """Follow the markers and tile parts to the end: no tile may be missing."""
    seen: set[int] = set()
    while (marker := int.from_bytes(data[at : at + 2], "big")) != _EOC:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 2 > len(data):
            raise truncated(name, "its codestream has no end (EOC)")
        if marker < 0xFF01 or length < 2:
            raise malformed(name, f"no JPEG 2000 marker at byte {at}")
        if at + 2 + length > len(data):
            raise truncated(name, "ends inside a JPEG 2000 segment")
        if marker != _SOT:
            _check_segment(marker, data[at + 4 : at + 2 + length], name)
            at += 2 + length
            continue
        tile, size = struct.unpack_from(">HI", data, at + 4)
        if tile >= tiles or (size and size < 14):
            raise malformed(name, f"tile part {tile} of {tiles} with {size} bytes")
        seen.add(tile)
        # a size of 0 reaches to the end of the codestream
        at = at + size if size else _end_of_codestream(data, name)
    if len(seen) < tiles:
        raise truncated(name, f"{len(seen)} of {tiles} tiles are there")


def _check_segment(marker: int, body: bytes, name: str) -> None:
    if marker == _COD and int.from_bytes(body[2:4], "big") > _MAX_LAYERS:
        raise unsupported(name, f"more than {_MAX_LAYERS} quality layers")
    if marker == _PPM:
        raise unsupported(name, "packed packet headers (PPM)")


def _end_of_codestream(data: bytes, name: str) -> int:
    at = data.rfind(b"\xff\xd9")
    if at < 0:
        raise truncated(name, "its codestream has no end (EOC)")
    return at

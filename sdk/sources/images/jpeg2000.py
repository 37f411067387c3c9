"""JPEG 2000 (ITU-T T.800), in a JP2 box or bare: boxes and markers walked, the rest by OpenJPEG."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ...codestreams import Cut, Damaged, word
from ...codestreams.jpeg2000 import (
    COD,
    EOC,
    PPM,
    SOT,
    START,
    ImageSize,
    image_size,
    read_segment,
)
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

_LEAST_BYTES = 42  # SOC, and SIZ without its components
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
            `source-too-large`, `source-too-costly`, `dependency-missing` or `dependency-broken`.
    """
    data = exactly(file, size_of(file), name)
    start, colours = (0, None) if data.startswith(START) else _boxes(data, name)
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
                    channels = [
                        struct.unpack_from(">HHH", data, at + 2 + 6 * i)
                        for i in range(count)
                        if at + 8 + 6 * i <= stop
                    ]
                    return channels == [(i, 0, i + 1) for i in range(count)]
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
    if data[start : start + 4] != START or len(data) < start + _LEAST_BYTES:
        raise malformed(name, "its codestream does not begin with SOC and SIZ")
    try:
        first = read_segment(data, start + 2)
        stream, tiles = _describe(image_size(first.body), name)
        _follow(data, first.end, tiles, name)
    except Cut as error:
        raise truncated(name, f"its codestream: {error}") from error
    except Damaged as error:
        raise malformed(name, f"its codestream: {error}") from error
    return stream


def _describe(size: ImageSize, name: str) -> tuple[_Stream, int]:
    """Return what the codestream holds, and the number of its tiles."""
    width, height, count = size.right, size.bottom, len(size.components)
    check_pixels(name, width, height)
    if (size.left, size.top, size.tile_left, size.tile_top) != (0, 0, 0, 0):
        raise unsupported(name, "an image or tiles that don't begin at the grid's origin")
    if count not in (1, 3):
        raise unsupported(name, f"{count} components, allowed are 1 and 3")
    depth, *steps = size.components[0] or b"\0"
    if len(set(size.components)) > 1 or steps != [1, 1] or depth >= 16:
        raise unsupported(
            name,
            "components that are subsampled, signed, differ, or have more than 16 bits "
            f"({', '.join(sorted(one.hex() for one in set(size.components)))})",
        )
    bits = depth + 1
    if count == 3 and bits > 8:  # Pillow rounds white up to 256, which it stores as 0
        raise unsupported(name, f"colours of {bits} bits, allowed are 8")
    if not (size.tile_width and size.tile_height):
        raise malformed(name, f"tiles of {size.tile_width} x {size.tile_height}")
    tiles = -(-width // size.tile_width) * -(-height // size.tile_height)
    if tiles > _MAX_TILES:
        raise unsupported(name, f"{tiles} tiles, allowed are {_MAX_TILES}")
    return _Stream(width, height, bits, count), tiles


def _follow(data: bytes, at: int, tiles: int, name: str) -> None:
    """Follow the segments and tile-parts to the end: no tile may be missing."""
    seen: set[int] = set()
    while (segment := read_segment(data, at)).marker != EOC:
        if segment.marker == SOT:
            tile = word(segment.body, 0)
            if tile >= tiles:
                raise malformed(name, f"tile part {tile} of {tiles}")
            seen.add(tile)
        else:
            _check_segment(segment.marker, segment.body, name)
        at = segment.end
    if len(seen) < tiles:
        raise truncated(name, f"{len(seen)} of {tiles} tiles are there")


def _check_segment(marker: int, body: bytes, name: str) -> None:
    if marker == COD and int.from_bytes(body[2:4], "big") > _MAX_LAYERS:
        raise unsupported(name, f"more than {_MAX_LAYERS} quality layers")
    if marker == PPM:
        raise unsupported(name, "packed packet headers (PPM)")

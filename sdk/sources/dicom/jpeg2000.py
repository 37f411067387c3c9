"""JPEG 2000 codestreams of DICOM frames: their headers, and what they would cost a decoder."""

from __future__ import annotations

import struct

from ...codestreams import Cut, Damaged, word
from ...codestreams.jpeg2000 import (
    COD,
    EOC,
    SIZ,
    SOT,
    START,
    ImageSize,
    image_size,
    read_segment,
)
from .codestream import Codestream, Foreign, is_padding

_JP2 = b"\0\0\0\x0cjP  "
_MAX_MAIN_SEGMENTS = 4096
_MAX_TILE_PARTS = 65_536
# smaller tiles and precincts than any encoder makes cost a decoder many times the image
_LEAST_TILE_PIXELS, _LEAST_PRECINCT_EXPONENT, _MAX_LAYERS = 1024, 4, 256


def read_jpeg2000(data: bytes) -> Codestream:
    """Read the main header of a JPEG 2000 codestream, and follow its tile-parts to the end.

    Args:
        data: of one frame; zeros may pad it.

    Raises:
        Damaged: it breaks the format, or has tiles, precincts or layers that cost out of
            proportion. `Cut` when it ends early, `Foreign` when it is wrapped in a JP2 file.
    """
    if data.startswith(_JP2):
        raise Foreign("it is wrapped in a JP2 file, whose boxes may say otherwise")
    if not data.startswith(START):
        raise Damaged(f"it begins with {data[:4].hex()}, not with SOC and SIZ")
    size, style = _walk(data)
    if len(style) < 10:
        raise Damaged("COD is missing or short")
    return _describe(image_size(size), style)


def _walk(data: bytes) -> tuple[bytes, bytes]:
    """Follow the segments to the end; return the bodies of SIZ and COD in the main header."""
    main: dict[int, bytes] = {}
    at = 2
    for _ in range(_MAX_MAIN_SEGMENTS):
        if word(data, at) == SOT:
            break
        try:
            segment = read_segment(data, at)
        except Damaged as error:  # as zeros behind a cut are
            raise Cut("it ends inside its main header") from error
        if segment.marker == EOC:
            raise Cut("it has no tiles")
        main.setdefault(segment.marker, segment.body)
        at = segment.end
    _walk_tile_parts(data, at)
    return main[SIZ], main.get(COD, b"")


def _walk_tile_parts(data: bytes, at: int) -> None:
    for _ in range(_MAX_TILE_PARTS):
        marker = word(data, at)
        if marker not in (SOT, EOC, -1):
            raise Damaged(f"{marker:04X} where a tile-part should begin")
        part = read_segment(data, at)
        if marker == EOC:
            if not is_padding(data[part.end :]):
                raise Damaged(f"{len(data) - part.end} bytes lie behind its end")
            return
        if part.is_open:
            # no length tells where it ends, so nothing but zeros may stand behind the EOC
            if data.rstrip(b"\0") != data[: part.end + 2]:
                raise Cut("it ends without EOC")
            return
        at = part.end
    raise Damaged(f"it has more than {_MAX_TILE_PARTS} tile-parts")


def _describe(size: ImageSize, style: bytes) -> Codestream:
    width, height = size.right - size.left, size.bottom - size.top
    count = len(size.components)
    if not size.is_complete or count == 0 or width < 1 or height < 1:
        raise Damaged(f"SIZ says {count} components of {width} x {height} pixels")
    depth, *steps = size.components[0]
    if len(set(size.components)) > 1 or steps != [1, 1]:
        raise Damaged("its components differ in precision or are subsampled")
    if not size.tile_width or not size.tile_height:
        raise Damaged("its tiles have no size")
    if size.tile_left > size.left or size.tile_top > size.top:
        raise Damaged("its tiles don't cover the image")
    across = _tiles(size.right, size.tile_left, size.tile_width)
    down = _tiles(size.bottom, size.tile_top, size.tile_height)
    if across * down > max(1, width * height // _LEAST_TILE_PIXELS):
        raise Damaged(f"it has {across * down} tiles in {width} x {height} pixels")
    transformed, lossy = _coding(style)
    return Codestream(
        process=0, width=width, height=height, components=count, precision=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80), lossy=lossy, subsampled=False, colour=None,
        transformed=transformed and count >= 3,
    )  # fmt: skip


def _tiles(end: int, start: int, size: int) -> int:
    return -(-(end - start) // size)


def _coding(style: bytes) -> tuple[bool, bool]:
    """Check a coding style; tell whether a component transform is used, and the lossy wavelet."""
    own_precincts = style[0] & 1
    layers, transform, levels = struct.unpack_from(">HBB", style, 2)
    if levels > 32 or layers > _MAX_LAYERS or transform > 1:
        raise Damaged(f"it has {layers} layers, {levels} levels, component transform {transform}")
    precincts = style[10 : 11 + levels] if own_precincts else b""
    least = _LEAST_PRECINCT_EXPONENT
    if any(size & 15 < least or size >> 4 < least for size in precincts):
        raise Damaged(f"it has precincts of less than {1 << least} samples a side")
    return transform == 1, style[9] == 0

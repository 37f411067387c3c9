"""Headers of JPEG 2000 codestreams (ITU-T T.800 annex A), Part 15 (HTJ2K) among them."""

from __future__ import annotations

import struct

from .codestream import Codestream, Cut, Damaged, Foreign, is_padding

_SOC, _SIZ, _COD, _SOT, _SOD, _EOC = 0xFF4F, 0xFF51, 0xFF52, 0xFF90, 0xFF93, 0xFFD9
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
    if _word(data, 0) != _SOC or _word(data, 2) != _SIZ:
        raise Damaged(f"it begins with {data[:4].hex()}, not with SOC and SIZ")
    size, style = b"", b""
    position = 2
    for _ in range(_MAX_MAIN_SEGMENTS):
        marker = _word(data, position)
        if marker == _SOT:
            break
        length = _word(data, position + 2)
        if marker < 0xFF00 or length < 2 or position + 2 + length > len(data):
            raise Cut("it ends inside its main header")
        body = data[position + 4 : position + 2 + length]
        size = body if marker == _SIZ and not size else size
        style = body if marker == _COD and not style else style
        position += 2 + length
    _walk_tiles(data, position)
    return _describe(size, style)


def _describe(size: bytes, style: bytes) -> Codestream:
    if len(size) < 36 or len(style) < 10:
        raise Damaged("SIZ or COD is missing or short")
    right, bottom, left, top, tile_width, tile_height = struct.unpack_from(">6I", size, 2)
    tile_left, tile_top, count = struct.unpack_from(">IIH", size, 26)
    width, height = right - left, bottom - top
    if len(size) != 36 + 3 * count or count == 0 or width < 1 or height < 1:
        raise Damaged(f"SIZ says {count} components of {width} x {height} pixels")
    parts = {size[at : at + 3] for at in range(36, len(size), 3)}
    if len(parts) > 1 or next(iter(parts))[1:] != b"\1\1":
        raise Damaged("its components differ in precision or are subsampled")
    if not tile_width or not tile_height or tile_left > left or tile_top > top:
        raise Damaged("its tiles don't cover the image")
    across, down = _tiles(right, tile_left, tile_width), _tiles(bottom, tile_top, tile_height)
    if across * down > max(1, width * height // _LEAST_TILE_PIXELS):
        raise Damaged(f"it has {across * down} tiles in {width} x {height} pixels")
    transformed, lossy = _coding(style)
    depth = next(iter(parts))[0]
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


def _walk_tiles(data: bytes, position: int) -> None:
    for _ in range(_MAX_TILE_PARTS):
        marker = _word(data, position)
        if marker == _EOC:
            if not is_padding(data[position + 2 :]):
                raise Damaged(f"{len(data) - position - 2} bytes lie behind its end")
            return
        if marker != _SOT or position + 12 > len(data):
            raise (
                Cut("it ends between its tile-parts")
                if marker < 0
                else Damaged(f"{marker:04X} where a tile-part should begin")
            )
        length = int.from_bytes(data[position + 6 : position + 10], "big")
        if length == 0:  # the last one, to the end
            if not data.rstrip(b"\0").endswith(b"\xff\xd9"):
                raise Cut("it ends without EOC")
            return
        if length < 14:
            raise Damaged(f"a tile-part has {length} bytes")
        if position + length > len(data):
            raise Cut("it ends inside a tile-part")
        position += length
    raise Damaged(f"it has more than {_MAX_TILE_PARTS} tile-parts")


def _word(data: bytes, position: int) -> int:
    """Return the two bytes at `position`, or -1 behind the end."""
    if position + 2 > len(data):
        return -1
    return int.from_bytes(data[position : position + 2], "big")

"""The segments and headers of JPEG 2000 codestreams (ITU-T T.800 annex A), HTJ2K among them."""

from __future__ import annotations

import struct
from typing import NamedTuple

from . import Cut, Damaged, word

SIZ, COD, PPM, SOT, EOC = 0xFF51, 0xFF52, 0xFF60, 0xFF90, 0xFFD9
START = b"\xff\x4f\xff\x51"
"""SOC and SIZ, with which every codestream begins."""
_EOC_BYTES = EOC.to_bytes(2, "big")
_FIRST_MARKER = 0xFF01
# marker, length, and the body: the tile, the bytes of the tile-part, its number, their number
_SOT_BYTES = 12
_LEAST_TILE_PART_BYTES = _SOT_BYTES + 2  # SOD ends its header
_SIZ_BYTES = 36


class Segment(NamedTuple):
    """A segment of the main header, a tile-part from its SOT to its end, or EOC.

    Attributes:
        marker: both of its bytes.
        body: behind the length, of the segment or of the SOT; none for EOC.
        end: where the segment, or the whole tile-part, ends.
        is_open: a tile-part that says no length, and so reaches to the last EOC.
    """

    marker: int
    body: bytes
    end: int
    is_open: bool = False


class ImageSize(NamedTuple):
    """What SIZ says, on the reference grid: the image, its tiles, and the components.

    Attributes:
        components: Ssiz, XRsiz and YRsiz of each; shorter where SIZ ends before them.
        is_complete: SIZ has the length that its components need.
    """

    right: int
    bottom: int
    left: int
    top: int
    tile_width: int
    tile_height: int
    tile_left: int
    tile_top: int
    components: tuple[bytes, ...]
    is_complete: bool


def read_segment(data: bytes, at: int) -> Segment:
    """Read the segment, the tile-part or the EOC that begins at `at`.

    Args:
        data: that holds the codestream.
        at: behind its SOC, or the `end` of the segment before.

    Raises:
        Damaged: something else stands there, or a length makes no sense. `Cut` when the data ends
            early.
    """
    marker, length = word(data, at), word(data, at + 2)
    if marker < 0:
        raise Cut("it ends without EOC")
    if marker == EOC:
        return Segment(marker, b"", at + 2)
    if marker == SOT:
        return _tile_part(data, at)
    if marker < _FIRST_MARKER or 0 <= length < 2:
        raise Damaged(f"{marker:04X} of length {length} where a marker should be, at byte {at}")
    end = at + 2 + length
    if length < 0 or end > len(data):
        raise Cut("it ends inside a segment")
    return Segment(marker, data[at + 4 : end], end)


def _tile_part(data: bytes, at: int) -> Segment:
    if at + _SOT_BYTES > len(data):
        raise Cut("it ends inside the header of a tile-part")
    length = int.from_bytes(data[at + 6 : at + 10], "big")
    end = at + length if length else data.rfind(_EOC_BYTES, at)
    if end < 0:
        raise Cut("it ends without EOC")
    if 0 < length < _LEAST_TILE_PART_BYTES:
        raise Damaged(f"a tile-part has {length} bytes")
    if end > len(data):
        raise Cut("it ends inside a tile-part")
    if word(data, at + 2) != _SOT_BYTES - 2:
        raise Damaged(f"the header of a tile-part has {word(data, at + 2)} bytes")
    return Segment(SOT, data[at + 4 : at + _SOT_BYTES], end, is_open=length == 0)


def image_size(body: bytes) -> ImageSize:
    """Read the body of SIZ (T.800 A.5.1).

    Raises:
        Damaged: it ends before the number of components.
    """
    if len(body) < _SIZ_BYTES:
        raise Damaged("SIZ is short")
    count = word(body, _SIZ_BYTES - 2)
    end = _SIZ_BYTES + 3 * count
    components = tuple(body[at : at + 3] for at in range(_SIZ_BYTES, end, 3))
    grid = struct.unpack_from(">8I", body, 2)
    return ImageSize._make((*grid, components, len(body) == end))

"""OpenIGTLink messages: header of versions 1 and 2, and the content of IMAGE.

Written after the protocol's own pages (openigtlink.org, "Message Header" and "IMAGE"). Numbers are
big-endian but for pixels, which say their order themselves.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

import numpy as np

from ...errors import SourceError
from ...frame import Frame, Region
from ..base import MAX_PIXELS, MAX_SIDE
from .link import Lost

HEADER = struct.Struct(">H12s20sIIQQ")
MAX_BODY_BYTES = 256 << 20
"""Largest body of a message."""
_EXTENDED = struct.Struct(">HHII")
_IMAGE = struct.Struct(">HBBBB3H12f3H3H")
_BIG, _LITTLE = 1, 2
# (scalar type, components) -> format, bytes a pixel
_FORMATS = {
    (3, 1): ("GRAY8", 1),
    (3, 3): ("RGB24", 3),
    (3, 4): ("RGBA32", 4),
    (5, 1): ("GRAY16", 2),
}


class Header(NamedTuple):
    """What comes before a body."""

    version: int
    kind: str
    device: str
    body_bytes: int
    crc: int


def header_of(data: bytes | bytearray) -> Header:
    """Read a header.

    Raises:
        Lost: it is none, so nobody knows where the next one begins.
    """
    version, kind, device, _, _, body_bytes, crc = HEADER.unpack(data)
    name = kind.rstrip(b"\0 ")
    if version not in (1, 2) or not name or not name.isascii():
        raise Lost(f"{bytes(data[:16])!r} begins no OpenIGTLink message")
    if body_bytes > MAX_BODY_BYTES:
        raise Lost(f"a message of {body_bytes} bytes, allowed are {MAX_BODY_BYTES}")
    text = device.split(b"\0")[0].decode("ascii", "replace").strip()
    return Header(version, name.decode("ascii"), text, body_bytes, crc)


def content_of(header: Header, body: memoryview) -> memoryview:
    """Return a body without extended header and metadata.

    Raises:
        SourceError: `source-malformed`.
    """
    if header.version == 1:
        return body
    if len(body) < _EXTENDED.size:
        raise _malformed("a body shorter than its extended header")
    first, index_bytes, metadata_bytes, _ = _EXTENDED.unpack_from(body)
    end = len(body) - index_bytes - metadata_bytes
    if not _EXTENDED.size <= first <= end:
        raise _malformed("an extended header that doesn't fit its body")
    return body[first:end]


def image_of(content: memoryview, region: Region | None, window: tuple[int, int]) -> Frame:
    """Describe the image in an IMAGE message; the frame refers to `content`.

    Raises:
        SourceError: `source-malformed`, or `source-unsupported` for volumes, parts of images and
            other pixels than grey of 8 or 16 bits and RGB or RGBA of 8.
        FrameError: the region or window doesn't fit.
    """
    if len(content) < _IMAGE.size:
        raise _malformed("an IMAGE shorter than its header")
    _, components, scalar, endian, _, *rest = _IMAGE.unpack_from(content)
    size, axes, first, part = rest[:3], rest[3:15], rest[15:18], rest[18:21]
    if any(first) or part != size:
        raise _unsupported(f"a part {part} at {first} of an image of {size}")
    width, height = _sides(size)
    if (scalar, components) not in _FORMATS:
        raise _unsupported(f"pixels of scalar type {scalar} with {components} components")
    format_, pixel_bytes = _FORMATS[scalar, components]
    pixels = content[_IMAGE.size :]
    if len(pixels) != width * height * pixel_bytes or endian not in (_BIG, _LITTLE):
        raise _malformed(f"{len(pixels)} bytes for {width} x {height} pixels of {pixel_bytes}")
    data = np.frombuffer(pixels, np.uint8)
    if format_ == "GRAY16" and endian == _BIG:
        data = data.view(np.uint16).byteswap().view(np.uint8)
    return Frame(
        data, width=width, height=height, format=format_, region=region,
        pixel_size_mm=_pixel_size_mm(axes), window=window if format_ == "GRAY16" else None,
    )  # fmt: skip


def _sides(size: list[int]) -> tuple[int, int]:
    columns, rows, slices = size
    if slices == 1:
        width, height = columns, rows
    elif columns == 1:  # a plane that pyigtl sends of a two-dimensional array
        width, height = rows, slices
    else:
        raise _unsupported(f"a volume of {columns} x {rows} x {slices}")
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise SourceError("source-too-large", f"OpenIGTLink: an image of {width} x {height} pixels")
    return width, height


def _pixel_size_mm(axes: list[float]) -> tuple[float, float] | None:
    sizes = tuple(math.hypot(*axes[at : at + 3]) for at in (0, 3))
    good = all(math.isfinite(size) and size > 0 for size in sizes)
    return (sizes[0], sizes[1]) if good and sizes != (1.0, 1.0) else None


def _malformed(what: str) -> SourceError:
    return SourceError("source-malformed", f"OpenIGTLink: {what}; look at the sender")


def _unsupported(what: str) -> SourceError:
    return SourceError(
        "source-unsupported", f"OpenIGTLink: {what}; have the sender give whole 2-D images"
    )

"""WebP: the RIFF walked here, the pixels and the animation by libwebp through Pillow."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

from ..base import check_pixels
from .common import (
    Picture,
    Pictures,
    check_count,
    exactly,
    malformed,
    over_black,
    size_of,
    times_of,
    truncated,
    unsupported,
    upright,
)
from .exif import orientation_of
from .pillow import decoded, open_image

_TICKS_PER_S = 1000


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a WebP file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported`,
            `source-too-large`, `source-too-costly`, `dependency-missing` or `dependency-broken`.
    """
    data = exactly(file, size_of(file), name)
    size, declared, durations_s = _walk(data, name)
    check_pixels(name, *size)
    image = open_image(data, "WEBP", name)
    count = check_count(name, int(image.n_frames))
    # libwebp leaves out what it can't decode, and says nothing of it
    if count != declared:
        raise malformed(name, f"holds {declared} frames, {count} of them whole")
    return Pictures(count, _each(image, name, size, count), times_of(durations_s))


def _each(image: Any, name: str, size: tuple[int, int], count: int) -> Iterator[Picture]:
    orientation = orientation_of(image.info.get("exif", b"").removeprefix(b"Exif\0\0"))
    for index in range(count):
        check_pixels(name, *size)
        image.seek(index)
        pixels = decoded(image, name, ("RGB", "RGBA"), size)
        if pixels.shape[2] == 4:
            pixels = over_black(pixels[..., :3], pixels[..., 3])
        yield Picture(upright(pixels, orientation))


def _walk(data: bytes, name: str) -> tuple[tuple[int, int], int, list[Fraction]]:
    """Return (width, height) of the canvas, how many frames the chunks hold, their durations."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise truncated(name, f"holds {len(data)} of {end} bytes")
    if data[end : end + 4] == b"RIFF":
        raise unsupported(name, "several WebP images in a row")
    at, size, stills = 12, None, 0
    durations_s: list[Fraction] = []
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + min(length, 30)]
        if at + 8 + length > end:
            raise truncated(name, f"ends inside its chunk {kind!r}")
        if kind in (b"VP8X", b"VP8 ", b"VP8L"):
            stated = _size(kind, body, name)
            if size not in (None, stated):
                raise malformed(name, f"says {size} and {stated} of its size")
            size = stated
        if kind == b"ANMF":
            durations_s.append(Fraction(int.from_bytes(body[12:15], "little"), _TICKS_PER_S))
        stills += kind in (b"VP8 ", b"VP8L")
        at += 8 + length + length % 2  # RIFF pads a chunk to an even length
    frames = len(durations_s)
    if size is None or not (frames or stills):
        raise malformed(name, "a WebP file without an image")
    if stills > 1 or (stills and frames):
        raise malformed(name, f"a WebP file of {stills} stills and {frames} frames")
    return size, frames or stills, durations_s


def _size(kind: bytes, body: bytes, name: str) -> tuple[int, int]:
    if kind == b"VP8X" and len(body) >= 10:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) >= 10:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise malformed(name, f"its chunk {kind!r} has no header")

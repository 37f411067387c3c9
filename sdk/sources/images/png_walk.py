"""The chunks of a PNG or APNG file (third edition): each walked, and only those used that count."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO, NamedTuple

from ..base import check_pixels
from .canvas import CLEAR, KEEP, RESTORE
from .common import (
    check_count,
    exactly,
    malformed,
    size_of,
    truncated,
    unsupported,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
# Pillow's mode for each colour type and bit depth; 16 bits of colour keep their high byte
MODES = {
    (GREY, 1): "1", (GREY, 2): "L", (GREY, 4): "L", (GREY, 8): "L", (GREY, 16): "I;16",
    (RGB, 8): "RGB", (RGB, 16): "RGB", (PALETTE, 1): "P", (PALETTE, 2): "P",
    (PALETTE, 4): "P", (PALETTE, 8): "P", (GREY_ALPHA, 8): "LA", (GREY_ALPHA, 16): "RGBA",
    (RGB_ALPHA, 8): "RGBA", (RGB_ALPHA, 16): "RGBA",
}  # fmt: skip
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"fcTL")
_MAX_KEPT_BYTES = 1 << 20
_PIECE_BYTES = 1 << 20
_DISPOSE = (KEEP, CLEAR, RESTORE)


class Frame(NamedTuple):
    """A frame of an animation (fcTL); a still image is one that fills the canvas."""

    width: int
    height: int
    left: int
    top: int
    then: str
    over: bool
    duration_s: Fraction = Fraction(0)


@dataclass
class Walked:
    """What the chunks of a file say."""

    width: int = 0
    height: int = 0
    depth: int = 0
    colour_type: int = 0
    interlace: int = 0
    palette: bytes = b""
    transparency: bytes = b""
    exif: bytes = b""
    animated: int = 0
    frames: list[Frame] = field(default_factory=list)
    data: list[list[tuple[int, int]]] = field(default_factory=list)  # (offset, bytes) a frame
    pending: Frame | None = None
    sequence: int = 0

    @property
    def mode(self) -> str:
        """Pillow's mode for it."""
        return MODES[self.colour_type, self.depth]


def walk(file: BinaryIO, name: str) -> Walked:
    """Walk every chunk, its check sum included.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported` or
            `source-too-large`.
    """
    walked, size, at = Walked(), size_of(file), len(SIGNATURE)
    while True:
        file.seek(at)
        length, kind = struct.unpack(">I4s", exactly(file, 8, name))
        if not kind.isalpha():
            raise malformed(name, f"{kind!r} at byte {at} is not the name of a PNG chunk")
        if at + 12 + length > size:
            raise truncated(name, f"ends inside its chunk {kind!r}")
        if not walked.width and kind != b"IHDR":
            raise malformed(name, f"its first chunk is {kind!r} instead of IHDR")
        body = _checked_body(file, kind, length, name)
        at += 12 + length
        if kind == b"IEND":
            break
        if kind in (b"IDAT", b"fdAT"):
            _note_data(walked, kind, at - 4 - length, length, body, name)
        elif kind[:1].isupper() and kind not in _CRITICAL:
            raise unsupported(name, f"its chunk {kind!r} is critical, and not known here")
        elif kind in _KEPT:
            _note(walked, kind, body, name)
    _check_end(file, at, name)
    return _finished(walked, name)


def _checked_body(file: BinaryIO, kind: bytes, length: int, name: str) -> bytes:
    """Check the CRC of a chunk; return its body if it is one to be kept, else its first bytes."""
    if kind in _KEPT and length > _MAX_KEPT_BYTES:
        raise malformed(name, f"its chunk {kind!r} has {length} bytes")
    crc, left, kept = zlib.crc32(kind), length, b""
    while left:
        piece = exactly(file, min(left, _PIECE_BYTES), name)
        kept = kept or piece
        crc = zlib.crc32(piece, crc)
        left -= len(piece)
    if struct.pack(">I", crc) != exactly(file, 4, name):
        raise malformed(name, f"the check sum of its chunk {kind!r} is wrong")
    return kept


def _note(walked: Walked, kind: bytes, body: bytes, name: str) -> None:
    if kind == b"IHDR":
        _note_header(walked, body, name)
    elif kind == b"PLTE":
        if walked.palette or walked.data or not body or len(body) % 3 or len(body) > 768:
            raise malformed(name, f"PLTE of {len(body)} bytes, or out of place")
        walked.palette = body
    elif kind == b"tRNS":
        _note_transparency(walked, body, name)
    elif kind == b"eXIf":
        walked.exif = body
    elif kind == b"acTL":
        if len(body) != 8 or walked.animated or walked.data:
            raise malformed(name, "acTL of the wrong length, or out of place")
        walked.animated = int.from_bytes(body[:4], "big")
        check_count(name, walked.animated)
    elif walked.animated:  # fcTL; without acTL the image is a still one
        _note_frame(walked, body, name)


def _note_transparency(walked: Walked, body: bytes, name: str) -> None:
    expected = {GREY: 2, RGB: 6}.get(walked.colour_type)
    most = len(walked.palette) // 3
    fits = 1 <= len(body) <= most if expected is None else len(body) == expected
    if not fits or walked.colour_type in (GREY_ALPHA, RGB_ALPHA) or walked.data:
        raise malformed(name, f"tRNS of {len(body)} bytes in colour type {walked.colour_type}")
    if (walked.colour_type, walked.depth) == (RGB, 16):
        raise unsupported(name, "a transparent colour (tRNS) of 16 bits a channel")
    walked.transparency = body


def _note_header(walked: Walked, body: bytes, name: str) -> None:
    if walked.width or len(body) != 13:
        raise malformed(name, "IHDR appears twice, or has the wrong length")
    walked.width, walked.height, walked.depth, walked.colour_type, *methods = struct.unpack(
        ">IIBBBBB", body
    )
    walked.interlace = methods[2]
    if (walked.colour_type, walked.depth) not in MODES:
        raise malformed(name, f"colour type {walked.colour_type} of {walked.depth} bits")
    if methods[:2] != [0, 0] or walked.interlace > 1:
        raise malformed(name, f"compression, filter and interlace methods {methods}")
    check_pixels(name, walked.width, walked.height)


def _note_frame(walked: Walked, body: bytes, name: str) -> None:
    if len(body) != 26 or walked.pending is not None:
        raise malformed(name, "fcTL of the wrong length, or without its data")
    sequence, width, height, left, top, *delay, dispose, blend = struct.unpack(">IIIIIHHBB", body)
    _check_sequence(walked, sequence, name)
    if not (1 <= width <= walked.width - left and 1 <= height <= walked.height - top):
        raise malformed(name, f"a frame of {width} x {height} at ({left}, {top})")
    if dispose > 2 or blend > 1:
        raise malformed(name, f"a frame of dispose {dispose} and blend {blend}")
    # a denominator of 0 is one of 100
    duration_s = Fraction(delay[0], delay[1] or 100)
    walked.pending = Frame(width, height, left, top, _DISPOSE[dispose], blend == 1, duration_s)


def _note_data(
    walked: Walked, kind: bytes, offset: int, length: int, body: bytes, name: str
) -> None:
    if kind == b"fdAT":
        if not walked.animated or length < 4 or not walked.data:
            raise malformed(name, "fdAT outside an animation")
        _check_sequence(walked, int.from_bytes(body[:4], "big"), name)
        offset, length = offset + 4, length - 4
    elif walked.animated and not walked.data and walked.pending is None:
        raise unsupported(name, "its default image is no part of its animation")
    elif len(walked.data) > 1 or (walked.data and walked.pending is not None):
        raise malformed(name, "IDAT after a frame of the animation")
    whole = Frame(walked.width, walked.height, 0, 0, KEEP, False)
    if not walked.data or walked.pending is not None:
        walked.frames.append(walked.pending or whole)
        walked.data.append([])
        walked.pending = None
    walked.data[-1].append((offset, length))


def _check_sequence(walked: Walked, number: int, name: str) -> None:
    if number != walked.sequence:
        raise malformed(name, f"frame chunk {number} stands where {walked.sequence} must")
    walked.sequence += 1


def _check_end(file: BinaryIO, at: int, name: str) -> None:
    file.seek(at)
    if file.read(len(SIGNATURE)) == SIGNATURE:
        raise unsupported(name, "several PNG images in a row")


def _finished(walked: Walked, name: str) -> Walked:
    if not walked.data or walked.pending is not None:
        raise malformed(name, "has no image data (IDAT), or a frame without any")
    if walked.animated and walked.animated != len(walked.frames):
        raise malformed(
            name, f"acTL says {walked.animated} frames, the file holds {len(walked.frames)}"
        )
    if (walked.colour_type == PALETTE) != bool(walked.palette) and walked.colour_type in (
        GREY,
        PALETTE,
        GREY_ALPHA,
    ):
        raise malformed(
            name, f"colour type {walked.colour_type} with PLTE missing or where none may be"
        )
    return walked

"""PNG and APNG (third edition): every chunk walked, and only those that make the picture used."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from sdk.sources.base import check_pixels
from sdk.sources.images.canvas import CLEAR, KEEP, RESTORE, Canvas
from sdk.sources.images.common import (
    Picture,
    Pictures,
    check_count,
    exactly,
    malformed,
    over_black,
    size_of,
    truncated,
    unsupported,
    upright,
)
from sdk.sources.images.exif import orientation_of
from sdk.sources.images.pillow import samples

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 4}
# Pillow's mode for each colour type and bit depth; 16 bits of colour keep their high byte
_MODES = {
    (_GREY, 1): "1", (_GREY, 2): "L", (_GREY, 4): "L", (_GREY, 8): "L", (_GREY, 16): "I;16",
    (_RGB, 8): "RGB", (_RGB, 16): "RGB", (_PALETTE, 1): "P", (_PALETTE, 2): "P",
    (_PALETTE, 4): "P", (_PALETTE, 8): "P", (_GREY_ALPHA, 8): "LA", (_GREY_ALPHA, 16): "RGBA",
    (_RGB_ALPHA, 8): "RGBA", (_RGB_ALPHA, 16): "RGBA",
}  # fmt: skip
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"fcTL")
_MAX_KEPT_BYTES = 1 << 20
_PIECE_BYTES = 1 << 20
# Adam7: first column, first row, step of columns, step of rows of each pass
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
           (0, 1, 1, 2))  # fmt: skip
_DISPOSE = (KEEP, CLEAR, RESTORE)


class _Frame(NamedTuple):
    """A frame of an animation (fcTL); a still image is one that fills the canvas."""

    width: int
    height: int
    left: int
    top: int
    then: str
    over: bool


@dataclass
class _Walked:
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
    frames: list[_Frame] = field(default_factory=list)
    data: list[list[tuple[int, int]]] = field(default_factory=list)  # (offset, bytes) a frame
    pending: _Frame | None = None
    sequence: int = 0

    @property
    def mode(self) -> str:
        return _MODES[self.colour_type, self.depth]


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a PNG file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported`,
            `source-too-large`, `dependency-missing` or `dependency-broken`.
    """
    walked = _walk(file, name)
    return Pictures(check_count(name, len(walked.frames)), _each(file, name, walked))


def _each(file: BinaryIO, name: str, walked: _Walked) -> Iterator[Picture]:
    orientation = orientation_of(walked.exif)
    canvas = Canvas(walked.width, walked.height) if walked.animated else None
    for frame, places in zip(walked.frames, walked.data, strict=True):
        check_pixels(name, walked.width, walked.height)
        pixels = _decoded(file, name, walked, frame, places)
        colour, alpha = _meaning(pixels, walked, name)
        if canvas is not None:
            if colour.ndim == 2:
                colour = np.repeat(colour[..., None], 3, axis=2)
            if alpha is None:
                alpha = np.full(colour.shape[:2], 255, np.uint8)
            colour = canvas.draw(
                frame.left, frame.top, colour, alpha, over=frame.over, then=frame.then
            )
        elif alpha is not None:
            colour = over_black(colour, alpha)
        yield Picture(upright(colour, orientation))


def _meaning(
    pixels: npt.NDArray[Any], walked: _Walked, name: str
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8] | None]:
    """Return grey or RGB, and alpha, of decoded samples."""
    key, mode = walked.transparency, walked.mode
    if mode == "P":
        return _looked_up(pixels, walked, name)
    if mode == "LA":
        return pixels[..., 0], pixels[..., 1]
    if mode == "RGBA":
        return pixels[..., :3], pixels[..., 3]
    if mode == "1":
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if not key:
        return pixels, None
    if mode == "RGB":
        clear = (pixels == np.frombuffer(key, ">u2").astype(np.uint8)).all(axis=2)
    else:
        value = int.from_bytes(key, "big")
        clear = pixels == (value * 255 // ((1 << walked.depth) - 1) if walked.depth < 8 else value)
    if walked.depth == 16:
        return np.where(clear, np.uint16(0), pixels), None
    return pixels, np.where(clear, 0, 255).astype(np.uint8)


def _looked_up(
    pixels: npt.NDArray[Any], walked: _Walked, name: str
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8] | None]:
    table = np.frombuffer(walked.palette, np.uint8).reshape(-1, 3)
    if pixels.max() >= len(table):
        raise malformed(name, f"a palette index is {pixels.max()}, PLTE has {len(table)} entries")
    if not walked.transparency:
        return table[pixels], None
    alpha = np.full(256, 255, np.uint8)
    alpha[: len(walked.transparency)] = np.frombuffer(walked.transparency, np.uint8)
    return table[pixels], alpha[pixels]


def _decoded(
    file: BinaryIO, name: str, walked: _Walked, frame: _Frame, places: list[tuple[int, int]]
) -> npt.NDArray[Any]:
    """Have Pillow decode a PNG file of nothing but this frame's header, palette and data."""
    wanted = _raster_bytes(walked, frame)
    if sum(length for _, length in places) > wanted + wanted // 8 + 65_536:
        raise malformed(name, "more image data than its pixels can need")
    data = bytearray()
    for offset, length in places:
        file.seek(offset)
        data += exactly(file, length, name)
    _check_raster(data, wanted, name)
    header = struct.pack(
        ">IIBBBBB",
        frame.width, frame.height, walked.depth, walked.colour_type, 0, 0, walked.interlace,
    )  # fmt: skip
    chunks = [(b"IHDR", header), (b"PLTE", walked.palette), (b"IDAT", bytes(data)), (b"IEND", b"")]
    clean = _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
        if body or kind == b"IEND"
    )
    pixels: npt.NDArray[Any] = samples(clean, "PNG", name, walked.mode, (frame.width, frame.height))
    return pixels


def _raster_bytes(walked: _Walked, frame: _Frame) -> int:
    """Return the size of a frame's rows, each with its filter byte (clauses 7.2 and 8.1)."""
    bits = _CHANNELS[walked.colour_type] * walked.depth
    total = 0
    for left, top, across, down in _PASSES if walked.interlace else ((0, 0, 1, 1),):
        columns, rows = -(-(frame.width - left) // across), -(-(frame.height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _check_raster(data: bytearray, wanted: int, name: str) -> None:
    """Inflate once for the size alone: Pillow would leave missing rows as they are."""
    inflater, found = zlib.decompressobj(), 0
    try:
        for start in range(0, len(data), _PIECE_BYTES // 16):
            found += len(inflater.decompress(data[start : start + _PIECE_BYTES // 16]))
            if found > wanted:
                raise malformed(name, "its image data is more than its pixels")
    except zlib.error as error:
        raise malformed(name, f"its image data is damaged: {error}") from error
    if found < wanted or not inflater.eof:
        raise truncated(name, f"its image data ends after {found} of {wanted} bytes")


def _walk(file: BinaryIO, name: str) -> _Walked:
    walked, size, at = _Walked(), size_of(file), len(_SIGNATURE)
    while True:
        file.seek(at)
        length, kind = struct.unpack(">I4s", exactly(file, 8, name))
        if not kind.isalpha():
            raise malformed(name, f"{kind!r} at byte {at} is no name of a PNG chunk")
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


def _note(walked: _Walked, kind: bytes, body: bytes, name: str) -> None:
    if kind == b"IHDR":
        _note_header(walked, body, name)
    elif kind == b"PLTE":
        if walked.palette or walked.data or not body or len(body) % 3 or len(body) > 768:
            raise malformed(name, f"PLTE of {len(body)} bytes, or out of its place")
        walked.palette = body
    elif kind == b"tRNS":
        _note_transparency(walked, body, name)
    elif kind == b"eXIf":
        walked.exif = body
    elif kind == b"acTL":
        if len(body) != 8 or walked.animated or walked.data:
            raise malformed(name, "acTL of the wrong length, or out of its place")
        walked.animated = int.from_bytes(body[:4], "big")
        check_count(name, walked.animated)
    elif walked.animated:  # fcTL; without acTL the image is a still one
        _note_frame(walked, body, name)


def _note_transparency(walked: _Walked, body: bytes, name: str) -> None:
    wanted = {_GREY: 2, _RGB: 6}.get(walked.colour_type)
    most = len(walked.palette) // 3
    right = 1 <= len(body) <= most if wanted is None else len(body) == wanted
    if not right or walked.colour_type in (_GREY_ALPHA, _RGB_ALPHA) or walked.data:
        raise malformed(name, f"tRNS of {len(body)} bytes in colour type {walked.colour_type}")
    if (walked.colour_type, walked.depth) == (_RGB, 16):
        raise unsupported(name, "a transparent colour (tRNS) of 16 bits a channel")
    walked.transparency = body


def _note_header(walked: _Walked, body: bytes, name: str) -> None:
    if walked.width or len(body) != 13:
        raise malformed(name, "IHDR stands twice, or has the wrong length")
    walked.width, walked.height, walked.depth, walked.colour_type, *methods = struct.unpack(
        ">IIBBBBB", body
    )
    walked.interlace = methods[2]
    if (walked.colour_type, walked.depth) not in _MODES:
        raise malformed(name, f"colour type {walked.colour_type} of {walked.depth} bits")
    if methods[:2] != [0, 0] or walked.interlace > 1:
        raise malformed(name, f"compression, filter and interlace methods {methods}")
    check_pixels(name, walked.width, walked.height)


def _note_frame(walked: _Walked, body: bytes, name: str) -> None:
    if len(body) != 26 or walked.pending is not None:
        raise malformed(name, "fcTL of the wrong length, or without its data")
    sequence, width, height, left, top, _, _, dispose, blend = struct.unpack(">IIIIIHHBB", body)
    _check_sequence(walked, sequence, name)
    if not (1 <= width <= walked.width - left and 1 <= height <= walked.height - top):
        raise malformed(name, f"a frame of {width} x {height} at ({left}, {top})")
    if dispose > 2 or blend > 1:
        raise malformed(name, f"a frame of dispose {dispose} and blend {blend}")
    walked.pending = _Frame(width, height, left, top, _DISPOSE[dispose], blend == 1)


def _note_data(
    walked: _Walked, kind: bytes, offset: int, length: int, body: bytes, name: str
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
    whole = _Frame(walked.width, walked.height, 0, 0, KEEP, False)
    if not walked.data or walked.pending is not None:
        walked.frames.append(walked.pending or whole)
        walked.data.append([])
        walked.pending = None
    walked.data[-1].append((offset, length))


def _check_sequence(walked: _Walked, number: int, name: str) -> None:
    if number != walked.sequence:
        raise malformed(name, f"frame chunk {number} stands where {walked.sequence} must")
    walked.sequence += 1


def _check_end(file: BinaryIO, at: int, name: str) -> None:
    file.seek(at)
    if file.read(len(_SIGNATURE)) == _SIGNATURE:
        raise unsupported(name, "several PNG images in a row")


def _finished(walked: _Walked, name: str) -> _Walked:
    if not walked.data or walked.pending is not None:
        raise malformed(name, "has no image data (IDAT), or a frame without any")
    if walked.animated and walked.animated != len(walked.frames):
        raise malformed(
            name, f"acTL says {walked.animated} frames, the file holds {len(walked.frames)}"
        )
    if (walked.colour_type == _PALETTE) != bool(walked.palette) and walked.colour_type in (
        _GREY,
        _PALETTE,
        _GREY_ALPHA,
    ):
        raise malformed(name, f"colour type {walked.colour_type} with PLTE missing or needless")
    return walked

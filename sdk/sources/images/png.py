"""PNG and APNG: the data of each frame inflated to its exact size, unfiltered by Pillow."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ..base import check_pixels
from .canvas import Canvas
from .common import (
    Picture,
    Pictures,
    check_count,
    exactly,
    malformed,
    over_black,
    times_of,
    truncated,
    upright,
)
from .exif import orientation_of
from .pillow import samples
from .png_walk import CHANNELS, SIGNATURE, Frame, Walked, walk

# Adam7: first column, first row, step of columns, step of rows of each pass
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
           (0, 1, 1, 2))  # fmt: skip
_INFLATED_AT_ONCE = 1 << 16  # compressed bytes


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a PNG file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported`,
            `source-too-large`, `dependency-missing` or `dependency-broken`.
    """
    walked = walk(file, name)
    times_us = times_of([frame.duration_s for frame in walked.frames])
    return Pictures(check_count(name, len(walked.frames)), _each(file, name, walked), times_us)


def _each(file: BinaryIO, name: str, walked: Walked) -> Iterator[Picture]:
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
    pixels: npt.NDArray[Any], walked: Walked, name: str
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
    pixels: npt.NDArray[Any], walked: Walked, name: str
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
    file: BinaryIO, name: str, walked: Walked, frame: Frame, places: list[tuple[int, int]]
) -> npt.NDArray[Any]:
    """Have Pillow decode a PNG file of nothing but this frame's header, palette and data."""
    needed = _raster_bytes(walked, frame)
    # what doesn't compress grows by a few bytes a block: this is room enough for any encoder
    if sum(length for _, length in places) > needed + needed // 8 + 65_536:
        raise malformed(name, "more image data than its pixels can need")
    data = bytearray()
    for offset, length in places:
        file.seek(offset)
        data += exactly(file, length, name)
    _check_raster(data, needed, name)
    # chunks of text, colour profiles and what else a file brings never reach the decoder
    header = struct.pack(
        ">IIBBBBB",
        frame.width, frame.height, walked.depth, walked.colour_type, 0, 0, walked.interlace,
    )  # fmt: skip
    chunks = [(b"IHDR", header), (b"PLTE", walked.palette), (b"IDAT", bytes(data)), (b"IEND", b"")]
    clean = SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
        if body or kind == b"IEND"
    )
    pixels: npt.NDArray[Any] = samples(clean, "PNG", name, walked.mode, (frame.width, frame.height))
    return pixels


def _raster_bytes(walked: Walked, frame: Frame) -> int:
    """Return the size of a frame's rows, each with its filter byte (clauses 7.2 and 8.1)."""
    bits = CHANNELS[walked.colour_type] * walked.depth
    total = 0
    for left, top, across, down in _PASSES if walked.interlace else ((0, 0, 1, 1),):
        columns, rows = -(-(frame.width - left) // across), -(-(frame.height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _check_raster(data: bytearray, needed: int, name: str) -> None:
    """Inflate once for the size alone: Pillow would leave missing rows as they are."""
    inflater, inflated = zlib.decompressobj(), 0
    try:
        for start in range(0, len(data), _INFLATED_AT_ONCE):
            inflated += len(inflater.decompress(data[start : start + _INFLATED_AT_ONCE]))
            if inflated > needed:
                raise malformed(name, "its image data is more than its pixels")
    except zlib.error as error:
        raise malformed(name, f"its image data is damaged: {error}") from error
    if inflated < needed or not inflater.eof:
        raise truncated(name, f"its image data ends after {inflated} of {needed} bytes")

"""GIF87a and GIF89a: the blocks walked here, the LZW data decoded by Pillow, frames laid here."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ..base import MAX_FRAMES, check_pixels
from .canvas import CLEAR, KEEP, RESTORE, Canvas
from .common import (
    Picture,
    Pictures,
    check_count,
    exactly,
    malformed,
    size_of,
    times_of,
    truncated,
)
from .pillow import samples

_IMAGE, _EXTENSION, _TRAILER = b",", b"!", b";"
_CONTROL = 0xF9
_DISPOSE = {0: KEEP, 1: KEEP, 2: CLEAR, 3: RESTORE}
_TICKS_PER_S = 100

# of the next image: its transparent colour, what happens to it afterwards, and when
_Control = tuple[int | None, str, Fraction]
_NO_CONTROL: _Control = (None, KEEP, Fraction(0))


@dataclass(frozen=True, slots=True)
class _Frame:
    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    palette: bytes
    transparent: int | None
    then: str
    duration_s: Fraction
    start: int  # of the LZW data in the file, its code size first
    end: int


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a GIF file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-too-large`,
            `source-too-costly`, `source-no-pixels`, `dependency-missing` or `dependency-broken`.
    """
    data = exactly(file, size_of(file), name)
    if len(data) < 13:
        raise truncated(name)
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    check_pixels(name, width, height)
    at = 13
    palette, at = _palette(data, at, flags, name)
    frames: list[_Frame] = []
    control = _NO_CONTROL
    while data[at : at + 1] != _TRAILER:
        if len(frames) > MAX_FRAMES:
            break  # `check_count` refuses it; the rest would only cost time
        kind, at = data[at : at + 1], at + 1
        if kind == _EXTENSION and data[at : at + 1]:
            if data[at] == _CONTROL:
                control = _control(data, at + 1, name)
            at = _skip(data, at + 1, name)
        elif kind == _IMAGE:
            frame, at = _image(data, at, palette, control, (width, height), name)
            frames.append(frame)
            control = _NO_CONTROL
        elif not kind:
            raise truncated(name, "has no GIF trailer")
        else:
            raise malformed(name, f"{kind!r} at byte {at - 1} does not begin a GIF block")
    check_count(name, len(frames))
    times_us = times_of([frame.duration_s for frame in frames])
    return Pictures(len(frames), _each(data, name, width, height, frames), times_us)


def _each(
    data: bytes, name: str, width: int, height: int, frames: list[_Frame]
) -> Iterator[Picture]:
    canvas = Canvas(width, height)
    for frame in frames:
        check_pixels(name, width, height)
        indices = _indices(data, frame, name)
        table = np.frombuffer(frame.palette, np.uint8).reshape(-1, 3)
        visible = np.ones(indices.shape, bool)
        if frame.transparent is not None:
            visible = indices != frame.transparent
        if (indices[visible] >= len(table)).any():
            raise malformed(name, f"a colour index beyond its {len(table)} colours")
        colour = table[np.minimum(indices, len(table) - 1)]
        alpha = np.where(visible, 255, 0).astype(np.uint8)
        shown = canvas.draw(frame.left, frame.top, colour, alpha, over=True, then=frame.then)
        yield Picture(shown)


def _indices(data: bytes, frame: _Frame, name: str) -> npt.NDArray[np.uint8]:
    """Have Pillow decode a GIF file of this frame alone, without colours: its indices."""
    # Pillow lays the frames of a whole file over one another, and changes modes on the way
    screen = struct.pack("<HHBBB", frame.width, frame.height, 0, 0, 0)
    place = struct.pack("<HHHHB", 0, 0, frame.width, frame.height, 0x40 if frame.interlaced else 0)
    alone = b"GIF89a" + screen + _IMAGE + place + data[frame.start : frame.end] + _TRAILER
    pixels: npt.NDArray[np.uint8] = samples(alone, "GIF", name, "L", (frame.width, frame.height))
    return pixels


def _image(
    data: bytes,
    at: int,
    palette: bytes,
    control: _Control,
    screen: tuple[int, int],
    name: str,
) -> tuple[_Frame, int]:
    if at + 9 > len(data):
        raise truncated(name)
    left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at)
    if not (width and height) or left + width > screen[0] or top + height > screen[1]:
        raise malformed(
            name,
            f"a frame of {width} x {height} at ({left}, {top}) on a screen of "
            f"{screen[0]} x {screen[1]}",
        )
    own, at = _palette(data, at + 9, flags, name)
    if not (own or palette):
        raise malformed(name, "a frame without a colour table")
    if not 2 <= (data[at] if at < len(data) else 2) <= 8:
        raise malformed(name, f"an LZW code size of {data[at]}, allowed are 2 to 8")
    end = _skip(data, at + 1, name)
    frame = _Frame(
        left, top, width, height, bool(flags & 0x40), own or palette, *control, at, end
    )  # fmt: skip
    return frame, end


def _palette(data: bytes, at: int, flags: int, name: str) -> tuple[bytes, int]:
    if not flags & 0x80:
        return b"", at
    size = 3 << ((flags & 7) + 1)
    if at + size > len(data):
        raise truncated(name, "ends inside a colour table")
    return data[at : at + size], at + size


def _control(data: bytes, at: int, name: str) -> _Control:
    block = data[at + 1 : at + 5]
    if data[at : at + 1] != b"\x04" or len(block) < 4:
        raise malformed(name, "a graphic control extension of the wrong length")
    dispose = (block[0] >> 2) & 7
    if dispose not in _DISPOSE:
        raise malformed(name, f"disposal method {dispose}, allowed are 0 to 3")
    duration_s = Fraction(int.from_bytes(block[1:3], "little"), _TICKS_PER_S)
    return (block[3] if block[0] & 1 else None), _DISPOSE[dispose], duration_s


def _skip(data: bytes, at: int, name: str) -> int:
    """Return where the sub-blocks that begin here end."""
    while at < len(data):
        size = data[at]
        at += 1 + size
        if size == 0:
            return at
    raise truncated(name, "ends inside a GIF block")

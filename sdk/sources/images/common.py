"""What the readers of image formats share: pictures, errors, bounded reading, scaling."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._shown import shown
from ...errors import SourceError
from .. import limits
from ..base import MAX_FRAMES, MAX_GREY_16

# asked for before the memory is: what a refused allocation ends in differs by library and machine
MAX_READ_BYTES = limits.MEMORY_BYTES - 16 * 1024 * 1024
"""Most bytes of an image file that are read at once; all of a GIF, JPEG, WebP or JPEG 2000 is."""

_MAX_S = 10**8


class Picture(NamedTuple):
    """A decoded image, as it is to be shown.

    Attributes:
        pixels: uint8 or uint16 grey (height, width), or uint8 RGB (height, width, 3).
        window: the values of uint16 that are black and white.
    """

    pixels: npt.NDArray[Any]
    window: tuple[int, int] = (0, MAX_GREY_16)


class Pictures(NamedTuple):
    """The images of a file.

    Attributes:
        total: how many.
        each: one after the other, each decoded when asked for.
        times_us: from `times_of`.
    """

    total: int
    each: Iterator[Picture]
    times_us: list[int] | None = None


def malformed(name: str, what: str) -> SourceError:
    """Build the error for a file that breaks its own format."""
    return SourceError("source-malformed", f"{shown(name)}: {what}; copy it again")


def truncated(name: str, what: str = "ends in the middle") -> SourceError:
    """Build the error for a file that ends early."""
    return SourceError("source-truncated", f"{shown(name)}: {what}; copy it again")


def unsupported(name: str, what: str) -> SourceError:
    """Build the error for a valid file that isn't read here."""
    return SourceError("source-unsupported", f"{shown(name)}: {what}; convert the file")


def size_of(file: BinaryIO) -> int:
    """Return the size of an open file in bytes."""
    return os.fstat(file.fileno()).st_size


def exactly(file: BinaryIO, count: int, name: str) -> bytes:
    """Read so many bytes, after looking whether the file, and the memory, can hold them.

    Raises:
        SourceError: `source-truncated`, or `source-too-costly` beyond `MAX_READ_BYTES`.
    """
    if count < 0 or count > size_of(file):
        raise truncated(name)
    if count > MAX_READ_BYTES:
        raise SourceError(
            "source-too-costly",
            f"{shown(name)}: {count} bytes would be in memory at once, allowed are "
            f"{MAX_READ_BYTES}; split or convert the file",
        )
    data = file.read(count)
    if len(data) != count:
        raise truncated(name)
    return data


def check_count(name: str, count: int) -> int:
    """Return the number of images in a file, if that is a number to read.

    Raises:
        SourceError: `source-no-pixels` or `source-too-large`.
    """
    if count < 1:
        raise SourceError("source-no-pixels", f"{shown(name)}: holds no image")
    if count > MAX_FRAMES:
        raise SourceError(
            "source-too-large",
            f"{shown(name)}: more than {MAX_FRAMES} images; split the file",
        )
    return count


def times_of(durations_s: Sequence[Fraction]) -> list[int] | None:
    """Return when each frame of an animation is shown, in microseconds since the first, or None.

    A duration of 0 stands for "as fast as can be": which time the next frame has isn't known then,
    nor is it beyond a few years, where a duration is no more than a number that was never meant.
    """
    before = durations_s[:-1]
    if not before or min(before) <= 0 or sum(before) > _MAX_S:
        return None
    return [int(time * 1_000_000) for time in accumulate(before, initial=Fraction(0))]


def to_8_bits(values: npt.NDArray[Any], top: int) -> npt.NDArray[np.uint8]:
    """Scale values in [0, top] to [0, 255], rounded to the nearest."""
    if top == 255:
        return values.astype(np.uint8)
    table = ((np.arange(top + 1, dtype=np.uint64) * 255 + top // 2) // top).astype(np.uint8)
    scaled: npt.NDArray[np.uint8] = table[values]
    return scaled


def grey(values: npt.NDArray[Any], top: int) -> Picture:
    """Return grey values in [0, top] as a picture: up to 8 bits scaled, more with their window."""
    if top <= 255:
        return Picture(to_8_bits(values, top))
    return Picture(values.astype(np.uint16), (0, top))


def over_black(colour: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """Lay a picture over black.

    Args:
        colour: (height, width) or (height, width, 3), not multiplied by alpha.
        alpha: (height, width), 255 opaque.
    """
    weight = alpha.astype(np.uint16)
    if colour.ndim == 3:
        weight = weight[..., None]
    product = colour * weight + np.uint16(127)  # 65,152 at most, and rounds to the nearest
    return (product // np.uint16(255)).astype(np.uint8)


def upright(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Turn an image as its orientation tag says (TIFF 6.0, tag 274; EXIF 4.6.4).

    Args:
        pixels: (height, width) or (height, width, channels), as stored.
        orientation: 1 to 8; 1 is upright.
    """
    if orientation >= 5:  # rows of the image are columns of the picture
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)

"""A decoded picture's planes: out of FFmpeg's memory, upright, packed, otherwise untouched."""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._layouts import Plane, planes_of
from . import library as ff
from .color import FULL, LIMITED, RGB, color_of

# FFmpeg's name -> format, and the values of grey of more than 8 bits that are black and white
_AS_IT_IS: dict[str, tuple[str, tuple[int, int] | None]] = {
    **{f"yuv{j}420p": ("I420", None) for j in ("", "j")},
    **{f"yuv{j}422p": ("I422", None) for j in ("", "j")},
    **{f"yuv{j}444p": ("I444", None) for j in ("", "j")},
    **{f"{name}": (name.upper(), None) for name in ("nv12", "nv21", "nv16", "nv24")},
    **{"yuv420p10le": ("I010", None), "p010le": ("P010", None), "p210le": ("P210", None)},
    **{"yuyv422": ("YUYV", None), "uyvy422": ("UYVY", None), "yvyu422": ("YVYU", None)},
    **{"gray": ("GRAY8", None), "rgb24": ("RGB24", None), "bgr24": ("BGR24", None)},
    **{"bgr0": ("BGRA32", None), "rgb0": ("RGBA32", None)},
    **{"0rgb": ("ARGB32", None), "0bgr": ("ABGR32", None)},
    **{f"gray{bits}le": ("GRAY16", (0, (1 << bits) - 1)) for bits in (10, 12, 14, 16)},
}
_PALETTE_BYTES = 1024
_NEUTRAL = 128
# formats whose cells are one pixel, or one square of pixels, in every plane
_TURNABLE = frozenset(
    ("GRAY8", "GRAY16", "RGB24", "BGR24", "RGBA32", "BGRA32", "ARGB32", "ABGR32", "NV12", "NV21",
     "NV24", "I420", "I444", "P010", "I010")
)  # fmt: skip

Turn = tuple[bool, bool, bool]
"""Whether to swap rows and columns, then to turn rows round, then columns."""


class Unread(Exception):
    """A picture of a kind that isn't read here; the message says what it is."""


class Picture(NamedTuple):
    """One decoded picture.

    Attributes:
        pixels: its planes one after the other, without padding; uint8.
        format: canonical name.
        width: pixels, as shown.
        height: pixels, as shown.
        color: matrix and range, None without YUV.
        color_origin: see `sdk.sources.video.color.Color`; None without YUV.
        window: of GRAY16.
        timestamp_us: since the clip's first picture, or None.
    """

    pixels: npt.NDArray[np.uint8]
    format: str
    width: int
    height: int
    color: str | None
    color_origin: str | None
    window: tuple[int, int] | None
    timestamp_us: int | None = None


def picture_of(
    frame: int, pixel_format: str, given: str | None, turn: Turn, *, limited: bool
) -> Picture:
    """Copy a decoded picture.

    Args:
        frame: address of an AVFrame.
        pixel_format: FFmpeg's name for its format.
        given: matrix and range from the caller, or None.
        turn: that makes it upright.
        limited: whether grey of no stated range is limited (H.264 and H.265).

    Raises:
        Unread: no such format, matrix or turn is read.
    """
    width, height = ff.integer(frame, ff.FRAME_WIDTH), ff.integer(frame, ff.FRAME_HEIGHT)
    format_, window, planes = _planes(frame, pixel_format, width, height)
    range_ = ff.integer(frame, ff.FRAME_RANGE)
    if "yuvj" in pixel_format:
        range_ = FULL
    if format_ == "GRAY8" and (range_ == LIMITED or (limited and range_ != FULL)):
        format_, planes = "I420", [planes[0], *_neutral(width, height)]
    color = None
    if format_ not in _RGB_OR_GREY:
        matrix = ff.integer(frame, ff.FRAME_MATRIX)
        if pixel_format == "gray" and matrix == RGB:
            matrix = 2
        color = color_of(given, matrix, range_, height)
        if color is None:
            raise Unread(f"has the colour matrix {matrix} of H.273; name one with color=")
    if turn != (False, False, False):
        if format_ not in _TURNABLE:
            raise Unread(f"is to be turned, which pixels of format {format_} are not")
        planes = [turned(plane, turn) for plane in planes]
        width, height = (height, width) if turn[0] else (width, height)
    pixels = np.concatenate([np.ascontiguousarray(plane).reshape(-1) for plane in planes])
    name, origin = (color.name, color.origin) if color else (None, None)
    return Picture(pixels, format_, width, height, name, origin, window)


_RGB_OR_GREY = frozenset(
    ("GRAY8", "GRAY16", "RGB24", "BGR24", "RGBA32", "BGRA32", "ARGB32", "ABGR32")
)


def turned(plane: npt.NDArray[Any], turn: Turn) -> npt.NDArray[Any]:
    """Turn a plane (rows, cells, bytes)."""
    swap, rows, columns = turn
    plane = np.swapaxes(plane, 0, 1) if swap else plane
    return plane[:: -1 if rows else 1, :: -1 if columns else 1]


def _planes(
    frame: int, name: str, width: int, height: int
) -> tuple[str, tuple[int, int] | None, list[npt.NDArray[np.uint8]]]:
    if name in _AS_IT_IS:
        format_, window = _AS_IT_IS[name]
        places = planes_of(format_, width, height)
        return format_, window, [_plane(frame, i, place) for i, place in enumerate(places)]
    one = Plane(height, width, 1)
    if name == "gbrp":
        green, blue, red = (_plane(frame, i, one) for i in range(3))
        return "RGB24", None, [np.concatenate((red, green, blue), axis=2)]
    if name == "pal8":
        address = ff.pointer(frame, ff.FRAME_DATA + 8)
        words = (ctypes.c_uint8 * _PALETTE_BYTES).from_address(address)
        blue_first = np.frombuffer(bytes(words), np.uint8).reshape(256, 4)
        return "RGB24", None, [blue_first[:, 2::-1][_plane(frame, 0, one)[:, :, 0]]]
    raise Unread(f"has pixels of format {name}, which is not read here")


def _plane(frame: int, index: int, place: Plane) -> npt.NDArray[np.uint8]:
    """Return a view of a plane, (rows, cells, bytes); rows may run upwards in memory."""
    address = ff.pointer(frame, ff.FRAME_DATA + 8 * index)
    stride = ff.integer(frame, ff.FRAME_STRIDES + 4 * index)
    if not address or abs(stride) < place.row_bytes:
        raise Unread("has a plane that isn't there")
    step = abs(stride)
    first = address + min(0, stride) * (place.rows - 1)
    memory = (ctypes.c_uint8 * (step * (place.rows - 1) + place.row_bytes)).from_address(first)
    shape = (place.rows, place.cells, place.cell_bytes)
    buffer = memoryview(memory).cast("B")
    view = np.ndarray(shape, np.uint8, buffer, strides=(step, place.cell_bytes, 1))
    return view[::-1] if stride < 0 else view


def _neutral(width: int, height: int) -> list[npt.NDArray[np.uint8]]:
    chroma = planes_of("I420", width, height)[1]
    return [np.full((chroma.rows, chroma.cells, 1), _NEUTRAL, np.uint8)] * 2

"""libyuv's ways from a frame to a tensor, by ctypes, where the library is installed."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.suites.pixels.cases import BYTES_PER_PIXEL, Case
from benchmarks.suites.pixels.chains import Chain, cropped, finish

_BOX = 3  # its kFilterBox: the mean of the pixels of a cell
# libyuv names a pixel by its little-endian word: its ARGB is our BGRA32.
_TO_GREY = {
    "BGRA32": "ARGBToJ400",
    "RGBA32": "ABGRToJ400",
    "BGR24": "RGB24ToJ400",
    "RGB24": "RAWToJ400",
    "YUYV": "YUY2ToY",
    "UYVY": "UYVYToY",
}
Pixels = NDArray[Any]


@cache
def library() -> ctypes.CDLL | None:
    """Return libyuv (Debian: `libyuv-dev`), or None where it is not installed."""
    name = ctypes.util.find_library("yuv")
    try:
        return ctypes.CDLL(name) if name else None
    except OSError:
        return None


def chains(case: Case) -> dict[str, Chain]:
    """Return its orders by name: grey before the resize, and after it where there is colour."""
    lib = library()
    if lib is None or case.format == "ARGB32":  # it has no grey of that order
        return {}
    if case.format in _TO_GREY:
        made: dict[str, Chain] = {"libyuv": partial(_grey_first, lib, case, _scratch(case))}
        if case.format in ("BGRA32", "RGBA32", "RGB24", "BGR24"):
            made["libyuv_resize_first"] = partial(_resize_first, lib, case)
        return made
    return {"libyuv": partial(_plane, lib, case)}


def _scratch(case: Case) -> NDArray[np.uint8]:
    return np.empty((case.region[3], case.region[2]), np.uint8)


def _grey_first(
    lib: ctypes.CDLL,
    case: Case,
    grey: NDArray[np.uint8],
    data: NDArray[np.uint8],
    out: NDArray[np.float32],
) -> None:
    pixels = cropped(case, data)
    _call(getattr(lib, _TO_GREY[case.format]), pixels, grey, grey.shape)
    finish(_scaled(lib.ScalePlane, grey, out.shape), case, out)


def _resize_first(
    lib: ctypes.CDLL, case: Case, data: NDArray[np.uint8], out: NDArray[np.float32]
) -> None:
    channels = int(BYTES_PER_PIXEL[case.format])
    scale = lib.ARGBScale if channels == 4 else lib.RGBScale
    small = _scaled(scale, cropped(case, data), (*out.shape, channels))
    grey = np.empty(out.shape, np.uint8)
    _call(getattr(lib, _TO_GREY[case.format]), small, grey, grey.shape)
    finish(grey, case, out)


def _plane(lib: ctypes.CDLL, case: Case, data: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
    scale = lib.ScalePlane_16 if case.format == "GRAY16" else lib.ScalePlane
    finish(_scaled(scale, cropped(case, data), out.shape), case, out)


def _scaled(scale: Callable[..., object], source: Pixels, shape: tuple[int, ...]) -> Pixels:
    small = np.empty(shape, source.dtype)
    height, width = source.shape[:2]
    sides = (ctypes.c_int(width), ctypes.c_int(height))
    target = (*_address(small), ctypes.c_int(shape[1]), ctypes.c_int(shape[0]))
    scale(*_address(source), *sides, *target, ctypes.c_int(_BOX))
    return small


def _call(
    function: Callable[..., object], source: Pixels, to: Pixels, shape: tuple[int, ...]
) -> None:
    function(*_address(source), *_address(to), ctypes.c_int(shape[1]), ctypes.c_int(shape[0]))


def _address(pixels: Pixels) -> tuple[ctypes.c_void_p, ctypes.c_int]:
    """Return where pixels start, and their stride: in bytes, or in items of 16 bits."""
    return ctypes.c_void_p(pixels.ctypes.data), ctypes.c_int(pixels.strides[0] // pixels.itemsize)

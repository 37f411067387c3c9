"""Checks of what a caller says about a frame, each with a ``FrameError`` that helps."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ._formats import FACTS
from ._shown import shown
from .errors import FrameError

_MATRICES = {"bt601": 1, "bt709": 2, "bt2020": 3}
_RANGES = {"limited": True, "full": False}
# Name of a matrix and range -> what the kernels call them.
COLORS = {f"{m}-{r}": (_MATRICES[m], _RANGES[r]) for m in _MATRICES for r in _RANGES}


def whole(value: Any, field: str, slug: str) -> int:
    """Return a Python int for any integer type; refuse bool and float rather than round."""
    if type(value) is int and -(2**62) < value < 2**62:
        return value
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise FrameError(
            slug, f"{field} is {shown(value)} ({type(value).__name__}), it must be a whole number"
        )
    try:
        number = operator.index(value)
    except TypeError as error:
        raise FrameError(slug, f"{field} is {shown(value)}, it must be a whole number") from error
    if not -(2**62) < number < 2**62:
        raise FrameError(slug, f"{field} is {shown(number)}, its magnitude must be below 2**62")
    return number


def finite(value: Any, field: str, slug: str) -> float:
    numeric = isinstance(value, (int, float, np.integer, np.floating))
    try:
        number = float(value) if numeric and not isinstance(value, bool) else math.nan
    except OverflowError:  # an integer beyond the largest float
        number = math.inf
    if not math.isfinite(number):
        raise FrameError(slug, f"{field} is {shown(value)}, it must be a finite number")
    return number


def stride_tuple(strides: Any) -> tuple[int, ...]:
    if strides is None:
        return ()
    if not isinstance(strides, (tuple, list)):
        strides = (strides,)
    if not strides:
        raise FrameError("strides-invalid", "strides is empty, it needs one number for each plane")
    return tuple(whole(s, f"strides[{i}]", "strides-invalid") for i, s in enumerate(strides))


def color_name(color: Any, name: str) -> str | None:
    yuv = name in FACTS and FACTS[name]["yuv"]
    if color is None:
        if yuv:
            raise FrameError(
                "color-missing",
                f"color is missing, {name} needs matrix and range: one of {', '.join(COLORS)}",
            )
        return None
    if not yuv:
        raise FrameError(
            "color-unexpected",
            f"color is {shown(color)}, but {name} has no matrix or range; leave it out",
        )
    if not isinstance(color, str) or color not in COLORS:
        raise FrameError(
            "color-unknown", f"color is {shown(color)}, it must be one of {', '.join(COLORS)}"
        )
    return color


def pixel_pair(size: Any) -> tuple[float, float]:
    if size is None:
        return (1.0, 1.0)
    pair = size if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2:
        raise FrameError(
            "pixel-size-invalid", f"pixel_size_mm has {len(pair)} numbers, it must be (x, y) or one"
        )
    x, y = (finite(v, "pixel_size_mm", "pixel-size-invalid") for v in pair)
    return (x, y)


def window_pair(window: Any, name: str) -> tuple[int, int]:
    if name not in FACTS or not FACTS[name]["window"]:
        if window is not None:
            raise FrameError(
                "window-unexpected",
                f"window is {shown(window)}, but only GRAY16 has one; leave it out",
            )
        return (0, 65535)
    if window is None:
        raise FrameError(
            "window-missing",
            "window is missing, GRAY16 needs (low, high): the values shown as black and as white",
        )
    if not isinstance(window, (tuple, list)) or len(window) != 2:
        raise FrameError("window-invalid", f"window is {shown(window)}, it must be (low, high)")
    low, high = (whole(v, "window", "window-invalid") for v in window)
    return (low, high)

"""What the pixels are: ``Frame``, ``PixelFormat`` and ``Region``.

A ``Frame`` is a reference to somebody's pixels together with everything needed to read them
rightly. Nothing is guessed: what is ambiguous is refused with a ``FrameError``.
``docs/formats.md`` fixes the byte order, colour matrix and range of each format.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk import _kernels
from sdk.errors import FrameError

__all__ = ["Frame", "PixelFormat", "Region"]

_LAYOUTS_KEPT = 64
_MATRICES = {"bt601": 1, "bt709": 2, "bt2020": 3}
_RANGES = {"limited": True, "full": False}
_COLORS = {f"{m}-{r}": (_MATRICES[m], _RANGES[r]) for m in _MATRICES for r in _RANGES}


class PixelFormat(StrEnum):
    """Pixel formats; byte orders are those in memory, first byte first."""

    GRAY8 = "GRAY8"
    GRAY16 = "GRAY16"
    RGB24 = "RGB24"
    BGR24 = "BGR24"
    RGBA32 = "RGBA32"
    BGRA32 = "BGRA32"
    ARGB32 = "ARGB32"
    YUYV = "YUYV"
    UYVY = "UYVY"
    NV12 = "NV12"
    NV21 = "NV21"
    I420 = "I420"
    YV12 = "YV12"


_YUV = {"YUYV", "UYVY", "NV12", "NV21", "I420", "YV12"}
_PLANES = {"NV12": 2, "NV21": 2, "I420": 3, "YV12": 3}
_CHANNELS = {"GRAY8": 1, "GRAY16": 1, "RGB24": 3, "BGR24": 3, "RGBA32": 4, "BGRA32": 4, "ARGB32": 4}
_CHANNELS |= {"YUYV": 2, "UYVY": 2}


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a frame that holds the ultrasound image; see the two constructors."""

    kind: str
    numbers: tuple[float, ...]

    @classmethod
    def rectangle(cls, x: int, y: int, width: int, height: int) -> Region:
        """Pixels ``x .. x + width - 1`` by ``y .. y + height - 1``.

        Raises:
            FrameError: ``region-invalid`` if a number is not whole, negative, or a side is empty.
        """
        names = ("x", "y", "width", "height")
        numbers = tuple(
            _whole(v, f"region {n}", "region-invalid")
            for n, v in zip(names, (x, y, width, height), strict=True)
        )
        return cls("rectangle", numbers)

    @classmethod
    def sector(
        cls,
        cx: float,
        cy: float,
        r_min: float,
        r_max: float,
        angle_min_deg: float,
        angle_max_deg: float,
    ) -> Region:
        """Pixels whose centre is ``r_min`` to ``r_max`` away from ``(cx, cy)``, between two angles.

        Lengths are in pixels, the centre of pixel (0, 0) is (0.5, 0.5), and the apex may lie
        outside the frame. Angles run clockwise from straight down. The region's box is the
        smallest that holds those pixels of the frame; what of it is outside the sector is painted
        with the recipe's ``pad_level``.

        Raises:
            FrameError: ``region-invalid`` if a number is not finite.
        """
        names = ("cx", "cy", "r_min", "r_max", "angle_min_deg", "angle_max_deg")
        values = (cx, cy, r_min, r_max, angle_min_deg, angle_max_deg)
        numbers = tuple(
            _finite(v, f"sector {n}", "region-invalid") for n, v in zip(names, values, strict=True)
        )
        return cls("sector", numbers)


class Frame:
    """One image in somebody's memory, described and checked; the pixels are not copied.

    Args:
        data: any object that exposes its bytes (``bytes``, ``bytearray``, ``memoryview``, array,
            ctypes), or a tuple of one such object for each plane. The first byte is the lowest
            address of the image.
        width: pixels, 1 to 16384.
        height: pixels, 1 to 16384.
        format: a ``PixelFormat`` or its name.
        strides: bytes from one row to the next for each plane, padding included; one number will
            do for one plane. Negative declares that the plane is stored bottom-up. Left out: rows
            lie without padding.
        color: matrix and range, such as ``"bt709-limited"``; required for YUV, refused otherwise.
        region: the part to look at; left out: the whole frame.
        pixel_size_mm: ``(x, y)`` or one number for square pixels.
        window: ``(low, high)``, the GRAY16 values shown as black and as white; only for GRAY16.

    Raises:
        FrameError: see ``sdk.errors.SLUGS``; nothing is read from the pixels before all is checked.
    """

    __slots__ = ("_data", "_key", "_layout")

    def __init__(
        self,
        data: Any,
        *,
        width: int,
        height: int,
        format: PixelFormat | str,
        strides: int | Sequence[int] | None = None,
        color: str | None = None,
        region: Region | None = None,
        pixel_size_mm: float | tuple[float, float] | None = None,
        window: tuple[int, int] | None = None,
    ) -> None:
        planes = isinstance(data, (tuple, list))
        self._data = tuple(data) if planes else data
        self._key = _layout_key(
            width, height, format, strides, planes, color, region, pixel_size_mm, window
        )
        self._layout = _layout(self._key)
        self._layout.check(self._data)

    @classmethod
    def from_array(
        cls,
        array: NDArray[Any],
        format: PixelFormat | str | None = None,
        *,
        strides: int | None = None,
        color: str | None = None,
        region: Region | None = None,
        pixel_size_mm: float | tuple[float, float] | None = None,
        window: tuple[int, int] | None = None,
    ) -> Frame:
        """A frame over an array, without a copy: views, padded and sub-image rows included.

        Args:
            array: ``(height, width)`` of uint8 (GRAY8) or uint16 (GRAY16), or
                ``(height, width, channels)`` of uint8 for RGB24, BGR24 (3), RGBA32, BGRA32, ARGB32
                (4), YUYV and UYVY (2).
            format: required unless the array is two-dimensional uint8.
            strides: only to declare that rows run upwards: the array's own negative row stride.
            color: as for ``Frame``.
            region: as for ``Frame``.
            pixel_size_mm: as for ``Frame``.
            window: as for ``Frame``.
        """
        name = _array_format(array, format)
        return cls(
            array,
            width=array.shape[1],
            height=array.shape[0],
            format=name,
            strides=_array_stride(array, strides),
            color=color,
            region=region,
            pixel_size_mm=pixel_size_mm,
            window=window,
        )

    @property
    def width(self) -> int:
        """Pixels."""
        return self._key[1]

    @property
    def height(self) -> int:
        """Pixels."""
        return self._key[2]

    @property
    def format(self) -> PixelFormat:
        """How the pixels are stored."""
        return PixelFormat(self._key[0])

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one row to the next for each plane."""
        return self._layout.strides

    @property
    def region_box(self) -> tuple[int, int, int, int]:
        """``(x, y, width, height)`` of the region's bounding box in pixels."""
        return self._layout.box

    def __repr__(self) -> str:
        return f"Frame({self.format} {self.width} x {self.height}, region={self.region_box})"


_layouts: dict[Any, _kernels.Layout] = {}


def _layout(key: Any) -> _kernels.Layout:
    """The checked layout of a key; the last few are kept, since a stream repeats its geometry."""
    layout = _layouts.get(key)
    if layout is None:
        format_, width, height, strides, planes, color, region, pixel_size, window = key
        matrix, limited = _COLORS[color] if color else (0, False)
        layout = _kernels.Layout(
            format=format_,
            width=width,
            height=height,
            strides=strides,
            separate_planes=planes,
            matrix=matrix,
            limited=limited,
            window=window,
            region=None if region is None else region.numbers,
            unit=1,
            pixel_size_mm=pixel_size,
        )
        while len(_layouts) >= _LAYOUTS_KEPT:
            _layouts.pop(next(iter(_layouts), None), None)
        _layouts[key] = layout
    return layout


def _layout_key(
    width: Any,
    height: Any,
    format_: Any,
    strides: Any,
    planes: bool,
    color: Any,
    region: Any,
    pixel_size: Any,
    window: Any,
) -> tuple[Any, ...]:
    name = str(format_) if isinstance(format_, str) else ""
    if name not in PixelFormat.__members__:
        raise FrameError(
            "format-unknown",
            f"format is {format_!r}, it must be one of {', '.join(PixelFormat)}",
        )
    if region is not None and not isinstance(region, Region):
        raise FrameError(
            "region-invalid",
            f"region is {region!r}, it must be Region.rectangle(...) or Region.sector(...)",
        )
    return (
        name,
        _whole(width, "width", "frame-size"),
        _whole(height, "height", "frame-size"),
        _stride_tuple(strides),
        planes,
        _color(color, name),
        region,
        _pixel_size(pixel_size),
        _window(window, name),
    )


def _whole(value: Any, field: str, slug: str) -> int:
    """A Python int from any integer type; bool and float are refused rather than rounded."""
    if type(value) is int and -(2**62) < value < 2**62:
        return value
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise FrameError(
            slug, f"{field} is {value!r} ({type(value).__name__}), it must be a whole number"
        )
    try:
        number = operator.index(value)
    except TypeError as error:
        raise FrameError(slug, f"{field} is {value!r}, it must be a whole number") from error
    if not -(2**62) < number < 2**62:
        raise FrameError(slug, f"{field} is {number}, its magnitude must be below 2**62")
    return number


def _finite(value: Any, field: str, slug: str) -> float:
    numeric = isinstance(value, (int, float, np.integer, np.floating))
    if isinstance(value, bool) or not numeric or not math.isfinite(value):
        raise FrameError(slug, f"{field} is {value!r}, it must be a finite number")
    return float(value)


def _stride_tuple(strides: Any) -> tuple[int, ...]:
    if strides is None:
        return ()
    if not isinstance(strides, (tuple, list)):
        strides = (strides,)
    if not strides:
        raise FrameError("strides-invalid", "strides is empty, it needs one number for each plane")
    return tuple(_whole(s, f"strides[{i}]", "strides-invalid") for i, s in enumerate(strides))


def _color(color: Any, name: str) -> str | None:
    if color is None:
        if name in _YUV:
            raise FrameError(
                "color-missing",
                f"color is missing, {name} needs matrix and range: one of {', '.join(_COLORS)}",
            )
        return None
    if name not in _YUV:
        raise FrameError(
            "color-unexpected",
            f"color is {color!r}, but {name} has no matrix or range; leave it out",
        )
    if not isinstance(color, str) or color not in _COLORS:
        raise FrameError(
            "color-unknown", f"color is {color!r}, it must be one of {', '.join(_COLORS)}"
        )
    return color


def _pixel_size(size: Any) -> tuple[float, float]:
    if size is None:
        return (1.0, 1.0)
    pair = size if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2:
        raise FrameError(
            "pixel-size-invalid", f"pixel_size_mm has {len(pair)} numbers, it must be (x, y) or one"
        )
    x, y = (_finite(v, "pixel_size_mm", "pixel-size-invalid") for v in pair)
    return (x, y)


def _window(window: Any, name: str) -> tuple[int, int]:
    if name != "GRAY16":
        if window is not None:
            raise FrameError(
                "window-unexpected", f"window is {window!r}, but only GRAY16 has one; leave it out"
            )
        return (0, 65535)
    if window is None:
        raise FrameError(
            "window-missing",
            "window is missing, GRAY16 needs (low, high): the values shown as black and as white",
        )
    if not isinstance(window, (tuple, list)) or len(window) != 2:
        raise FrameError("window-invalid", f"window is {window!r}, it must be (low, high)")
    low, high = (_whole(v, "window", "window-invalid") for v in window)
    return (low, high)


def _array_format(array: Any, format_: Any) -> str:
    """The format's name, after the array's rank, type and channels were checked against it."""
    if not isinstance(array, np.ndarray):
        raise FrameError(
            "frame-type", f"the frame is a {type(array).__name__}, it must be a numpy array"
        )
    if format_ is None:
        if array.ndim == 3 and array.shape[2] in (3, 4):
            raise FrameError(
                "format-missing",
                f"an array of shape {array.shape} is ambiguous, name its format: "
                'sdk.Frame.from_array(a, format="BGR24")',
            )
        format_ = "GRAY8"
    name = str(format_) if isinstance(format_, str) else ""
    channels = _CHANNELS.get(name)
    if channels is None:
        if name in _PLANES:
            raise FrameError(
                "frame-rank",
                f"{name} has {_PLANES[name]} planes and is no array of pixels; use "
                f'sdk.Frame(data, width=, height=, format="{name}", color=)',
            )
        raise FrameError(
            "format-unknown", f"format is {format_!r}, it must be one of {', '.join(PixelFormat)}"
        )
    rank = 2 if channels == 1 else 3
    if array.ndim != rank:
        raise FrameError(
            "frame-rank", f"the array has shape {array.shape}, {name} needs {rank} dimensions"
        )
    dtype = np.uint16 if name == "GRAY16" else np.uint8
    if array.dtype != dtype:
        raise FrameError(
            "frame-dtype", f"the array holds {array.dtype}, {name} needs {np.dtype(dtype)}"
        )
    if rank == 3 and array.shape[2] != channels:
        raise FrameError(
            "frame-channels",
            f"the array has shape {array.shape}, {name} needs {channels} channels",
        )
    return name


def _array_stride(array: NDArray[Any], declared: Any) -> int | None:
    """The row stride in bytes, None where a single row leaves it open."""
    if array.size == 0:
        raise FrameError("frame-size", f"the array has shape {array.shape}, it must hold a pixel")
    packed = array.itemsize
    for axis in range(array.ndim - 1, 0, -1):
        if array.shape[axis] > 1 and array.strides[axis] != packed:
            raise FrameError(
                "strides-gapped",
                f"the array has strides {array.strides}, the pixels of a row must lie side by "
                "side; copy it with np.ascontiguousarray(a)",
            )
        packed *= array.shape[axis]
    stride = array.strides[0]
    if array.shape[0] == 1:
        return None
    if declared is not None and declared != stride:
        raise FrameError(
            "strides-invalid", f"strides is {declared!r}, but the array's row stride is {stride}"
        )
    if stride < 0 and declared is None:
        raise FrameError(
            "strides-negative",
            f"the array's rows run upwards (strides {array.strides}); declare it with "
            f"sdk.Frame.from_array(a, strides={stride}) or copy with np.ascontiguousarray(a)",
        )
    return stride

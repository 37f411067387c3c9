"""What the pixels are: ``Frame``, ``PixelFormat`` and ``Region``.

A ``Frame`` is a reference to somebody's pixels together with everything needed to read them
rightly. Nothing is guessed: what is ambiguous is refused with a ``FrameError``.
``docs/formats.md`` fixes the byte order, colour matrix and range of each format.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from numpy.typing import NDArray

from . import _array_checks, _frame_checks, _kernels, _mjpeg
from ._formats import MJPEG, PixelFormat, canonical
from ._region import Region
from ._shown import shown
from .errors import FrameError

__all__ = ["Frame", "PixelFormat", "Region"]

_LAYOUTS_KEPT = 64
_PLAIN = frozenset({str, int, bool, float, type(None), Region})


class _Key(NamedTuple):
    """All that is said about a frame's layout, checked one by one but not against each other."""

    format: str
    width: int
    height: int
    strides: tuple[int, ...]
    planes: bool
    color: str | None
    region: Region | None
    pixel_size: tuple[float, float]
    window: tuple[int, int]
    unit: int = 1  # the region's numbers count 1/unit of a pixel


class Frame:
    """One image in somebody's memory, described and checked; the pixels are not copied.

    A pickled frame, and one that is copied deeply, holds a copy of its pixels.

    Args:
        data: any object that exposes its bytes (``bytes``, ``bytearray``, ``memoryview``, array,
            ctypes), or a tuple of one such object for each plane. The first byte is the lowest
            address of the image.
        width: pixels, 1 to 16384; may be left out for MJPEG, which carries it.
        height: pixels, 1 to 16384; may be left out for MJPEG.
        format: a ``PixelFormat``, its name, or another common name for it, such as ``"YUY2"``.
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

    def __init__(  # noqa: PLR0913 - the contract's description of a frame
        self,
        data: Any,
        *,
        format: PixelFormat | str,
        width: int | None = None,
        height: int | None = None,
        strides: int | Sequence[int] | None = None,
        color: str | None = None,
        region: Region | None = None,
        pixel_size_mm: float | tuple[float, float] | None = None,
        window: tuple[int, int] | None = None,
    ) -> None:
        name = canonical(format)
        if name == MJPEG:
            data, width, height = _mjpeg.described(data, width, height, strides)
        _check_region(region)
        planes = isinstance(data, (tuple, list))
        self._data = tuple(data) if planes else data
        said = (name, width, height, strides, planes, color, region, pixel_size_mm, window)
        # values of other types may equal these and yet be refused, or hide what they are
        plain = all(map(_PLAIN.__contains__, map(type, said)))
        key, layout = (_described if plain else _described.__wrapped__)(*said)
        # equal regions need not tell the same of where they came from
        self._key = key if key.region is region else key._replace(region=region)
        self._layout = layout
        if name != MJPEG:
            layout.check(self._data)

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
        """Describe an array, without a copy: views, padded and sub-image rows included.

        Args:
            array: ``(height, width)`` of uint8 (GRAY8) or uint16 (GRAY16), or
                ``(height, width, channels)`` of uint8 for RGB of 24 bits (3 channels), RGB of 32
                bits (4) and packed YUV (2).
            format: required unless the array is two-dimensional uint8.
            strides: only to declare that rows run upwards: the array's own negative row stride.
            color: as for ``Frame``.
            region: as for ``Frame``.
            pixel_size_mm: as for ``Frame``.
            window: as for ``Frame``.

        Raises:
            FrameError: the array does not fit the format, or its rows are not side by side.
        """
        name = _array_checks.array_format(array, format)
        return cls(
            array,
            width=array.shape[1],
            height=array.shape[0],
            format=name,
            strides=_array_checks.array_stride(array, strides),
            color=color,
            region=region,
            pixel_size_mm=pixel_size_mm,
            window=window,
        )

    @property
    def width(self) -> int:
        """Pixels."""
        return self._key.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self._key.height

    @property
    def format(self) -> PixelFormat:
        """How the pixels are stored."""
        return PixelFormat(self._key.format)

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one row to the next for each plane; empty for MJPEG."""
        return () if self._key.format == "MJPEG" else self._layout.strides

    @property
    def region(self) -> Region | None:
        """The part to look at; None for the whole frame."""
        return self._key.region

    @property
    def region_box(self) -> tuple[int, int, int, int]:
        """``(x, y, width, height)`` of the region's bounding box in pixels."""
        return self._layout.box

    def with_region(self, region: Region | None) -> Frame:
        """Return a frame of the same pixels, uncopied, of which another part is looked at.

        Raises:
            FrameError: `region-invalid` or `region-outside`.
        """
        _check_region(region)
        frame = Frame.__new__(Frame)
        frame._data = self._data
        key, frame._layout = _placed(self._key, region)
        frame._key = key if key.region is region else key._replace(region=region)
        return frame

    def __copy__(self) -> Frame:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by value: the frame's own pixels, without padding, and what was said of them.

        Raises:
            FrameError: ``buffer-truncated`` if the buffer has shrunk since it was described.
        """
        key = self._key
        described: dict[str, Any] = {
            "width": key.width,
            "height": key.height,
            "format": key.format,
            "color": key.color,
            "region": key.region,
            "pixel_size_mm": key.pixel_size,
        }
        if key.format == "GRAY16":
            described["window"] = key.window
        mjpeg = key.format == "MJPEG"
        data = bytes(self._data) if mjpeg else self._layout.packed(self._data)
        return _unpickled, (data, described)

    def __repr__(self) -> str:
        return f"Frame({self.format} {self.width} x {self.height}, region={self.region_box})"


@lru_cache(_LAYOUTS_KEPT)
def _placed(key: _Key, region: Region | None) -> tuple[_Key, _kernels.Layout]:
    key = key._replace(region=region)
    return key, layout_of(key)


@lru_cache(_LAYOUTS_KEPT, typed=True)
def _described(  # noqa: PLR0913 - of `Frame`, by position
    name: str,
    width: Any,
    height: Any,
    strides: Any,
    planes: bool,
    color: Any,
    region: Any,
    pixel_size_mm: Any,
    window: Any,
) -> tuple[_Key, _kernels.Layout]:
    """Check what is said about a frame; a stream says the same of each of its frames."""
    if region is not None and not isinstance(region, Region):
        raise FrameError(
            "region-invalid",
            f"region is {shown(region)}, it must be Region.rectangle(...) or Region.sector(...)",
        )
    key = _Key(
        name,
        _frame_checks.whole(width, "width", "frame-size"),
        _frame_checks.whole(height, "height", "frame-size"),
        _frame_checks.stride_tuple(strides),
        planes,
        _frame_checks.color_name(color, name),
        region,
        _frame_checks.pixel_pair(pixel_size_mm),
        _frame_checks.window_pair(window, name),
    )
    return key, layout_of(key)


@lru_cache(_LAYOUTS_KEPT)
def layout_of(key: _Key) -> _kernels.Layout:
    """Return the checked layout; the last few are kept, since a stream repeats its geometry."""
    matrix, limited = _frame_checks.COLORS[key.color] if key.color else (0, False)
    return _kernels.Layout(
        # A decoded MJPEG is grey; this layout checks its region.
        format="GRAY8" if key.format == "MJPEG" else key.format,
        width=key.width,
        height=key.height,
        strides=key.strides,
        separate_planes=key.planes,
        matrix=matrix,
        limited=limited,
        window=key.window,
        region=None if key.region is None else key.region.numbers + (key.region.clip or ()),
        unit=key.unit,
        pixel_size_mm=key.pixel_size,
    )


def layout_of_pixels(width: int, height: int, region: Region | None) -> _kernels.Layout:
    """Return the layout of a frame of this size and region, whatever its pixels are.

    Raises:
        FrameError: as ``Frame``.
    """
    return layout_of(_Key("GRAY8", width, height, (), False, None, region, (1.0, 1.0), (0, 65535)))


def _check_region(region: Any) -> None:
    if region is not None and not isinstance(region, Region):
        raise FrameError(
            "region-invalid",
            f"region is {shown(region)}, it must be Region.rectangle(...) or Region.sector(...)",
        )


def _unpickled(data: bytes, described: dict[str, Any]) -> Frame:
    return Frame(data, **described)

"""What all readers share: `FrameInfo`, limits, wrapping decoded pixels, optional imports."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._layouts import ARRAYS
from .._origin import raised_by_a_handler
from .._shown import shown
from ..errors import SourceError
from ..frame import Frame, Region

MAX_SIDE = 16_384
"""Largest width and height of a frame, in pixels."""
MAX_PIXELS = 64 * 1024 * 1024
"""Largest image that is read, in pixels: eight times a 4K screen."""
MAX_FRAMES = 100_000
"""Most images that one image file may hold."""
HEADER_BYTES = 1024
"""How much of a file decides what it is."""
MAX_GREY_16 = 65_535

on_declared_pixels: Callable[[int], None] = lambda pixels: None  # noqa: E731
"""Told how many pixels the next frame has; the decoding process allows memory by it."""


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """Where a frame comes from; holds nothing of the patient.

    Attributes:
        path: of the file, as given; the `name` of a file object.
        index: of the frame in its file, from 0.
        frame_count: frames the file declares, or None when it doesn't say.
        kind: `image`, `dicom`, `video`, `raw`, `mjpeg`, `igtl`, `camera` or `callback`.
        timestamp_us: of the frame since the first one, in microseconds: when a DICOM or video
            frame was taken, when one of an animation is shown; None when nothing says.
        region_origin: `given` by the caller, `file` when the file names it, `found` on the frame,
            or `whole`.
        color: matrix and range of YUV pixels, such as `bt709-limited`; None for others.
        color_origin: `given` by the caller, `file` when the file says both, or `assumed`
            (`docs/integrating.md`, "Video"); None without YUV.
    """

    path: str
    index: int
    frame_count: int | None
    kind: str
    timestamp_us: int | None
    region_origin: str
    color: str | None = None
    color_origin: str | None = None


def packed_frame(
    pixels: npt.NDArray[Any],
    format_: str,
    width: int,
    height: int,
    **described: Any,
) -> Frame:
    """Wrap pixels whose planes follow one another without padding.

    Args:
        pixels: all of them; of any shape.
        format_: canonical name of their format.
        width: pixels.
        height: pixels.
        described: color, region, window and pixel size, as for `Frame`.
    """
    if format_ not in ARRAYS:
        return Frame(pixels, format=format_, width=width, height=height, **described)
    dtype, channels = ARRAYS[format_]
    shape = (height, width) if channels == 1 else (height, width, channels)
    return Frame.from_array(pixels.view(dtype).reshape(shape), format_, **described)


def frame_of_array(
    array: npt.NDArray[Any],
    *,
    region: Region | None = None,
    pixel_size_mm: tuple[float, float] | None = None,
    window: tuple[int, int] = (0, MAX_GREY_16),
) -> Frame:
    """Wrap a decoded image: grey of 8 bits, grey of 16 bits, or RGB.

    Args:
        array: uint8 or uint16 (height, width), or uint8 (height, width, 3) in the order RGB.
        region: the part to look at, or None for all of it.
        pixel_size_mm: (x, y), or None when unknown.
        window: the values of uint16 that are black and white; 0 to 65535 when left out.
    """
    wide = array.dtype == np.uint16
    return Frame.from_array(
        np.ascontiguousarray(array),
        format="RGB24" if array.ndim == 3 else "GRAY16" if wide else "GRAY8",
        region=region,
        pixel_size_mm=pixel_size_mm,
        window=window if wide else None,
    )


def check_pixels(path: str, width: int, height: int) -> None:
    """Refuse an image that is too large before it is decoded; call it before each decoding.

    Raises:
        SourceError: `source-too-large` beyond `MAX_PIXELS` or `MAX_SIDE`, `source-malformed` when a
            side is no positive number.
    """
    if min(width, height) < 1:
        raise SourceError("source-malformed", f"{shown(path)}: {width} x {height} pixels")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise SourceError(
            "source-too-large",
            f"{shown(path)}: {width} x {height} pixels, allowed are {MAX_SIDE} a side and "
            f"{MAX_PIXELS} in all",
        )
    on_declared_pixels(width * height)  # after the limits, which bound what memory it allows


def missing_dependency(package: str, extra: str) -> SourceError:
    """Build the error for an optional dependency that isn't installed."""
    return SourceError(
        "dependency-missing", f"{package} isn't installed: pip install 'sonogaze[{extra}]'"
    )


def optional_import(module: str, package: str, extra: str) -> Any:
    """Import an optional dependency.

    Args:
        module: to import, such as ``PIL.Image``.
        package: its name in the package registry, for messages.
        extra: of this project, which installs it.

    Raises:
        SourceError: `dependency-missing` when it isn't installed, `dependency-broken` when it is
            and its import fails, in whatever way.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # itself missing, or one that it needs: only for the first is the extra the way to mend it
        if error.name is not None and module.split(".")[0] == error.name.split(".")[0]:
            raise missing_dependency(package, extra) from error
        raise _broken(package, error) from error
    except Exception as error:
        if raised_by_a_handler(error):
            raise
        raise _broken(package, error) from error


def _broken(package: str, error: Exception) -> SourceError:
    return SourceError(
        "dependency-broken",
        f"{package} is installed, but importing it fails: {type(error).__name__}: "
        # by its own name: pip would look for `sonogaze` in an index, which may not have it
        f"{shown(str(error))}; install it again: pip install --force-reinstall {package}",
    )

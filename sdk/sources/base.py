"""What all sources share: `FrameInfo`, limits, and opening a file."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from sdk.errors import SourceError
from sdk.frame import Frame, Region

MAX_PIXELS = 64 * 1024 * 1024
"""Largest image that is read, in pixels: eight times a 4K screen."""
HEADER_BYTES = 132
MAX_GREY_16 = 65_535


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """Where a frame comes from; holds nothing of the patient.

    Attributes:
        path: of the file, as given.
        index: of the frame in its file, from 0.
        frame_count: frames the file declares, or None when it doesn't say.
        kind: `image` or `dicom`.
        timestamp_us: of the frame since the first one, in microseconds, or None.
        region_origin: `given` by the caller, `file` when the file names it, or `whole`.
    """

    path: str
    index: int
    frame_count: int | None
    kind: str
    timestamp_us: int | None
    region_origin: str


def open_regular(path: str | os.PathLike[str]) -> tuple[BinaryIO, bytes]:
    """Open a regular file and read its first bytes.

    Returns:
        The file, at its start, and up to `HEADER_BYTES` bytes.

    Raises:
        SourceError: `source-not-found` or `source-unreadable`.
    """
    try:
        # non-blocking, so that opening a pipe cannot hang
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise SourceError("source-not-found", f"{os.fspath(path)!r} isn't there") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    file = os.fdopen(descriptor, "rb") if _is_regular(descriptor) else None
    if file is None:
        os.close(descriptor)
        raise _unreadable(path, "not a regular file")
    try:
        header = file.read(HEADER_BYTES)
        file.seek(0)
    except OSError as error:
        file.close()
        raise _unreadable(path, error) from error
    return file, header


def frame_of_array(
    array: npt.NDArray[Any],
    *,
    region: Region | None = None,
    pixel_size_mm: tuple[float, float] | None = None,
) -> Frame:
    """Wrap a decoded image: grey of 8 bits, grey of 16 bits over its whole range, or RGB.

    Args:
        array: uint8 or uint16 (height, width), or uint8 (height, width, 3) in the order RGB.
        region: the part to look at, or None for all of it.
        pixel_size_mm: (x, y), or None when unknown.
    """
    whole_range = (0, MAX_GREY_16) if array.dtype == np.uint16 else None
    grey = "GRAY8" if whole_range is None else "GRAY16"
    return Frame.from_array(
        np.ascontiguousarray(array),
        format="RGB24" if array.ndim == 3 else grey,
        region=region,
        pixel_size_mm=pixel_size_mm,
        window=whole_range,
    )


def check_pixels(path: str, width: int, height: int) -> None:
    """Refuse an image of more than `MAX_PIXELS` pixels before it is decoded.

    Raises:
        SourceError: `source-too-large`.
    """
    if width * height > MAX_PIXELS:
        raise SourceError(
            "source-too-large",
            f"{path!r}: {width} x {height} pixels, allowed are {MAX_PIXELS} in all",
        )


def missing_dependency(package: str, extra: str) -> SourceError:
    """Build the error for an optional dependency that isn't installed."""
    return SourceError(
        "dependency-missing", f"{package} isn't installed: pip install 'sonogaze[{extra}]'"
    )


def _is_regular(descriptor: int) -> bool:
    # a directory cannot even be wrapped as a binary file
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _unreadable(path: str | os.PathLike[str], why: object) -> SourceError:
    return SourceError(
        "source-unreadable", f"{os.fspath(path)!r} cannot be read: {why}; name a file"
    )

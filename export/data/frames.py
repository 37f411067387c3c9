"""Pixels of records, read by `sdk.sources` as the cart would read them: images and clips alike."""

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from export.errors import ExportError
from sdk import Frame, SdkError, sources
from sdk.preprocess import Preprocessing

# kinds that hold one frame: their pixels need not be decoded to count them
_STILL_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM")
_LARGEST_SIDE = 2048  # of `Preprocessing`
_FIT = Preprocessing(_LARGEST_SIDE, _LARGEST_SIDE, aspect="letterbox")
_ROUNDING = 0.01  # of the shape that `inner` tells in whole cells


class Located(Protocol):
    """What has pixels somewhere: a file, and the frame of it (0 for a still image)."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def frame(self) -> int:
        """Its frame, from 0."""


@dataclass(frozen=True)
class Clip:
    """What a file of frames says of itself; `interval_us` is None where it tells no frame time."""

    frames: int
    width: int
    height: int
    region_box: tuple[int, int, int, int]
    interval_us: float | None


def is_still(path: Path) -> bool:
    """Return whether the first bytes are of a kind that holds one frame (JPEG, PNG, BMP).

    An animated PNG passes as a still one: its first frame.
    """
    try:
        with open(path, "rb") as file:
            return file.read(8).startswith(_STILL_SIGNATURES)
    except OSError as error:
        raise ExportError("frame-unreadable", f"{path}: {error.strerror}") from error


def clip_of(path: Path) -> Clip:
    """Return how many frames a file has, their size, the region looked at and their interval.

    Raises:
        ExportError: `frame-unreadable`.
    """
    try:
        state = os.stat(path)
    except OSError as error:
        raise ExportError("frame-unreadable", f"{path}: {error.strerror}") from error
    return _clip_of(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=65_536)
def _clip_of(path: Path, mtime_ns: int, size: int) -> Clip:
    """Look at a file's first two frames; remembered until the file changes."""
    with closing(_open(path)) as frames:
        frame, info = next(frames)
        second = next(frames, None)
        count = info.frame_count
        if count is None:
            count = 1 + (second is not None) + sum(1 for _ in frames)
    interval = None if second is None or second[1].timestamp_us is None else second[1].timestamp_us
    return Clip(count, frame.width, frame.height, frame.region_box, interval)


def _open(path: Path) -> Generator[Any, None, None]:
    """Open a file by `sdk.sources`; what it says of a bad file becomes `frame-unreadable`."""
    try:
        yield from sources.open(path)
    except SdkError as error:
        if error.slug == "dependency-missing":
            raise
        raise ExportError(
            "frame-unreadable", f"{path} can't be read as an image or a clip: {error}"
        ) from error


def read_frames(records: Iterable[Located]) -> Iterator[Frame]:
    """Yield the frame of each record; a clip whose frames follow each other is decoded once.

    Raises:
        ExportError: `frame-unreadable` when a file is no image, `data-frame` when the clip ends
            before the frame.
    """
    path: Path | None = None
    frames: Iterator[Any] = iter(())
    at, frame = -1, None
    for record in records:
        if record.path != path or record.frame < at:
            path, frames, at = record.path, _open(record.path), -1
        while at < record.frame:
            frame, _ = next(frames, (None, None))
            at += 1
            if frame is None:
                raise ExportError(
                    "data-frame", f"{path} has {at} frames; frame {record.frame} is beyond (from 0)"
                )
        assert frame is not None
        yield frame


def grey_of(frame: Frame) -> np.ndarray:
    """Return the grey levels of the frame's region as the SDK sees them, uint8 (height, width).

    Same kernel, same grey, at the frame's own size; a side above 2048 is reduced to it, and pixels
    that the file calls not square become square.
    """
    width, height = _square_pixels(frame)
    shrink = min(1.0, _LARGEST_SIDE / max(width, height))
    recipe = _sized(max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(np.rint(recipe.tensor(frame)[0, 0] * 255), dtype=np.uint8)


def _square_pixels(frame: Frame) -> tuple[float, float]:
    """Return the region's size in square pixels; the shorter side of a pixel stays one."""
    _, _, width, height = frame.region_box
    _, _, inner_width, inner_height = _FIT.inner(frame)
    stretch = inner_width / inner_height * height / width
    if abs(stretch - 1) < _ROUNDING:
        return width, height
    return (width * stretch, height) if stretch > 1 else (width, height / stretch)


@lru_cache(maxsize=64)
def _sized(width: int, height: int) -> Preprocessing:
    return Preprocessing(width, height, aspect="stretch")


def read_greys(records: Iterable[Located]) -> Iterator[np.ndarray]:
    """Yield the grey pixels of each record, uint8 (height, width); raises as `read_frames`."""
    return (grey_of(frame) for frame in read_frames(records))


def read_grey(path: Path, frame: int = 0) -> np.ndarray:
    """Return the grey pixels of a file's frame, uint8 (height, width); raises as `read_frames`."""
    return next(read_greys([_Place(path, frame)]))


@dataclass(frozen=True)
class _Place:
    path: Path
    frame: int

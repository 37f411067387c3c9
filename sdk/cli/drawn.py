"""Classified frames as pictures: annotated PNGs, or an annotated MP4.

Whatever is written has another name until it is whole, so no file is ever a part of one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files import atomic_write
from ..drawing import draw
from ..errors import SdkError
from ..frame import Frame
from ..sources import FrameInfo
from ..sources.base import optional_import
from .answers import Answer

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_STEM = 60
_DEFAULT_FPS = 25.0


class Pictures:
    """A folder of annotated PNGs, one a frame."""

    def __init__(self, folder: Path) -> None:
        self._image = optional_import("PIL.Image", "Pillow", "images")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def keep(self, place: int, result: Answer, frame: Frame, info: FrameInfo) -> None:
        """Write a picture."""
        stem = _NOT_IN_A_NAME.sub("_", Path(info.path).stem)[-_LONGEST_STEM:]
        target = self._folder / f"{place:03d}-{stem}-{info.index:06d}.png"
        picture = self._image.fromarray(drawn(result, frame, info))
        with atomic_write(target, own_folder=False) as unfinished:
            picture.save(unfinished, "PNG", compress_level=1)

    def fail(self, path: str, error: SdkError) -> None:
        """Show nothing of a file that could not be read."""

    def finish(self) -> None:
        """Every picture is whole already."""

    drop = finish


class Film:
    """An annotated MP4 (MPEG-4 Part 2) at a steady rate: that of its first frames."""

    def __init__(self, path: Path) -> None:
        self._cv2 = optional_import("cv2", "opencv-python-headless", "video")
        self._path = path
        self._part = path.with_name(f".{path.stem}.part.mp4")
        self._writer: Any = None
        self._size = (0, 0)
        self._held: list[tuple[NDArray[np.uint8], int | None]] = []

    def keep(self, place: int, result: Answer, frame: Frame, info: FrameInfo) -> None:
        """Write a frame; the first is held until the second tells the rate."""
        picture = drawn(result, frame, info)
        if self._writer is None:
            self._held.append((picture, info.timestamp_us))
            if len(self._held) == 2:
                self._begin()
        else:
            self._write(picture)

    def fail(self, path: str, error: SdkError) -> None:
        """Show nothing of a file that could not be read."""

    def finish(self) -> None:
        """Give the film its name; without frames there is none."""
        if self._writer is None and self._held:
            self._begin()
        if self._writer is not None:
            self._writer.release()
            os.replace(self._part, self._path)

    def drop(self) -> None:
        """Remove it."""
        if self._writer is not None:
            self._writer.release()
        self._part.unlink(missing_ok=True)

    def _begin(self) -> None:
        times = [time_us for _, time_us in self._held if time_us is not None]
        rising = len(times) == 2 and times[1] > times[0]
        fps = 1e6 / (times[1] - times[0]) if rising else _DEFAULT_FPS
        height, width = self._held[0][0].shape[:2]
        self._size = (width + width % 2, height + height % 2)
        code = self._cv2.VideoWriter.fourcc(*"mp4v")
        with open(self._part, "wb"):  # FFmpeg itself doesn't say why a path can't be written
            pass
        self._writer = self._cv2.VideoWriter(
            str(self._part), self._cv2.CAP_FFMPEG, code, min(fps, 1000.0), self._size
        )
        if not self._writer.isOpened():
            raise OSError(0, f"no film of {width} x {height} pixels", str(self._path))
        for picture, _ in self._held:
            self._write(picture)
        self._held.clear()

    def _write(self, picture: NDArray[np.uint8]) -> None:
        width, height = self._size
        canvas = np.zeros((height, width, 3), np.uint8)  # a frame of another size is cut or padded
        rows, columns = min(height, picture.shape[0]), min(width, picture.shape[1])
        canvas[:rows, :columns] = picture[:rows, :columns, ::-1]
        self._writer.write(canvas)


def drawn(result: Answer, frame: Frame, info: FrameInfo) -> NDArray[np.uint8]:
    """Draw a result with its place in its file."""
    time = "" if info.timestamp_us is None else f", {info.timestamp_us / 1e6:.3f} s"
    return draw(result, frame, caption=f"{os.path.basename(info.path)} [{info.index}]{time}")

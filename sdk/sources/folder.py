"""The files of a folder, one after the other by name."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator

from .._shown import shown
from ..errors import SourceError
from ..frame import Frame
from . import intake, raw
from .base import FrameInfo

_Frames = Iterator[tuple[Frame, FrameInfo]]


def folder_frames(
    folder: intake.Opened,
    name: str,
    entries: list[str],
    open_file: Callable[[intake.Opened, str, intake.Opened], _Frames],
) -> _Frames:
    """Yield the frames of every file of a folder, and close the folder.

    Args:
        folder: open.
        name: its path.
        entries: from `intake.entries`.
        open_file: called with a file, its path and the folder.

    Raises:
        SourceError: what `open_file` raises; `source-unreadable` for a folder inside it.
    """
    with contextlib.closing(folder):
        for entry in without_raw_data(entries, folder):
            path = os.path.join(name, entry)
            # by the folder's descriptor: one that was exchanged meanwhile gives no other files
            file = intake.open_path(entry, folder, path)
            if file.is_folder:
                file.close()
                raise SourceError(
                    "source-unreadable",
                    f"{shown(path)} is a folder inside a folder; open it by itself",
                )
            yield from open_file(file, path, folder)


def without_raw_data(entries: list[str], folder: intake.Opened) -> list[str]:
    """Leave out the data files of raw frames: their descriptions stand for them."""
    described = set()
    for entry in entries:
        if entry.lower().endswith(".json"):
            # a damaged description names no data; opening it by its turn says what is wrong
            with contextlib.suppress(SourceError):
                file = intake.open_path(entry, folder)
                with contextlib.closing(file):
                    described.add(raw.description_of(file, entry).data)
    return [entry for entry in entries if entry not in described]


def timed(frames: _Frames, fps: float) -> _Frames:
    """Give frames without times those of a steady rate, counted through all files."""
    for count, (frame, info) in enumerate(frames):
        if info.timestamp_us is None:
            info = dataclasses.replace(info, timestamp_us=round(count * 1e6 / fps))
        yield frame, info

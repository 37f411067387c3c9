"""Frames out of files and links: `open(source)` yields `(Frame, FrameInfo)`, whatever it is.

Images need Pillow and simplejpeg (`pip install 'sonogaze[images]'`), DICOM files pydicom and its
decoders (`'sonogaze[dicom]'`), video the FFmpeg in OpenCV's wheel (`'sonogaze[video]'`). Files are
decoded in a process of its own, so that one that breaks its decoder, or would take all time or
memory, is an error and no more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO, Literal

from .._shown import shown
from ..frame import Frame, Region
from . import intake, raw
from .base import FrameInfo
from .choices import Wanted, wanted
from .decoding import decoded
from .folder import folder_frames, timed
from .formats import kind_of, unknown
from .found import with_regions_found
from .live import (
    CallbackSource,
    LiveSource,
    LiveStats,
    callback,
    camera,
    live_source,
    mjpeg,
    openigtlink,
)

__all__ = [
    "CallbackSource", "FrameInfo", "LiveSource", "LiveStats", "callback", "camera", "mjpeg", "open",
    "openigtlink",
]  # fmt: skip

_Frames = Iterator[tuple[Frame, FrameInfo]]


def open(  # named as what it does; the built-in isn't used here
    source: str | bytes | os.PathLike[Any] | BinaryIO,
    *,
    region: Region | Literal["auto"] | None = None,
    color: str | None = None,
    fps: float | None = None,
) -> _Frames:
    """Open a file of frames, a folder of such files, or a live source.

    What a file is follows from its bytes, never from its name. One frame is decoded at a time, when
    it is asked for, in a process of its own (`docs/integrating.md`, "Files").

    Args:
        source: the path of an image (PNG, JPEG, GIF, BMP, TIFF, WebP, PNM, JPEG 2000), a DICOM
            file, a video (MP4, MOV, Matroska, WebM, AVI, MPEG, FLV, ASF, Ogg), or a JSON file that
            describes raw frames; or a binary file object, which is read to its end at once; or the
            path of a folder, whose files follow one another by name (names that begin with a dot
            are left out; a folder inside is an error). Or, as str, a live source: Motion JPEG at
            `http://host:port/path`, OpenIGTLink at `igtl://host:port`, a camera `/dev/video0`; its
            iterator is a `LiveSource`, of which `mjpeg`, `openigtlink` and `camera` tell more.
        region: the part of every frame to look at; `"auto"` finds it in frames of which the file
            names none, and holds it while the screen's layout holds (`sdk.find_region`); None takes
            the 2-D tissue region that a DICOM file names, or that of a raw description, else the
            whole frame.
        color: matrix and range of YUV frames, such as `bt709-full`, instead of what their file
            says; frames without YUV are left as they are.
        fps: frames a second, for the timestamps of frames that have none, in (0, 1000].

    Returns:
        An iterator of frames and where they come from. Its file is closed when it ends.

    Raises:
        SourceError: at once when the file is missing, unreadable or of an unknown kind, and
            `source-option` when `fps` is none; from the iterator when a frame cannot be decoded.
            The slug says why.
        FrameError: at once `region-invalid` or `color-unknown` when they are none; from the
            iterator `region-outside` when the region doesn't fit a frame.
    """
    asked = wanted(region, color, fps)
    live = live_source(source, asked)
    if live is not None:
        return live
    file, name = intake.open_source(source)
    if file.is_folder:
        entries = intake.entries(file, name)
        frames = folder_frames(file, name, entries, lambda f, n, d: _file(f, n, d, asked))
    else:
        frames = _file(file, name, None, asked)
    return frames if asked.fps is None else timed(frames, asked.fps)


def _file(file: intake.Opened, name: str, folder: intake.Opened | None, asked: Wanted) -> _Frames:
    try:
        header = intake.header_of(file, name)
        if raw.is_description(header):
            frames = raw.read_raw(file, name, folder or intake.folder_of(name), asked)
        else:
            kind = kind_of(header)
            if kind is None:
                raise unknown(shown(name), header)
            frames = decoded(file, kind, name, asked)
    except BaseException:
        file.close()
        raise
    return with_regions_found(frames) if asked.find_region else frames

"""Frames out of files: `open(source)` yields `(Frame, FrameInfo)`, whatever the file is.

Images need Pillow and simplejpeg (`pip install 'sonogaze[images]'`), DICOM files pydicom and its
decoders (`pip install 'sonogaze[dicom]'`). Files are decoded in a process of its own, so that one
that breaks its decoder, or would take all time or memory, is an error and no more.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from .._shown import shown
from ..errors import FrameError, SourceError
from ..frame import Frame, Region
from . import host, intake, pool
from .base import FrameInfo
from .formats import kind_of, unknown
from .protocol import ProtocolError, describe_region, error_of, frame_of

__all__ = ["FrameInfo", "open"]

_Frames = Iterator[tuple[Frame, FrameInfo]]


def open(  # named as what it does; the built-in isn't used here
    source: str | bytes | os.PathLike[Any] | BinaryIO, *, region: Region | None = None
) -> _Frames:
    """Open a file of frames, or a folder of such files.

    What a file is follows from its bytes, never from its name. One frame is decoded at a time, when
    it is asked for, in a process of its own (`docs/integrating.md`, "Files").

    Args:
        source: the path of an image (PNG, JPEG, GIF, BMP, TIFF, WebP, PNM, JPEG 2000) or a DICOM
            file; or a binary file object, which is read to its end at once; or the path of a
            folder, whose files follow one another by name (names that begin with a dot are left
            out; a folder inside is an error).
        region: the part of every frame to look at; None takes the 2-D tissue region that a DICOM
            file names, else the whole frame.

    Returns:
        An iterator of frames and where they come from. Its file is closed when it ends.

    Raises:
        SourceError: at once when the file is missing, unreadable or of an unknown kind; from the
            iterator when a frame cannot be decoded. The slug says why.
        FrameError: at once `region-invalid` when `region` is none; from the iterator
            `region-outside` when it doesn't fit a frame.
    """
    if region is not None and not isinstance(region, Region):
        raise FrameError(
            "region-invalid",
            f"region is {shown(region)}, it must be Region.rectangle(...) or Region.sector(...)",
        )
    file, name = intake.open_source(source)
    if file.is_folder:
        return _folder(file, name, intake.entries(file, name), region)
    return _file(file, name, region)


def _folder(folder: intake.Opened, name: str, entries: list[str], region: Region | None) -> _Frames:
    with contextlib.closing(folder):
        for entry in entries:
            path = os.path.join(name, entry)
            file = intake.open_path(entry, folder, path)
            if file.is_folder:
                raise SourceError(
                    "source-unreadable",
                    f"{shown(path)} is a folder inside a folder; open it by itself",
                )
            yield from _file(file, path, region)


def _file(file: intake.Opened, name: str, region: Region | None) -> _Frames:
    try:
        header = intake.header_of(file, name)
        kind = kind_of(header)
        if kind is None:
            raise unknown(shown(name), header)
    except BaseException:
        file.close()
        raise
    return _frames(file, kind, name, region)


def _frames(file: intake.Opened, kind: str, name: str, region: Region | None) -> _Frames:
    """Have a decoding process read a file; it is free for another one afterwards, or ended."""
    request = {"do": "open", "kind": kind, "name": name, "region": describe_region(region)}
    with contextlib.closing(file):
        worker = pool.acquire()
        waits = False  # for a request, and so can be kept
        size_bytes = 0
        try:
            reply, pixels = worker.request(request, name, file)
            index = 0
            while "frame" in reply:
                item = frame_of(reply, pixels, name, index)
                size_bytes, waits = _size(reply), True
                yield item
                waits = False
                reply, pixels = worker.request({"do": "next"}, name)
                index += 1
            size_bytes, waits = _size(reply), "spent" not in reply
            if "error" in reply:
                raise error_of(reply)
            if "end" not in reply:
                raise ProtocolError("reply")
        except ProtocolError as error:
            waits = False
            raise host.crashed(name, f"answered out of turn ({error})") from error
        finally:
            pool.release(worker, size_bytes if waits else None)


def _size(reply: dict[str, Any]) -> int:
    size = reply.get("size_bytes")
    if type(size) is not int:
        raise ProtocolError("size_bytes")
    return size

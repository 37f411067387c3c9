"""Frames out of files: `open(path)` yields `(Frame, FrameInfo)`, whatever the file is.

Images need Pillow (`pip install 'sonogaze[images]'`), DICOM files pydicom and its decoders
(`pip install 'sonogaze[dicom]'`); neither is imported before a file of its kind is opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from sdk.errors import SourceError
from sdk.frame import Frame, Region
from sdk.sources.base import FrameInfo, open_regular
from sdk.sources.dicom import is_dicom, read_dicom
from sdk.sources.images import image_kind, read_images

__all__ = ["FrameInfo", "open"]


def open(  # named as what it does; the built-in isn't used here
    path: str | os.PathLike[str], *, region: Region | None = None
) -> Iterator[tuple[Frame, FrameInfo]]:
    """Open a file of frames.

    What the file is follows from its first bytes, never from its name. One frame is decoded at a
    time, when it is asked for.

    Args:
        path: of an image (PNG, JPEG, GIF, BMP, TIFF, WebP, PNM, JPEG 2000) or a DICOM file.
        region: the part of every frame to look at; None takes the 2-D tissue region that a DICOM
            file names, else the whole frame.

    Returns:
        An iterator of frames and where they come from. Its file is closed when it ends.

    Raises:
        SourceError: at once when the file is missing, unreadable or of an unknown kind; from the
            iterator when a frame cannot be decoded. The slug says why.
        FrameError: from the iterator, `region-outside` when `region` doesn't fit a frame.
    """
    name = os.fspath(path)
    file, header = open_regular(path)
    if is_dicom(header):
        return read_dicom(file, name, region)
    kind = image_kind(header)
    if kind is not None:
        return read_images(file, name, kind, region)
    file.close()
    what = f"begins with {header[:8]!r}" if header else "has 0 bytes"
    raise SourceError(
        "source-unknown-kind",
        f"{name!r} {what}, allowed are images (PNG, JPEG, GIF, BMP, TIFF, WebP, PNM, JPEG 2000) "
        "and DICOM files with their preamble",
    )

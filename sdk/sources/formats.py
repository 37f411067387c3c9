"""Which reader reads what: by the first bytes of a file, never by its name."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Generator
from typing import BinaryIO

from ..errors import SourceError
from ..frame import Frame, Region
from .base import FrameInfo
from .dicom import is_dicom, read_dicom
from .dicom.sniff import SNIFF_BYTES
from .images import image_kind, read_images
from .video import is_video, read_video
from .video.library import load

_DICOM, _VIDEO = "DICOM", "video"
# what a reader imports on its own; not to be counted as the cost of the first file
_IMPORTS = ("pydicom.filereader", "pydicom.datadict", "simplejpeg")


def kind_of(header: bytes) -> str | None:
    """Name what the first bytes of a file announce: DICOM, an image format, video, or None."""
    if is_dicom(header[:SNIFF_BYTES]):
        return _DICOM
    return image_kind(header) or (_VIDEO if is_video(header) else None)


def read(
    file: BinaryIO, kind: str, name: str, region: Region | None, color: str | None
) -> Generator[tuple[Frame, FrameInfo], None, None]:
    """Yield the frames of a file whose kind is known; closes the file."""
    with file:
        if kind == _DICOM:
            yield from read_dicom(file, name, region)
        elif kind == _VIDEO:
            yield from read_video(file, name, region, color)
        else:
            yield from read_images(file, name, kind, region)


def prepare(kind: str) -> None:
    """Import what a reader needs, if it is there; the reader itself says so if it isn't."""
    if kind == _VIDEO:
        with contextlib.suppress(SourceError):
            load()
        return
    names = _IMPORTS if kind == _DICOM else ("PIL.Image", "simplejpeg")
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def unknown(name: str, header: bytes) -> SourceError:
    """Build the error for a file that is of no kind known here."""
    what = f"begins with {header[:8]!r}" if header else "has 0 bytes"
    return SourceError(
        "source-unknown-kind",
        f"{name} {what}, allowed are images (PNG, JPEG, GIF, BMP, TIFF, WebP, PNM, "
        "JPEG 2000), DICOM files, video (MP4, MOV, Matroska, WebM, AVI, MPEG, FLV, ASF, Ogg), and "
        "raw frames by the JSON file that describes them",
    )

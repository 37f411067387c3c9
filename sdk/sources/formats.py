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
from .images import image_kind, read_images

_DICOM = "DICOM"
# what a reader imports on its own; not to be counted as the cost of the first file
_IMPORTS = ("pydicom.filereader", "pydicom.datadict", "simplejpeg")


def kind_of(header: bytes) -> str | None:
    """Name what the first bytes of a file announce: DICOM, an image format, or None."""
    return _DICOM if is_dicom(header) else image_kind(header)


def read(
    file: BinaryIO, kind: str, name: str, region: Region | None
) -> Generator[tuple[Frame, FrameInfo], None, None]:
    """Yield the frames of a file whose kind is known; closes the file."""
    with file:
        if kind == _DICOM:
            yield from read_dicom(file, name, region)
        else:
            yield from read_images(file, name, kind, region)


def prepare(kind: str) -> None:
    """Import what a reader needs, if it is there; the reader itself says so if it isn't."""
    names = _IMPORTS if kind == _DICOM else ("PIL.Image", "simplejpeg")
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def unknown(name: str, header: bytes) -> SourceError:
    """Build the error for a file that is of no kind known here."""
    what = f"begins with {header[:8]!r}" if header else "has 0 bytes"
    return SourceError(
        "source-unknown-kind",
        f"{name} {what}, allowed are images (PNG, JPEG, GIF, BMP, TIFF, WebP, PNM, JPEG 2000) "
        "and DICOM files",
    )

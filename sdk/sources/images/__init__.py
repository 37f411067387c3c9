"""Still and animated images: what the file says is kept, nothing is guessed.

Every format's header is walked here first, within bounds, and what isn't on the list of what is
read rightly is refused. 16-bit grey is shown over the range of its stored bits, alpha is laid over
black, orientation is applied, CMYK and palettes become RGB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from ...frame import Frame, Region
from ..base import FrameInfo, frame_of_array
from . import bmp, gif, jpeg, jpeg2000, png, pnm, tiff, webp
from .common import Pictures

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    *((b"P%c" % letter, "PNM") for letter in b"1234567Ff"),
)
_READERS: dict[str, Callable[[BinaryIO, str], Pictures]] = {
    "PNG": png.read,
    "JPEG": jpeg.read,
    "GIF": gif.read,
    "BMP": bmp.read,
    "TIFF": tiff.read,
    "WEBP": webp.read,
    "PNM": pnm.read,
    "JPEG2000": jpeg2000.read,
}


def image_kind(header: bytes) -> str | None:
    """Name the image format that the first bytes of a file announce, or None."""
    if header[:4] == b"RIFF" and header[8:12] == b"WEBP":
        return "WEBP"
    for signature, kind in _SIGNATURES:
        if header.startswith(signature):
            return kind
    return None


def read_images(
    file: BinaryIO, path: str, kind: str, region: Region | None
) -> Iterator[tuple[Frame, FrameInfo]]:
    """Yield the frames of an image file, one decoded at a time; closes the file.

    Args:
        file: at its start.
        path: for messages and `FrameInfo`.
        kind: from `image_kind`.
        region: for every frame, or None for the whole image.

    Raises:
        SourceError: `dependency-missing`, `dependency-broken`, `source-too-large`,
            `source-too-costly`, `source-truncated`, `source-malformed`, `source-no-pixels` or
            `source-unsupported`.
    """
    origin = "whole" if region is None else "given"
    with file:
        total, pictures, times_us = _READERS[kind](file, path)
        for index, picture in enumerate(pictures):
            frame = frame_of_array(picture.pixels, region=region, window=picture.window)
            time_us = None if times_us is None else times_us[index]
            yield frame, FrameInfo(path, index, total, "image", time_us, origin)

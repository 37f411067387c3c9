"""JPEG (ITU-T T.81): what its markers say, before libjpeg sees it; several in a row are frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from ...codestreams import Cut, Damaged
from ...codestreams.jpeg import (
    APP0,
    APP1,
    APP2,
    APP14,
    DNL,
    PROGRESSIVE,
    SEQUENTIAL,
    SOS,
    FrameHeader,
    WrongLength,
    frame_header,
    scan_header,
    segments,
)
from ..base import MAX_FRAMES, check_pixels, optional_import
from .common import (
    Picture,
    Pictures,
    check_count,
    exactly,
    malformed,
    size_of,
    truncated,
    unsupported,
    upright,
)
from .exif import orientation_of

MAX_SCANS = 64
"""A progressive image has about ten; each costs a pass over all of its coefficients."""
_PROCESSES = {
    0xC0: "baseline", 0xC1: "extended sequential", 0xC2: "progressive", 0xC3: "lossless",
    0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical", 0xC9: "arithmetic",
    0xCA: "arithmetic", 0xCB: "arithmetic lossless", 0xCD: "hierarchical", 0xCE: "hierarchical",
    0xCF: "hierarchical",
}  # fmt: skip
_ALLOWED = (*SEQUENTIAL, PROGRESSIVE)
_NO_FRAME = FrameHeader(0, 0, 0, ())
_ANOTHER = b"\xff\xd8\xff"


@dataclass
class _Image:
    """One JPEG image in a file, by its markers."""

    start: int
    end: int = 0
    process: int = 0
    frame: FrameHeader = _NO_FRAME
    # for each component, how many low bits of each coefficient are still to come; None: all
    missing: dict[int, list[int | None]] = field(default_factory=dict)
    scans: int = 0
    jfif: bool = False
    adobe: int | None = None
    exif: bytes = b""


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a JPEG file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported`,
            `source-too-large`, `source-too-costly`, `dependency-missing` or `dependency-broken`.
    """
    data = exactly(file, size_of(file), name)
    images: list[_Image] = []
    at = 0
    while 0 <= at < len(data) and len(images) <= MAX_FRAMES:
        image = _walk(data, at, name)
        images.append(image)
        # what follows an image and holds no other one is padding, or a maker's own notes
        at = data.find(_ANOTHER, image.end)
    return Pictures(check_count(name, len(images)), _each(data, name, images))


def _each(data: bytes, name: str, images: list[_Image]) -> Iterator[Picture]:
    library = optional_import("simplejpeg", "simplejpeg", "images")
    for image in images:
        check_pixels(name, image.frame.width, image.frame.height)
        colours = _colours(image, name)
        piece = memoryview(data)[image.start : image.end]
        try:
            # strict: libjpeg would put grey where data is missing or damaged, and warn
            pixels = np.asarray(library.decode_jpeg(piece, colours, strict=True))
        except (ValueError, RuntimeError) as error:
            raise malformed(name, f"the JPEG data is damaged: {error}") from error
        if pixels.shape[:2] != (image.frame.height, image.frame.width):
            raise malformed(name, "the JPEG decoded to another size than it declares")
        if colours == "CMYK":
            pixels = _rgb_of_inverted_cmyk(pixels)
        elif colours == "GRAY":
            pixels = pixels[..., 0]
        yield Picture(upright(pixels, orientation_of(image.exif)))


def _rgb_of_inverted_cmyk(pixels: Any) -> Any:
    # Adobe stores 255 minus the ink, so that a product of two stored values is a brightness
    product = pixels[..., :3] * pixels[..., 3:].astype(np.uint16) + np.uint16(127)
    return (product // np.uint16(255)).astype(np.uint8)


def _colours(image: _Image, name: str) -> str:
    """Decide what the components are, where the markers agree on it; libjpeg guesses instead."""
    ids = image.frame.names
    if len(ids) == 1:
        return "GRAY"
    if len(ids) == 4:
        if image.adobe not in (0, 2):
            raise unsupported(name, "a JPEG of 4 components without Adobe's marker for CMYK")
        return "CMYK"
    if len(ids) != 3:
        raise unsupported(name, f"a JPEG of {len(ids)} components, allowed are 1, 3 and 4")
    rgb = [sign for sign, holds in (
        ("Adobe's marker", image.adobe == 0), ("its component names", ids == (82, 71, 66)),
    ) if holds]  # fmt: skip
    ycc = [sign for sign, holds in (
        ("JFIF", image.jfif), ("Adobe's marker", image.adobe == 1),
        ("its subsampling", image.frame.is_subsampled),
        ("its component names", ids in ((1, 2, 3), (0, 1, 2)) and image.adobe is None),
    ) if holds]  # fmt: skip
    if rgb and ycc:
        raise malformed(name, f"{rgb[0]} says RGB, {ycc[0]} says YCbCr")
    if not (rgb or ycc) or image.adobe not in (None, 0, 1):
        raise unsupported(
            name, f"a JPEG that doesn't say what its components are (names {ids}, no JFIF)"
        )
    return "RGB"


def _walk(data: bytes, start: int, name: str) -> _Image:
    """Follow the markers from one start of image to its end."""
    image = _Image(start)
    try:
        for segment in segments(data, start):
            image.end = segment.end
            _note(image, segment.marker, segment.body, name)
    except (Cut, WrongLength) as error:
        raise truncated(name, f"a JPEG: {error}") from error
    except Damaged as error:
        raise malformed(name, f"a JPEG: {error}") from error
    return _complete(image, name)


def _note(image: _Image, marker: int, body: bytes, name: str) -> None:
    if marker in _PROCESSES:
        _note_frame(image, marker, body, name)
    elif marker == SOS:
        _note_scan(image, body, name)
    elif marker == APP0 and body.startswith(b"JFIF\0"):
        image.jfif = True
    elif marker == APP1 and body.startswith(b"Exif\0\0") and not image.exif:
        image.exif = body[6:]
    elif marker == APP2 and body.startswith(b"MPF\0"):
        raise unsupported(name, "a multi-picture file (CIPA DC-007); save its picture alone")
    elif marker == APP14 and body.startswith(b"Adobe") and len(body) >= 12:
        image.adobe = body[11]
    elif marker == DNL:
        raise unsupported(name, "a JPEG that gives its height after its first scan (DNL)")


def _note_frame(image: _Image, marker: int, body: bytes, name: str) -> None:
    if marker not in _ALLOWED:
        raise unsupported(
            name, f"a {_PROCESSES[marker]} JPEG, allowed are baseline, extended and progressive"
        )
    if image.process:
        raise malformed(name, "a JPEG with two frame headers")
    image.process, image.frame = marker, frame_header(body)
    if image.frame.precision != 8:
        raise unsupported(name, f"a JPEG of {image.frame.precision} bits, allowed are 8")
    image.missing = {component: [None] * 64 for component in image.frame.names}
    if len(image.missing) != len(image.frame.components):
        raise malformed(name, "two JPEG components of one name")
    check_pixels(name, image.frame.width, image.frame.height)


def _note_scan(image: _Image, body: bytes, name: str) -> None:
    """Note which coefficients a scan brings (T.81 B.2.3, G.1.1.1.1)."""
    image.scans += 1
    if image.scans > MAX_SCANS:
        raise unsupported(name, f"a JPEG of more than {MAX_SCANS} scans")
    scan = scan_header(body)
    if not image.missing.keys() >= set(scan.components):
        raise malformed(name, "a JPEG scan of unknown components")
    first, last, low = scan.first, scan.last, scan.low
    if image.process != PROGRESSIVE:
        # means nothing there, and some writers set it wrong
        first, last, low = 0, 63, 0
    for component in scan.components:
        image.missing[component][first : last + 1] = [low] * (min(last, 63) + 1 - first)


def _complete(image: _Image, name: str) -> _Image:
    if not image.scans:
        raise malformed(name, "a JPEG without an image in it")
    # libjpeg would show what is there of it, blurred
    if any(bits != 0 for coefficients in image.missing.values() for bits in coefficients):
        raise truncated(name, "the JPEG lacks scans")
    return image

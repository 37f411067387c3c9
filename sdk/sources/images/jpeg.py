"""JPEG (ITU-T T.81): what its markers say, before libjpeg sees it; several in a row are frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

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
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_PROCESSES = {
    0xC0: "baseline", 0xC1: "extended sequential", 0xC2: "progressive", 0xC3: "lossless",
    0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical", 0xC9: "arithmetic",
    0xCA: "arithmetic", 0xCB: "arithmetic lossless", 0xCD: "hierarchical", 0xCE: "hierarchical",
    0xCF: "hierarchical",
}  # fmt: skip
_ALLOWED = (0xC0, 0xC1, 0xC2)
_PROGRESSIVE = 0xC2
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
# a marker inside entropy-coded data: neither a stuffed byte, nor a restart, nor a fill byte
_NEXT_MARKER = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
_ANOTHER = b"\xff\xd8\xff"


@dataclass
class _Image:
    """One JPEG image in a file, by its markers."""

    start: int
    end: int = 0
    process: int = 0
    width: int = 0
    height: int = 0
    components: list[tuple[int, int, int]] = field(default_factory=list)  # id, h, v
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
            `source-too-large`, `dependency-missing` or `dependency-broken`.
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
        check_pixels(name, image.width, image.height)
        colours = _colours(image, name)
        piece = memoryview(data)[image.start : image.end]
        try:
            # strict: libjpeg would put grey where data is missing or damaged, and warn
            pixels = np.asarray(library.decode_jpeg(piece, colours, strict=True))
        except (ValueError, RuntimeError) as error:
            raise malformed(name, f"the JPEG data is damaged: {error}") from error
        if pixels.shape[:2] != (image.height, image.width):
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
    ids = tuple(component[0] for component in image.components)
    if len(ids) == 1:
        return "GRAY"
    if len(ids) == 4:
        if image.adobe not in (0, 2):
            raise unsupported(name, "a JPEG of 4 components without Adobe's marker for CMYK")
        return "CMYK"
    if len(ids) != 3:
        raise unsupported(name, f"a JPEG of {len(ids)} components, allowed are 1, 3 and 4")
    rgb = [said for said, so in (
        ("Adobe's marker", image.adobe == 0), ("its component names", ids == (82, 71, 66)),
    ) if so]  # fmt: skip
    ycc = [said for said, so in (
        ("JFIF", image.jfif), ("Adobe's marker", image.adobe == 1),
        ("its subsampling", len({component[1:] for component in image.components}) > 1),
        ("its component names", ids in ((1, 2, 3), (0, 1, 2)) and image.adobe is None),
    ) if so]  # fmt: skip
    if rgb and ycc:
        raise malformed(name, f"{rgb[0]} says RGB, {ycc[0]} says YCbCr")
    if not (rgb or ycc) or image.adobe not in (None, 0, 1):
        raise unsupported(
            name, f"a JPEG that doesn't say what its components are (names {ids}, no JFIF)"
        )
    return "RGB"


def _walk(data: bytes, start: int, name: str) -> _Image:
    """Follow the markers from one start of image to its end (T.81 Annex B)."""
    image, at = _Image(start), start + 2
    while True:
        marker, at = _marker(data, at, name)
        if marker == _EOI:
            image.end = at
            return _checked(image, name)
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            raise truncated(name, "ends inside a JPEG segment")
        _note(image, marker, data[at + 2 : at + length], name)
        at += length
        if marker == _SOS:
            found = _NEXT_MARKER.search(data, at)
            if found is None:
                raise truncated(name, "the JPEG has no end of image")
            at = found.start()


def _marker(data: bytes, at: int, name: str) -> tuple[int, int]:
    """Return the marker that must stand here, and where it ends; fill bytes may precede it."""
    if data[at : at + 1] not in (b"\xff", b""):
        raise malformed(name, f"no JPEG marker at byte {at}")
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data):
        raise truncated(name, "the JPEG has no end of image")
    if data[at] in (0, _SOI):
        raise malformed(name, f"no JPEG marker at byte {at}")
    return data[at], at + 1


def _note(image: _Image, marker: int, body: bytes, name: str) -> None:
    if marker in _PROCESSES:
        _note_frame(image, marker, body, name)
    elif marker == _SOS:
        _note_scan(image, body, name)
    elif marker == 0xE0 and body.startswith(b"JFIF\0"):
        image.jfif = True
    elif marker == 0xE1 and body.startswith(b"Exif\0\0") and not image.exif:
        image.exif = body[6:]
    elif marker == 0xE2 and body.startswith(b"MPF\0"):
        raise unsupported(name, "a multi-picture file (CIPA DC-007); save its picture alone")
    elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
        image.adobe = body[11]
    elif marker == 0xDC:
        raise unsupported(name, "a JPEG that tells its height after its first scan (DNL)")


def _note_frame(image: _Image, marker: int, body: bytes, name: str) -> None:
    if marker not in _ALLOWED:
        raise unsupported(
            name, f"a {_PROCESSES[marker]} JPEG, allowed are baseline, extended and progressive"
        )
    if image.process:
        raise malformed(name, "a JPEG with two frame headers")
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise malformed(name, "a JPEG frame header of the wrong length")
    if body[0] != 8:
        raise unsupported(name, f"a JPEG of {body[0]} bits, allowed are 8")
    image.process = marker
    image.height = int.from_bytes(body[1:3], "big")
    image.width = int.from_bytes(body[3:5], "big")
    image.components = [
        (body[i], body[i + 1] >> 4, body[i + 1] & 15) for i in range(6, len(body), 3)
    ]
    image.missing = {component[0]: [None] * 64 for component in image.components}
    if len(image.missing) != len(image.components):
        raise malformed(name, "two JPEG components of one name")
    check_pixels(name, image.width, image.height)


def _note_scan(image: _Image, body: bytes, name: str) -> None:
    """Note which coefficients a scan brings (T.81 B.2.3, G.1.1.1.1)."""
    image.scans += 1
    if image.scans > MAX_SCANS:
        raise unsupported(name, f"a JPEG of more than {MAX_SCANS} scans")
    count = body[0] if body else 0
    if len(body) != 4 + 2 * count or not set(body[1 : 1 + 2 * count : 2]) <= set(image.missing):
        raise malformed(name, "a JPEG scan of the wrong length, or of unknown components")
    first, last, low = body[-3], body[-2], body[-1] & 15
    if image.process != _PROGRESSIVE:
        first, last, low = 0, 63, 0
    for component in body[1 : 1 + 2 * count : 2]:
        image.missing[component][first : last + 1] = [low] * (min(last, 63) + 1 - first)


def _checked(image: _Image, name: str) -> _Image:
    if not image.scans:
        raise malformed(name, "a JPEG without an image in it")
    # libjpeg would show what is there of it, blurred
    if any(bits != 0 for coefficients in image.missing.values() for bits in coefficients):
        raise truncated(name, "the JPEG lacks scans")
    return image

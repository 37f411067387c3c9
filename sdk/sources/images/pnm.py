"""PBM, PGM and PPM (P1 to P6), one image or several in a row, after the Netpbm manual pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from ..base import MAX_FRAMES, check_pixels
from .common import (
    Picture,
    Pictures,
    check_count,
    exactly,
    grey,
    malformed,
    size_of,
    to_8_bits,
    truncated,
    unsupported,
)

_HEADER_BYTES = 64 * 1024
_PLAIN_BYTES_PER_SAMPLE = 16
_MAX_PLAIN_SAMPLES = 1 << 24
_NOT_PLAIN = re.compile(rb"[^0-9 \t\r\n\v\f]|[0-9]{6}")
_NOT_PLAIN_BITS = re.compile(rb"[^01 \t\r\n\v\f]")
_SPACE = b" \t\r\n\v\f"
_TOKEN = re.compile(rb"(?:[ \t\r\n\v\f]|#[^\r\n]*[\r\n])++([0-9]{1,10})(?=[ \t\r\n\v\f#])")


class _Image(NamedTuple):
    variant: int  # 1 to 6
    width: int
    height: int
    top: int
    start: int  # of the raster in the file

    @property
    def channels(self) -> int:
        return 3 if self.variant in (3, 6) else 1

    @property
    def raster_bytes(self) -> int:
        if self.variant == 4:
            return self.height * ((self.width + 7) // 8)
        return self.height * self.width * self.channels * (2 if self.top > 255 else 1)


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a PNM file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported` (PAM, PFM) or
            `source-too-large`.
    """
    images: list[_Image] = []
    at, size = 0, size_of(file)
    while at < size and len(images) <= MAX_FRAMES:
        file.seek(at)
        image = _header(file, name, at)
        images.append(image)
        if image.variant <= 3:  # text: one image to the end of the file
            break
        at = image.start + image.raster_bytes
        if at > size:
            raise truncated(name, f"holds {size - image.start} of {image.raster_bytes} bytes")
    return Pictures(check_count(name, len(images)), _each(file, name, images))


def _each(file: BinaryIO, name: str, images: list[_Image]) -> Iterator[Picture]:
    for image in images:
        check_pixels(name, image.width, image.height)
        file.seek(image.start)
        yield _plain(file, name, image) if image.variant <= 3 else _raw(file, name, image)


def _header(file: BinaryIO, name: str, start: int) -> _Image:
    data = file.read(_HEADER_BYTES)
    if not (data[:1] == b"P" and data[1:2] in b"1234567Ff"):
        raise malformed(name, f"bytes after an image are no further image: {data[:8]!r}")
    if data[1:2] in b"7Ff":
        raise unsupported(name, "a PAM or PFM image, allowed are PBM, PGM and PPM")
    variant, at = int(data[1:2]), 2
    numbers: list[int] = []
    for _ in range(2 if variant in (1, 4) else 3):
        match = _TOKEN.match(data, at)
        if match is None:
            raise malformed(name, f"its header has no {('width', 'height', 'maxval')[len(numbers)]}"
                            f" within {_HEADER_BYTES} bytes")  # fmt: skip
        numbers.append(int(match[1]))
        at = match.end()
    width, height, top = (*numbers, 1)[:3]
    if not 1 <= top <= 65_535:
        raise malformed(name, f"maxval is {top}, allowed are 1 to 65535")
    # comments may stand before the one white space that ends the header
    while data[at : at + 1] == b"#":
        ends = [end for end in (data.find(b"\n", at), data.find(b"\r", at)) if end >= 0]
        if not ends:
            raise malformed(name, "a comment in its header has no end")
        at = min(ends)
    check_pixels(name, width, height)
    return _Image(variant, width, height, top, start + at + 1)


def _raw(file: BinaryIO, name: str, image: _Image) -> Picture:
    data = exactly(file, image.raster_bytes, name)
    if image.variant == 4:
        rows = np.frombuffer(data, np.uint8).reshape(image.height, -1)
        return grey(1 - np.unpackbits(rows, axis=1, count=image.width), 1)
    values = np.frombuffer(data, ">u2" if image.top > 255 else "u1")
    return _picture(values, name, image)


def _plain(file: BinaryIO, name: str, image: _Image) -> Picture:
    count = image.width * image.height * image.channels
    if count > _MAX_PLAIN_SAMPLES:
        raise unsupported(name, f"{count} samples of plain text, allowed are {_MAX_PLAIN_SAMPLES}")
    most = count * _PLAIN_BYTES_PER_SAMPLE
    data = file.read(most + 1)
    allowed = _NOT_PLAIN_BITS if image.variant == 1 else _NOT_PLAIN
    wrong = allowed.search(data) if len(data) <= most else None
    if len(data) > most or (wrong is not None):
        what = "too much white space" if wrong is None else repr(data[wrong.start() :][:8])
        raise malformed(name, f"its plain raster holds {what}")
    if image.variant == 1:  # digits need no white space between them
        values = ord("1") - np.frombuffer(data.translate(None, _SPACE), np.uint8)
    else:
        values = np.fromstring(data, np.int64, sep=" ")
    if values.size < count:
        raise truncated(name, f"holds {values.size} of {count} samples")
    if values.size > count:
        raise malformed(name, f"holds {values.size} samples, its header declares {count}")
    return _picture(values, name, image)


def _picture(values: npt.NDArray[Any], name: str, image: _Image) -> Picture:
    if values.max() > image.top:
        raise malformed(name, f"a sample is {values.max()}, its maxval is {image.top}")
    if image.channels == 3:
        shape = (image.height, image.width, 3)
        return Picture(to_8_bits(values.reshape(shape), image.top))
    return grey(values.reshape(image.height, image.width), image.top)

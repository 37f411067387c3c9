"""TIFF 6.0 and BigTIFF pages, from their stored samples to what they show.

Pillow's own reading drops facts (MinIsWhite of 16 bits, signs, tables of 8-bit entries), so only
the bytes of LZW and PackBits strips come from its libtiff, without any interpretation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ..._shown import shown
from ...errors import SourceError
from ..base import check_pixels
from . import tiff_tags as tags
from .common import Picture, Pictures, malformed, unsupported, upright
from .tiff_samples import Layout, read_samples
from .tiff_shown import show

_PHOTOMETRIC = {
    0: "WhiteIsZero", 1: "BlackIsZero", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr",
    8: "CIELab", 9: "ICCLab", 10: "ITULab", 32803: "colour filter array", 34892: "linear raw",
}  # fmt: skip
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4}
_COMPRESSION = {
    1: "none", 2: "CCITT RLE", 3: "CCITT T.4", 4: "CCITT T.6", 5: "LZW", 6: "old JPEG", 7: "JPEG",
    8: "Deflate", 32946: "Deflate", 32773: "PackBits", 34712: "JPEG 2000", 50000: "Zstandard",
    50001: "WebP", 50002: "JPEG XL",
}  # fmt: skip
_READ = (1, 5, 8, 32946, 32773)
_PREDICTED = (5, 8, 32946)
_FORMATS = {1: "unsigned", 2: "signed", 3: "floating-point", 4: "undefined", 5: "complex signed",
            6: "complex floating-point"}  # fmt: skip
_REDUCED, _MASK = 1, 4
_STACK = re.compile(rb"ImageJ=[^\n]*\n(?:[^\n]*\n)*?images=([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Page:
    """What the tags of a page say, each on a list of what is read."""

    width: int
    height: int
    photometric: int
    orientation: int
    alpha: int | None  # which sample, after the colours
    associated: bool  # the colours are multiplied by alpha
    color_map: tuple[int, ...]
    layout: Layout


def read(file: BinaryIO, name: str) -> Pictures:
    """Read a TIFF file: every page that is neither a reduced copy nor a mask.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported`,
            `source-too-large` or `source-no-pixels`.
    """
    form, places = tags.find_directories(file, name)
    first = tags.read_directory(file, form, places[0], name)
    stack = _STACK.match(bytes(first.get(tags.DESCRIPTION, ())))
    # above 4 GB ImageJ writes one directory, and the other images behind each other without any
    if stack and int(stack[1]) != len(places):
        raise unsupported(
            name, f"ImageJ says {int(stack[1])} images, the file has {len(places)} directories"
        )
    # thumbnails and masks lie among the pages, and would count as frames
    pages = [place for place in places if not place.subfile_type & (_REDUCED | _MASK)]
    if not pages:
        raise SourceError(
            "source-no-pixels", f"{shown(name)}: all its pages are reduced copies or masks"
        )
    return Pictures(len(pages), _each(file, name, form, pages))


def _each(file: BinaryIO, name: str, form: tags.Form, pages: list[tags.Place]) -> Iterator[Picture]:
    for place in pages:
        page = _page(tags.read_directory(file, form, place, name), form.order, name)
        check_pixels(name, page.width, page.height)
        samples = read_samples(file, name, page.layout)
        colours = _COLOURS[page.photometric]
        picture = show(
            samples[..., :colours],
            None if page.alpha is None else samples[..., page.alpha],
            page.photometric,
            page.layout.bits,
            page.color_map,
            name,
            associated=page.associated,
        )
        yield Picture(upright(picture.pixels, page.orientation), picture.window)


def _page(directory: tags.Directory, order: str, name: str) -> Page:
    width = _one(directory, tags.WIDTH, None, name)
    height = _one(directory, tags.HEIGHT, None, name)
    check_pixels(name, width, height)
    photometric = _listed(directory, tags.PHOTOMETRIC, None, _PHOTOMETRIC, tuple(_COLOURS), name)
    samples = _one(directory, tags.SAMPLES, 1, name)
    extra = directory.get(tags.EXTRA_SAMPLES, ())
    if samples != _COLOURS[photometric] + len(extra):
        raise malformed(
            name,
            f"(277) SamplesPerPixel is {samples}, (262) PhotometricInterpretation says "
            f"{_COLOURS[photometric]} and (338) ExtraSamples {len(extra)} more",
        )
    alphas = [at for at, kind in enumerate(extra) if kind in (1, 2)]
    if any(kind > 2 for kind in extra) or len(alphas) > 1 or len(extra) > 8:
        raise unsupported(name, f"(338) ExtraSamples are {shown(extra)}, allowed is one alpha")
    for kind in set(directory.get(tags.SAMPLE_FORMAT, (1,))):
        if kind != 1:
            what = _FORMATS.get(kind, str(kind))
            raise unsupported(name, f"(339) SampleFormat is {what}, allowed is unsigned")
    if photometric == 5 and _one(directory, tags.INK_SET, 1, name) != 1:
        raise unsupported(name, "(332) InkSet is not CMYK")
    orientation = _one(directory, tags.ORIENTATION, 1, name)
    if not 1 <= orientation <= 8:
        raise malformed(name, f"(274) Orientation is {orientation}, allowed are 1 to 8")
    return Page(
        width,
        height,
        photometric,
        orientation,
        _COLOURS[photometric] + alphas[0] if alphas else None,
        bool(alphas) and extra[alphas[0]] == 1,
        directory.get(tags.COLOR_MAP, ()),
        _layout(directory, order, width, height, samples, name),
    )


def _layout(
    directory: tags.Directory, order: str, width: int, height: int, samples: int, name: str
) -> Layout:
    compression = _listed(directory, tags.COMPRESSION, 1, _COMPRESSION, _READ, name)
    bits = directory.get(tags.BITS, (1,))
    if len(set(bits)) != 1 or not 1 <= bits[0] <= 16 or len(bits) not in (1, samples):
        raise unsupported(
            name, f"(258) BitsPerSample is {shown(bits)}, allowed are 1 to 16, alike in all samples"
        )
    predictor, fill_order = _coding(directory, compression, bits[0], name)
    planar = _one(directory, tags.PLANAR, 1, name)
    if planar not in (1, 2):
        raise malformed(name, f"(284) PlanarConfiguration is {planar}, allowed are 1 and 2")
    tiled = tags.TILE_OFFSETS in directory
    return Layout(
        order=order,
        width=width,
        height=height,
        samples=samples,
        bits=bits[0],
        compression=compression,
        predicted=predictor == 2,
        reversed_bits=fill_order == 2,
        separate=planar == 2 and samples > 1,
        piece_width=_one(directory, tags.TILE_WIDTH, None, name) if tiled else width,
        piece_height=_one(directory, tags.TILE_HEIGHT, None, name)
        if tiled
        # 2**32 - 1, the standard's own default, stands for one strip
        else min(height, _one(directory, tags.ROWS_PER_STRIP, height, name)),
        tiled=tiled,
        offsets=_many(directory, tags.TILE_OFFSETS if tiled else tags.STRIP_OFFSETS, name),
        sizes=_many(directory, tags.TILE_BYTES if tiled else tags.STRIP_BYTES, name),
    )


def _coding(directory: tags.Directory, compression: int, bits: int, name: str) -> tuple[int, int]:
    """Return Predictor and FillOrder, where they go with the compression."""
    predictor = _one(directory, tags.PREDICTOR, 1, name)
    if predictor != 1 and (predictor != 2 or compression not in _PREDICTED or bits not in (8, 16)):
        raise unsupported(
            name,
            f"(317) Predictor is {predictor}, allowed are 1, and with LZW or Deflate and 8 or 16 "
            "bits 2",
        )
    fill_order = _one(directory, tags.FILL_ORDER, 1, name)
    if fill_order not in (1, 2) or (fill_order == 2 and compression != 1):
        raise unsupported(name, f"(266) FillOrder is {fill_order}, allowed is 1")
    return predictor, fill_order


def _one(directory: tags.Directory, tag: int, default: int | None, name: str) -> int:
    values = directory.get(tag)
    if values is None and default is not None:
        return default
    if values is None or len(values) != 1:
        raise malformed(name, f"the TIFF tag {tag} is {shown(values)}, it must be one number")
    return values[0]


def _many(directory: tags.Directory, tag: int, name: str) -> tuple[int, ...]:
    if tag not in directory:
        raise malformed(name, f"the TIFF tag {tag} is missing")
    return directory[tag]


def _listed(
    directory: tags.Directory,
    tag: int,
    default: int | None,
    names: dict[int, str],
    allowed: tuple[int, ...],
    name: str,
) -> int:
    value = _one(directory, tag, default, name)
    if value not in allowed:
        raise unsupported(
            name,
            f"the TIFF tag {tag} is {value} ({names.get(value, 'unknown')}), allowed are "
            f"{', '.join(dict.fromkeys(names[one] for one in allowed))}",
        )
    return value

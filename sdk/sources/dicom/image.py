"""What a header says of its pixels (PS3.3 C.7.6.3, Image Pixel Module), each value checked."""

from __future__ import annotations

from dataclasses import dataclass

from ..._shown import shown
from ..base import check_pixels
from .values import Header

MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
_ONE_SAMPLE = (*MONOCHROME, PALETTE)
# the component transform of JPEG 2000: its decoders undo it
JPEG_2000_COLOUR = ("YBR_ICT", "YBR_RCT")
LUMA_FIRST = ("YBR_FULL", "YBR_FULL_422")
_THREE_SAMPLES = ("RGB", *LUMA_FIRST, *JPEG_2000_COLOUR)
_ALLOCATED = (1, 8, 16, 32)
_MAX_FRAMES = 1_000_000


@dataclass(frozen=True, slots=True)
class Image:
    """The pixels of a file as its header describes them; the values agree with each other.

    Attributes:
        rows: height of a frame, in pixels.
        columns: width of a frame, in pixels.
        samples: values of a pixel, 1 or 3.
        photometric: (0028,0004) Photometric Interpretation.
        planar: (0028,0006) Planar Configuration, None when missing.
        allocated: bits of the cell that holds a sample: 1, 8, 16 or 32.
        stored: bits of a sample.
        high_bit: the sample's highest bit in its cell.
        signed: samples are two's complement.
        frames: number of frames.
    """

    rows: int
    columns: int
    samples: int
    photometric: str
    planar: int | None
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    frames: int

    @property
    def shift(self) -> int:
        """Bits below the sample in its cell."""
        return self.high_bit + 1 - self.stored

    @property
    def frame_bytes(self) -> int:
        """Bytes of one decoded frame."""
        return (self.rows * self.columns * self.samples * self.allocated + 7) // 8


def image_of(header: Header) -> Image:
    """Read and check the Image Pixel Module.

    Raises:
        SourceError: `source-no-pixels`, `source-malformed`, `source-unsupported` or
            `source-too-large`.
    """
    if "Rows" not in header or "Columns" not in header:
        missing = "Columns" if "Rows" in header else "Rows"
        raise header.error("source-no-pixels", f"{header.describe(missing)} is missing")
    rows = _whole(header, "Rows", 1, 65_535)
    columns = _whole(header, "Columns", 1, 65_535)
    check_pixels(header.name, columns, rows)  # before anything is multiplied by them
    photometric = header.text("PhotometricInterpretation")
    samples = _samples(header, photometric)
    assert photometric is not None
    allocated = _whole(header, "BitsAllocated", 1, 64)
    if allocated not in _ALLOCATED:
        raise header.error(
            "source-unsupported",
            f"{header.describe('BitsAllocated')} is {allocated}, allowed are 1, 8, 16 and 32",
        )
    stored = _whole(header, "BitsStored", 1, allocated)
    # beyond `stored - 1` the standard retired it, and files of the time before are still around
    high_bit = _whole(header, "HighBit", stored - 1, allocated - 1)
    signed = _whole(header, "PixelRepresentation", 0, 1) == 1
    if signed and photometric not in MONOCHROME:
        raise header.malformed("PixelRepresentation", f"is 1 (signed), but colour is {photometric}")
    planar = None
    # of one sample it says nothing, whatever stands there
    if samples == 3 and "PlanarConfiguration" in header:
        planar = _whole(header, "PlanarConfiguration", 0, 1)
    return Image(
        rows=rows, columns=columns, samples=samples, photometric=photometric, planar=planar,
        allocated=allocated, stored=stored, high_bit=high_bit, signed=signed,
        frames=_frames(header),
    )  # fmt: skip


def _samples(header: Header, photometric: str | None) -> int:
    if photometric not in (*_ONE_SAMPLE, *_THREE_SAMPLES):
        raise header.error(
            "source-unsupported",
            f"{header.describe('PhotometricInterpretation')} is {shown(photometric)}, allowed are "
            f"{', '.join((*_ONE_SAMPLE, *_THREE_SAMPLES))}; convert it",
        )
    samples = _whole(header, "SamplesPerPixel", 1, 4)
    needed = 1 if photometric in _ONE_SAMPLE else 3
    if samples != needed:
        raise header.malformed(
            "SamplesPerPixel", f"is {samples}, but the photometric {photometric} has {needed}"
        )
    return samples


def _frames(header: Header) -> int:
    if "NumberOfFrames" not in header:
        return 1
    return _whole(header, "NumberOfFrames", 1, _MAX_FRAMES)


def _whole(header: Header, keyword: str, least: int, most: int) -> int:
    value = header.integer(keyword)
    if value is None or not least <= value <= most:
        given = "missing" if value is None else value
        raise header.malformed(keyword, f"is {given}, allowed are {least} to {most}")
    return value

"""What a compressed frame says of itself, held against the DICOM header before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from ...codestreams import Damaged
from ...codestreams.jpeg import SEQUENTIAL
from .image import JPEG_2000_COLOUR, LUMA_FIRST, MONOCHROME, PALETTE, Image
from .syntax import Syntax
from .values import Header


class Foreign(Damaged):
    """Sound data of a kind that is not read here."""


@dataclass(frozen=True, slots=True)
class Codestream:
    """The header of a JPEG, JPEG-LS or JPEG 2000 codestream.

    Attributes:
        process: the marker of its frame header (SOF), 0xC0 to 0xF7; 0 for JPEG 2000.
        width: of the image, in pixels.
        height: of the image, in pixels.
        components: number of components.
        precision: bits of a sample.
        signed: samples are signed (JPEG 2000).
        lossy: values are not those that were compressed.
        subsampled: a component has fewer samples than another.
        colour: of three components, by their markers: `RGB`, `YBR` (luma first), `unmarked` when
            nothing but their names 1, 2 and 3 hints at YBR, or None.
        transformed: the decoder undoes a component transform (JPEG 2000).
    """

    process: int
    width: int
    height: int
    components: int
    precision: int
    signed: bool
    lossy: bool
    subsampled: bool
    colour: str | None
    transformed: bool

    @property
    def is_lossy_jpeg(self) -> bool:
        """Whether its markers tell the colour; lossless ones bear those of an encoder's habit."""
        return self.process in SEQUENTIAL


def is_padding(rest: bytes) -> bool:
    """Whether what lies behind a codestream's end only fills it up to a length."""
    return len(rest) <= 1 or not rest.strip(b"\0\xff")


def check(stream: Codestream, image: Image, syntax: Syntax, header: Header, index: int) -> None:
    """Refuse a frame whose codestream and DICOM header contradict each other.

    Raises:
        SourceError: `source-malformed`, naming both.
    """
    for name, own, declared in (
        ("columns", stream.width, image.columns),
        ("rows", stream.height, image.rows),
        ("components", stream.components, image.samples),
    ):
        if own != declared:
            raise header.error(
                "source-malformed",
                f"frame {index} is {syntax.title} with {own} {name}, but the header says "
                f"{declared}",
            )
    if syntax.processes and stream.process not in syntax.processes:
        raise header.error(
            "source-malformed",
            f"the transfer syntax is {syntax.title}, but frame {index} is a JPEG of process "
            f"SOF{stream.process - 0xC0}",
        )
    _check_bits(stream, image, header, index)
    _check_colour(stream, image, syntax, header)


def _check_bits(stream: Codestream, image: Image, header: Header, index: int) -> None:
    # either the whole cell was compressed, or the sample without the bits above it
    if not image.high_bit < stream.precision <= image.allocated:
        raise header.error(
            "source-malformed",
            f"frame {index} has a precision of {stream.precision} bits, but High Bit is "
            f"{image.high_bit} and Bits Allocated {image.allocated}",
        )
    if stream.signed and not image.signed:
        raise header.error(
            "source-malformed",
            f"frame {index} is signed, but (0028,0103) PixelRepresentation is 0",
        )
    if stream.lossy and image.shift:
        raise header.error(
            "source-malformed",
            f"frame {index} is lossy, but High Bit {image.high_bit} puts other bits below its "
            f"{image.stored}",
        )


def _check_colour(stream: Codestream, image: Image, syntax: Syntax, header: Header) -> None:
    actual = None
    photometric = image.photometric
    if photometric == PALETTE and stream.lossy:
        actual = "lossy, which makes other indices"
    elif photometric in LUMA_FIRST and stream.is_lossy_jpeg and stream.colour == "RGB":
        actual = "RGB by its markers"
    elif photometric == "RGB" and stream.is_lossy_jpeg and stream.colour == "unmarked":
        # DICOM readers take it for RGB, libjpeg and all who use it for YCbCr
        actual = (
            "JPEG without a marker, whose components are named 1, 2 and 3 as those of YCbCr are"
        )
    elif photometric in LUMA_FIRST and stream.transformed:
        actual = "JPEG 2000 with a component transform"
    elif photometric in JPEG_2000_COLOUR and not stream.transformed:
        actual = f"{syntax.title} without a component transform"
    elif photometric == "YBR_FULL_422" and not stream.is_lossy_jpeg:
        actual = f"{syntax.title}, where it isn't allowed"
    elif photometric in MONOCHROME and stream.transformed:
        actual = "JPEG 2000 with a component transform"
    if actual is not None:
        raise header.malformed(
            "PhotometricInterpretation", f"is {photometric}, but the frames are {actual}"
        )

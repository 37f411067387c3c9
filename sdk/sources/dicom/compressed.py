"""Compressed frames: each codestream is held against the header, then given to one decoder.

Which decoder reads what, and why: `docs/integrating.md`, "DICOM".
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._shown import shown
from ...errors import SourceError
from ..base import optional_import
from . import codestream
from .codestream import Codestream, Cut, Damaged, Foreign
from .fragments import Fragments
from .header import DicomFile
from .image import LUMA_FIRST, Image
from .jpeg import lengthened, marked, read_jpeg
from .jpeg2000 import read_jpeg2000
from .native import Cells, frame_bits, shape_cells
from .rle import decode_rle

# what simplejpeg, GDCM, OpenJPEG, CharLS and zlib raise on damaged data
_CODECS_RAISE = (
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    IndexError,
    EOFError,
    SyntaxError,
    MemoryError,
    struct.error,
    zlib.error,
)


class CompressedFrames:
    """The frames of an encapsulated file.

    Raises:
        SourceError: `source-malformed`, `source-truncated`, `source-unsupported` or
            `source-too-large`; `dependency-missing` when a frame's decoder isn't there.
    """

    def __init__(self, dicom: DicomFile, image: Image) -> None:
        self._dicom = dicom
        self._header = dicom.header
        self._image = image
        self._fragments = Fragments(dicom, image)
        if image.allocated == 1 and dicom.syntax.pixels != "deflate":
            raise self._header.malformed(
                "BitsAllocated", f"is 1, but the transfer syntax is {dicom.syntax.title}"
            )

    def cells(self, index: int) -> Cells:
        """Return the cells of one frame."""
        data = self._fragments.frame(index)
        try:
            return self._decode(data, index)
        except SourceError:
            raise
        except Cut as error:
            raise self._error("source-truncated", index, str(error)) from error
        except Foreign as error:
            raise self._error("source-unsupported", index, str(error), "convert it") from error
        except Damaged as error:
            raise self._error("source-malformed", index, str(error)) from error
        except _CODECS_RAISE as error:
            if isinstance(error, TimeoutError | InterruptedError | RecursionError):
                raise
            what = f"{type(error).__name__}: {shown(str(error))}"
            raise self._error("source-malformed", index, f"cannot be decoded: {what}") from error

    def _error(self, slug: str, index: int, what: str, mend: str = "copy it again") -> SourceError:
        title = self._dicom.syntax.title
        return self._header.error(slug, f"frame {index}, {title}: {what}; {mend}")

    def _decode(self, data: bytes, index: int) -> Cells:
        kind, image = self._dicom.syntax.pixels, self._image
        if kind == "rle":
            return self._without_header(decode_rle(data, image))
        if kind == "deflate":
            return self._without_header(_inflate_frame(data, image))
        stream = read_jpeg2000(data) if kind == "jpeg-2000" else read_jpeg(data)
        codestream.check(stream, image, self._dicom.syntax, self._header, index)
        said_luma = stream.is_lossy_jpeg and stream.colour == "YBR"
        luma = said_luma or image.photometric in LUMA_FIRST
        if kind == "jpeg-2000":
            values = _decode_jpeg2000(data, stream)
        elif kind == "jpeg-ls":
            values = _decode_jpeg_ls(data, stream)
        elif stream.precision == 8:
            values = _decode_with_turbo(data, stream, luma)
        else:
            values = _decode_with_gdcm(data, stream, self._dicom.syntax.uid)
            # GDCM makes up what is missing and says nothing, and then does so of this instead
            longer = _decode_with_gdcm(lengthened(data), stream, self._dicom.syntax.uid)
            if not np.array_equal(values, longer):
                raise Cut("its scan ends before its last pixel")
        cells = _clipped(values, stream, image) if stream.lossy else values
        chosen: Cells = cells[..., 0] if luma and cells.ndim == 3 else cells
        return chosen

    def _without_header(self, cells: Cells) -> Cells:
        """Check what a codestream's header would say, where it has none."""
        photometric = self._image.photometric
        if photometric in ("YBR_ICT", "YBR_RCT") or (
            photometric == "YBR_FULL_422" and self._dicom.syntax.pixels == "rle"
        ):
            raise self._header.malformed(
                "PhotometricInterpretation",
                f"is {photometric}, which {self._dicom.syntax.title} cannot hold",
            )
        luma = photometric in LUMA_FIRST and cells.ndim == 3
        chosen: Cells = cells[..., 0] if luma else cells
        return chosen


def _clipped(values: npt.NDArray[Any], stream: Codestream, image: Image) -> Cells:
    """Clip what a lossy decoder made of a full-scale sample to what the header stores."""
    if stream.precision <= image.stored:
        return values
    if not image.signed:
        top: Cells = np.minimum(values, values.dtype.type((1 << image.stored) - 1))
        return top
    half, most = 1 << (stream.precision - 1), 1 << (image.stored - 1)
    extended: Cells = ((values.astype(np.int64) & (2 * half - 1)) ^ half) - half
    clipped: Cells = extended.clip(-most, most - 1).astype(values.dtype)
    return clipped


def _inflate_frame(data: bytes, image: Image) -> Cells:
    needed = (frame_bits(image) + 7) // 8
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(data, needed + 2)
    if len(inflated) < needed:
        raise Cut(f"it inflates to {len(inflated)} bytes, the header needs {needed}")
    if len(inflated) > needed + needed % 2:
        raise Damaged(f"it inflates to more than the {needed} bytes that the header needs")
    if image.samples == 3 and image.planar is None:
        raise Damaged("(0028,0006) PlanarConfiguration is missing")
    return shape_cells(inflated[:needed], image, big_endian=False)


def _decode_with_turbo(data: bytes, stream: Codestream, luma: bool) -> npt.NDArray[Any]:
    """Decode 8 bits with libjpeg-turbo, components as they are stored, or the luma alone."""
    turbo = optional_import("simplejpeg", "simplejpeg", "dicom")
    # RGB is what isn't converted, whatever it is
    luma = luma and stream.is_lossy_jpeg
    colours = "GRAY" if luma or stream.components == 1 else "RGB"
    # strict: libjpeg would make up what is missing or damaged, and warn
    values = np.asarray(turbo.decode_jpeg(marked(data, rgb=not luma), colours, strict=True))
    if values.shape[:2] != (stream.height, stream.width):
        raise Damaged(f"it is decoded to {values.shape}")
    return values[..., 0] if colours == "GRAY" else values


def _decode_with_gdcm(data: bytes, stream: Codestream, uid: str) -> npt.NDArray[Any]:
    """Decode JPEG of 2 to 16 bits, which simplejpeg reads at 8 bits only."""
    gdcm = optional_import("gdcm", "python-gdcm", "dicom")
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    picture = gdcm.Image()
    picture.SetNumberOfDimensions(2)
    picture.SetDimensions((stream.width, stream.height, 1))
    picture.SetDataElement(element)
    # RGB stands for three components that aren't to be changed
    colour = "RGB" if stream.components == 3 else "MONOCHROME2"
    kinds = gdcm.PhotometricInterpretation
    picture.SetPhotometricInterpretation(kinds(kinds.GetPIType(colour)))
    picture.SetPlanarConfiguration(0)
    picture.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(uid)))
    size = 1 if stream.precision <= 8 else 2
    bits = stream.precision
    picture.SetPixelFormat(gdcm.PixelFormat(stream.components, 8 * size, bits, bits - 1, 0))
    text = picture.GetBuffer()
    if text is None:
        raise Damaged("GDCM cannot decode it")
    # GDCM gives char* as text
    return _shaped(text.encode("utf-8", "surrogateescape"), stream, size)


def _decode_jpeg_ls(data: bytes, stream: Codestream) -> npt.NDArray[Any]:
    charls = optional_import("jpeg_ls", "pyjpegls", "dicom")
    decoded, info = charls.decode_pixel_data(data)
    by_plane = stream.components == 3 and info["interleave_mode"] == 0
    return _shaped(decoded, stream, 1 if stream.precision <= 8 else 2, by_plane)


def _decode_jpeg2000(data: bytes, stream: Codestream) -> npt.NDArray[Any]:
    openjpeg = optional_import("openjpeg.utils", "pylibjpeg-openjpeg", "dicom")
    decoded = openjpeg.decode_pixel_data(data, version=2)
    size = 1 if stream.precision <= 8 else 2 if stream.precision <= 16 else 4
    return _shaped(decoded, stream, size)


def _shaped(data: Any, stream: Codestream, size: int, by_plane: bool = False) -> npt.NDArray[Any]:
    """Arrange decoded bytes as (rows, columns) or (rows, columns, components)."""
    needed = stream.width * stream.height * stream.components * size
    if len(data) != needed:
        raise Damaged(f"it is decoded to {len(data)} bytes instead of {needed}")
    flat = np.frombuffer(data, f"<u{size}")
    if stream.components == 1:
        return flat.reshape(stream.height, stream.width)
    if by_plane:
        planes = flat.reshape(stream.components, stream.height, stream.width)
        return planes.transpose(1, 2, 0)
    return flat.reshape(stream.height, stream.width, stream.components)

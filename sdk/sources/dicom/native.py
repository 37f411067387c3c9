"""Frames that are not compressed (PS3.5 clause 8.1): from bytes to cells."""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from .header import DicomFile
from .image import Image
from .values import Header

Cells = npt.NDArray[Any]
"""Unsigned cells of one frame as they are stored: (rows, columns, 3) of RGB; else (rows, columns),
where luma comes first (YBR_FULL and YBR_FULL_422) the luma alone."""


class NativeFrames:
    """The frames of an uncompressed file.

    Raises:
        SourceError: `source-malformed` when the header contradicts itself or the length of the
            pixels, `source-truncated` when the file ends before they do.
    """

    def __init__(self, dicom: DicomFile, image: Image) -> None:
        self._file = dicom.file
        self._header = dicom.header
        self._image = image
        self._start = dicom.pixels.start
        self._frame_bits = frame_bits(image)
        # words of OW are stored high byte first; a cell of 8 bits then is half of one
        self._big_endian = dicom.syntax.big_endian
        self._words = self._big_endian and dicom.pixels.vr != "OB" and image.allocated <= 8
        _check_layout(dicom, image)
        self._length = _check_length(dicom, image, self._frame_bits)

    def cells(self, index: int) -> Cells:
        """Return the cells of one frame."""
        first_bit = index * self._frame_bits
        data = self._bytes(first_bit // 8, (first_bit + self._frame_bits + 7) // 8)
        return shape_cells(data, self._image, self._big_endian, first_bit % 8)

    def _bytes(self, begin: int, end: int) -> bytes:
        if not self._words:
            return self._read(begin, end)
        even = begin & ~1
        words = np.frombuffer(self._read(even, (end + 1) & ~1), ">u2")
        return words.astype("<u2").tobytes()[begin - even : end - even]

    def _read(self, begin: int, end: int) -> bytes:
        end = min(end, self._length)
        data = read_at(self._file, self._start + begin, end - begin, self._header)
        return data + b"\0" if self._words and len(data) % 2 else data


def read_at(file: BinaryIO, start: int, length: int, header: Header) -> bytes:
    """Read `length` bytes of pixels.

    Raises:
        SourceError: `source-truncated` when the file ends before, `source-malformed` when what is
            deflated cannot be inflated, `source-unreadable` when the file cannot be read.
    """
    try:
        file.seek(start)
        data = file.read(length)
    except EOFError:
        data = b""
    except zlib.error as error:
        raise header.error("source-malformed", f"cannot be inflated: {error}") from error
    except OSError as error:
        if isinstance(error, TimeoutError | InterruptedError):
            raise
        raise header.error("source-unreadable", f"cannot be read: {error.strerror}") from error
    if len(data) < length:
        raise header.error("source-truncated", "ends inside its pixels; copy it again")
    return data


def frame_bits(image: Image) -> int:
    """Return the bits of one uncompressed frame; frames follow one another without padding."""
    # two luma samples share one pair of chroma samples
    samples = 2 if image.photometric == "YBR_FULL_422" else image.samples
    return image.rows * image.columns * samples * image.allocated


def shape_cells(data: bytes, image: Image, big_endian: bool, first_bit: int = 0) -> Cells:
    """Arrange the bytes of one frame by its header; the lowest bit comes first in a byte."""
    rows, columns = image.rows, image.columns
    if image.allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[first_bit : first_bit + rows * columns].reshape(rows, columns)
    dtype = np.dtype(f"{'>' if big_endian else '<'}u{image.allocated // 8}")
    flat = np.frombuffer(data, dtype)
    if image.photometric == "YBR_FULL_422":
        return flat.reshape(rows, columns // 2, 4)[..., :2].reshape(rows, columns)
    if image.samples == 1:
        return flat.reshape(rows, columns)
    if image.planar == 1:
        pixels = flat.reshape(3, rows, columns).transpose(1, 2, 0)
    else:
        pixels = flat.reshape(rows, columns, 3)
    return pixels[..., 0] if image.photometric == "YBR_FULL" else pixels


def _check_layout(dicom: DicomFile, image: Image) -> None:
    header = dicom.header
    if image.samples == 3 and image.planar is None:
        raise header.malformed("PlanarConfiguration", "is missing, allowed are 0 and 1")
    if image.samples == 3 and image.allocated == 1:
        raise header.malformed("BitsAllocated", "is 1, but pixels have three samples")
    if image.photometric in ("YBR_ICT", "YBR_RCT"):
        raise header.malformed(
            "PhotometricInterpretation",
            f"is {image.photometric}, which exists in JPEG 2000 only, but the transfer syntax is "
            f"{dicom.syntax.title}",
        )
    if image.photometric == "YBR_FULL_422" and (image.columns % 2 or image.planar):
        what = f"{image.columns} columns" if image.columns % 2 else "Planar Configuration 1"
        raise header.malformed("PhotometricInterpretation", f"is YBR_FULL_422, but with {what}")
    if image.allocated == 32 and dicom.syntax.big_endian:
        # dcmtk and pydicom disagree on the order of such words
        raise header.error(
            "source-unsupported", "32 bits in big-endian words; save it in little-endian ones"
        )
    if image.allocated > 8 and dicom.syntax.big_endian and dicom.pixels.vr == "OB":
        raise header.malformed("BitsAllocated", f"is {image.allocated}, but Pixel Data is OB")


def _check_length(dicom: DicomFile, image: Image, frame_bits: int) -> int:
    header, length = dicom.header, dicom.pixels.length
    if length is None:
        raise header.error(
            "source-malformed",
            f"the transfer syntax is {dicom.syntax.title}, but Pixel Data is encapsulated",
        )
    needed = (frame_bits * image.frames + 7) // 8
    if dicom.size is not None and dicom.pixels.start + min(length, needed) > dicom.size:
        raise header.error(
            "source-truncated",
            f"{dicom.size - dicom.pixels.start} bytes of pixels, the header declares {needed}; "
            "copy it again",
        )
    # values have an even length (PS3.5 7.1): one byte may pad them
    if length not in (needed, needed + needed % 2):
        hint = _hint(image, length)
        raise header.error(
            "source-truncated" if length < needed else "source-malformed",
            f"Pixel Data has {length} bytes, but {image.frames} frame(s) of {image.columns} x "
            f"{image.rows}, {image.photometric}, {image.allocated} bits need {needed}{hint}",
        )
    return length


def _hint(image: Image, length: int) -> str:
    full = image.rows * image.columns * 3 * image.allocated // 8 * image.frames
    if image.photometric == "YBR_FULL_422" and length in (full, full + full % 2):
        return "; the length is that of 4:4:4"
    return ""

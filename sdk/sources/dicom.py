"""DICOM files, read with pydicom: one frame of a cine in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from sdk.errors import SdkError, SourceError
from sdk.frame import Region
from sdk.sources.base import FrameInfo, check_pixels, frame_of_array, missing_dependency
from sdk.sources.dicom_pixels import Converter, make_converter
from sdk.sources.dicom_region import ImageRegion, choose_region

if TYPE_CHECKING:
    from sdk.frame import Frame

_PREAMBLE_BYTES = 128
_PIXEL_DATA = (0x7FE0, 0x0010)
# a whole data set is inflated at once, without a bound on its size
_DEFLATED = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95"})
# JPEG Lossless: pydicom knows GDCM and a GPL library for it
_ONLY_GDCM = frozenset({"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"})
_MAX_FRAMES = 1_000_000
_US_PER_MS = 1000.0


def is_dicom(header: bytes) -> bool:
    """Whether the first bytes of a file are a DICOM preamble (PS3.10 clause 7.1)."""
    return header[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == b"DICM"


def read_dicom(
    file: BinaryIO, path: str, region: Region | None
) -> Iterator[tuple[Frame, FrameInfo]]:
    """Yield the frames of a DICOM file, one decoded at a time; closes the file.

    Args:
        file: at its start.
        path: for messages and `FrameInfo`.
        region: for every frame; None takes the region that shows tissue (`choose_region`).

    Raises:
        SourceError: `dependency-missing`, `source-no-pixels`, `source-too-large`,
            `source-truncated`, `source-malformed` or `source-unsupported`.
    """
    with file:
        dataset = _read_header(file, path)
        cine = _describe(dataset, path, region)
        for index, (values, interpretation) in enumerate(_decode(file, dataset, path)):
            frame = frame_of_array(
                cine.convert(values, interpretation),
                region=None if cine.chosen is None else cine.chosen.region,
                pixel_size_mm=None if cine.chosen is None else cine.chosen.pixel_size_mm,
            )
            timestamp_us = _timestamp_us(cine.frame_time_ms, index)
            yield frame, FrameInfo(path, index, cine.count, "dicom", timestamp_us, cine.origin)


@dataclass(frozen=True, slots=True)
class _Cine:
    """What the header says that holds for every frame."""

    count: int
    convert: Converter
    chosen: ImageRegion | None
    origin: str
    frame_time_ms: object


def _describe(dataset: Any, path: str, region: Region | None) -> _Cine:
    try:
        width, height, count = _geometry(dataset, path)
        convert = make_converter(dataset, path)
        chosen = ImageRegion(region, None) if region else choose_region(dataset, width, height)
        origin = "given" if region else "whole" if chosen is None else "file"
        return _Cine(count, convert, chosen, origin, dataset.get("FrameTime"))
    except SourceError:
        raise
    except Exception as error:
        # pydicom parses a value when it is first asked for
        raise SourceError(
            "source-malformed", f"{path!r}: a value of the DICOM header cannot be read: {error}"
        ) from error


def _read_header(file: BinaryIO, path: str) -> Any:
    """Read all but the pixels; the file then stands at the pixel data element, if there is one."""
    try:
        from pydicom import dcmread
        from pydicom.filereader import _read_file_meta_info, read_preamble
    except ModuleNotFoundError as error:
        raise missing_dependency("pydicom", "dicom") from error
    try:
        read_preamble(file, False)
        syntax = str(_read_file_meta_info(file).get("TransferSyntaxUID", ""))
        file.seek(0)
        if syntax in _DEFLATED:
            raise SourceError(
                "source-unsupported",
                f"{path!r}: a deflated transfer syntax ({syntax}); save it uncompressed",
            )
        return dcmread(file, stop_before_pixels=True)
    except SourceError:
        raise
    except EOFError as error:
        raise SourceError("source-truncated", f"{path!r}: ends in its header") from error
    except Exception as error:
        raise SourceError(
            "source-malformed", f"{path!r}: the DICOM header cannot be read: {error}"
        ) from error


def _geometry(dataset: Any, path: str) -> tuple[int, int, int]:
    width, height = dataset.get("Columns"), dataset.get("Rows")
    count = dataset.get("NumberOfFrames") or 1
    for name, value, most in (
        ("(0028,0011) Columns", width, 65_535),
        ("(0028,0010) Rows", height, 65_535),
        ("(0028,0008) Number of Frames", count, _MAX_FRAMES),
    ):
        if value is None:
            raise SourceError("source-no-pixels", f"{path!r}: {name} is missing: holds no image")
        if not isinstance(value, int) or not 1 <= value <= most:
            raise SourceError(
                "source-malformed", f"{path!r}: {name} is {value!r}, allowed are 1 to {most}"
            )
    check_pixels(path, width, height)
    return width, height, int(count)


def _decode(file: BinaryIO, dataset: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Yield the values of each frame and the photometric interpretation they are in."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import as_pixel_options

    syntax = dataset.file_meta.get("TransferSyntaxUID")
    try:
        decoder = get_decoder(syntax)
    except (NotImplementedError, AttributeError, TypeError, ValueError) as error:
        raise SourceError(
            "source-unsupported",
            f"{path!r}: transfer syntax {syntax!r} is not read here; convert the file",
        ) from error
    if not decoder.is_available:
        raise _no_decoder(syntax, path)
    _enter_pixel_data(file, syntax, path)
    try:
        if decoder.is_native:
            _check_native_length(file, dataset, path)
        options = as_pixel_options(dataset, pixel_keyword="PixelData")
        for values, properties in decoder.iter_array(file, raw=True, **options):
            yield values, str(properties["photometric_interpretation"])
    except SdkError:
        raise
    except Exception as error:
        raise _decoding_error(path, error) from error


def _no_decoder(syntax: Any, path: str) -> SourceError:
    if syntax in _ONLY_GDCM:
        return SourceError(
            "dependency-missing",
            f"{path!r}: {syntax.name} needs a decoder beyond the extras: pip install python-gdcm",
        )
    return missing_dependency(f"a decoder for {syntax.name}", "dicom")


def _enter_pixel_data(file: BinaryIO, syntax: Any, path: str) -> None:
    """Move from the header of the pixel data element (PS3.5 clause 7.1) to its value."""
    order: Literal["little", "big"] = "little" if syntax.is_little_endian else "big"
    header = file.read(8 if syntax.is_implicit_VR else 12)
    tag = tuple(int.from_bytes(header[at : at + 2], order) for at in (0, 2))
    if len(header) < 8 or tag != _PIXEL_DATA:
        raise SourceError("source-no-pixels", f"{path!r}: no (7FE0,0010) Pixel Data")


def _check_native_length(file: BinaryIO, dataset: Any, path: str) -> None:
    """Refuse uncompressed pixels that end early, before the first of them is read."""
    from pydicom.pixels.utils import get_expected_length

    start = file.tell()
    present = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    expected = get_expected_length(dataset, unit="bytes")
    if present < expected:
        raise SourceError(
            "source-truncated",
            f"{path!r}: {present} bytes of pixels, the header declares {expected}; copy it again",
        )


def _decoding_error(path: str, error: Exception) -> SourceError:
    text = " ".join(str(error).split()) or type(error).__name__
    if "not support" in text:
        slug, mend = "source-unsupported", "save it with another transfer syntax"
    elif isinstance(error, EOFError) or "less than" in text or "truncated" in text:
        slug, mend = "source-truncated", "copy it again"
    else:
        slug, mend = "source-malformed", "copy it again"
    return SourceError(slug, f"{path!r}: the pixels cannot be decoded: {text[:300]}; {mend}")


def _timestamp_us(frame_time_ms: object, index: int) -> int | None:
    if not isinstance(frame_time_ms, int | float) or not 0 < frame_time_ms < 1e9:
        return None
    return round(index * float(frame_time_ms) * _US_PER_MS)

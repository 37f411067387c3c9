"""DICOM files: one frame of a cine in memory at a time, its header read once.

pydicom walks the header. Each value is read strictly, held against the others and against what the
compressed frames say of themselves; where two of them contradict each other the file is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from ...frame import Region
from ..base import FrameInfo, check_pixels, frame_of_array
from .compressed import CompressedFrames
from .groups import Groups
from .header import read_header
from .image import image_of
from .native import NativeFrames
from .pixels import Converter
from .region import ImageRegion, choose_region
from .sniff import is_dicom
from .times import times_of

if TYPE_CHECKING:
    from ...frame import Frame

__all__ = ["is_dicom", "read_dicom"]


def read_dicom(
    file: BinaryIO, path: str, region: Region | None
) -> Iterator[tuple[Frame, FrameInfo]]:
    """Yield the frames of a DICOM file, one decoded at a time; closes the file.

    Args:
        file: at its start, seekable; it is never opened again by its name.
        path: for messages and `FrameInfo`.
        region: for every frame; None takes the region that shows tissue (`choose_region`).

    Raises:
        SourceError: `dependency-missing`, `source-no-pixels`, `source-too-large`,
            `source-truncated`, `source-malformed`, `source-unsupported` or `region-outside`.
    """
    with file:
        dicom = read_header(file, path)
        header, image = dicom.header, image_of(dicom.header)
        groups = Groups(header, image.frames)
        converter = Converter(header, image, groups)
        times = times_of(header, groups, image.frames)
        chosen = (
            ImageRegion(region, None)
            if region is not None
            else choose_region(header, image.columns, image.rows)
        )
        origin = "given" if region is not None else "whole" if chosen is None else "file"
        native = dicom.syntax.pixels == "native"
        frames = NativeFrames(dicom, image) if native else CompressedFrames(dicom, image)
        for index in range(image.frames):
            check_pixels(path, image.columns, image.rows)
            frame = frame_of_array(
                converter.convert(frames.cells(index), index),
                region=None if chosen is None else chosen.region,
                pixel_size_mm=None if chosen is None else chosen.pixel_size_mm,
            )
            time_us = None if times is None else times[index]
            yield frame, FrameInfo(path, index, image.frames, "dicom", time_us, origin)

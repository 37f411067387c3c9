"""Synthesised DICOM files for the tests: one valid ultrasound image, any tag of it changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid

LITTLE = ExplicitVRLittleEndian


def make_dataset(pixels: np.ndarray | bytes, syntax: str = LITTLE, **tags: Any) -> Dataset:
    """An ultrasound image of (height, width) or (height, width, 3) pixels, `tags` overriding."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID = UltrasoundImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.Modality = "US"
    dataset.PixelRepresentation = 0
    if isinstance(pixels, np.ndarray):
        colour = pixels.ndim == 3
        dataset.Rows, dataset.Columns = pixels.shape[:2]
        dataset.SamplesPerPixel = 3 if colour else 1
        dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
        if colour:
            dataset.PlanarConfiguration = 0
        dataset.BitsAllocated = dataset.BitsStored = pixels.itemsize * 8
        dataset.HighBit = dataset.BitsStored - 1
        big = not UID(syntax).is_little_endian
        pixels = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<")).tobytes()
    dataset.PixelData = pixels + b"\0" * (len(pixels) % 2)
    dataset["PixelData"].VR = "OW" if dataset.get("BitsAllocated") == 16 else "OB"
    for name, value in tags.items():
        setattr(dataset, name, value)
    return dataset


def write(dataset: Dataset, path: Path) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path


def region(box: tuple[int, int, int, int], spatial: int = 1, kind: int = 1, **tags: Any) -> Dataset:
    """One item of SequenceOfUltrasoundRegions; `box` is x0, y0, x1, y1, corners included."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = spatial, kind, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = box[:2]
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box[2:]
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = 0.02, 0.03
    for name, value in tags.items():
        setattr(item, name, value)
    return item


def regions(*items: Dataset) -> Sequence:
    return Sequence(items)

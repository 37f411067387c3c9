"""Read a data set as a file in memory, without the decoding process: for tests of the reader."""

from __future__ import annotations

import io
import re

import numpy as np
from pydicom.dataset import Dataset

from sdk.errors import SdkError
from sdk.frame import Region
from sdk.sources.dicom import read_dicom
from tests.sdk.dicom_matrix.codecs import saved


def raw_frames(data: bytes, region: Region | None = None) -> list[np.ndarray]:
    """The pixels of each frame: uint8 grey (rows, columns) or RGB (rows, columns, 3)."""
    return [np.asarray(frame._data) for frame, _ in read_dicom(io.BytesIO(data), "a.dcm", region)]


def pixels(dataset: Dataset) -> np.ndarray:
    (frame,) = raw_frames(saved(dataset))
    return frame


def times(dataset: Dataset) -> list[int | None]:
    file = io.BytesIO(saved(dataset))
    return [info.timestamp_us for _, info in read_dicom(file, "a.dcm", None)]


def refusal(dataset: Dataset | bytes, *words: str) -> str:
    """The slug; the message must hold each of `words`, and be short."""
    data = dataset if isinstance(dataset, bytes) else saved(dataset)
    try:
        raw_frames(data)
    except SdkError as error:
        slug, message = error.slug, str(error)
    else:
        return "read"
    for word in words:
        assert re.search(word, message), (word, message)
    assert len(message) < 600
    return slug

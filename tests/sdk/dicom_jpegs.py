"""JPEG codestreams for the tests, with and without what marks them, and files that hold them."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from tests.sdk.dicom_files import make_dataset

H, W = 40, 48
RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (H, W)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (H, W, 3)).astype(np.uint8)
SMOOTH = np.stack(
    [np.add.outer(np.arange(H) * 2, np.arange(W) * k).astype(np.uint8) for k in (1, 2, 3)], axis=-1
)
MALFORMED, UNSUPPORTED, TRUNCATED = "source-malformed", "source-unsupported", "source-truncated"


def jpeg(image: np.ndarray = SMOOTH, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


def wrapped(
    frames: list[bytes], syntax: str, image: np.ndarray = COLOUR, bot: bool = True, **tags: object
) -> Dataset:
    """An encapsulated file: one fragment a frame."""
    dataset = make_dataset(image)
    dataset.file_meta.TransferSyntaxUID = syntax
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.PixelData = encapsulate(frames, has_bot=bot)
    dataset["PixelData"].VR = "OB"
    return dataset


def luma_of(data: bytes) -> np.ndarray:
    """The luma that a JPEG holds, by libjpeg."""
    held = Image.open(io.BytesIO(data))
    held.draft("L", held.size)
    return np.asarray(held)


def without(data: bytes, marker: int) -> bytes:
    """A JPEG without its segments of one kind."""
    at = 2
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0] + 2
        if data[at + 1] == marker:
            return without(data[:at] + data[at + length :], marker)
        at += length
    return data


def renamed(data: bytes, names: tuple[int, int, int]) -> bytes:
    """A JPEG whose components have other names."""
    changed = bytearray(data)
    frame, scan = data.index(b"\xff\xc0") + 10, data.index(b"\xff\xda") + 5
    for k, name in enumerate(names):
        changed[frame + 3 * k] = changed[scan + 2 * k] = name
    return bytes(changed)

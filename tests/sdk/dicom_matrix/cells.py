"""The cells of the matrix: each is one valid way to store a picture, built as a file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended

from tests.sdk.dicom_files import make_dataset
from tests.sdk.dicom_matrix import codecs, reference
from tests.sdk.dicom_matrix.displays import DISPLAYS, PLACES, display, put
from tests.sdk.dicom_matrix.palettes import PALETTES, put_palette

ROOT = "1.2.840.10008.1.2"
# name -> (transfer syntax, VR of Pixel Data, byte order)
SYNTAXES = {
    "implicit": (ROOT, "OW", "<"),
    "explicit": (f"{ROOT}.1", "OB", "<"),
    "explicit-ow": (f"{ROOT}.1", "OW", "<"),
    "deflated": (f"{ROOT}.1.99", "OW", "<"),
    "big-ow": (f"{ROOT}.2", "OW", ">"),
    "big-ob": (f"{ROOT}.2", "OB", ">"),
    "rle": (f"{ROOT}.5", "OB", "<"),
    "deflated-frames": (f"{ROOT}.8.1", "OB", "<"),
    "jpeg-lossless": (f"{ROOT}.4.57", "OB", "<"),
    "jpeg-lossless-sv1": (f"{ROOT}.4.70", "OB", "<"),
    "jpeg-ls": (f"{ROOT}.4.80", "OB", "<"),
    "jpeg-2000": (f"{ROOT}.4.90", "OB", "<"),
}
NATIVE = ("implicit", "explicit", "explicit-ow", "deflated", "big-ow", "big-ob")
ONE_SAMPLE = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
# (allocated, stored, high bit)
BITS = (
    (1, 1, 0), (8, 8, 7), (8, 7, 6), (8, 6, 7), (8, 5, 5),
    (16, 16, 15), (16, 12, 11), (16, 12, 15), (16, 10, 12), (16, 9, 8), (16, 8, 7), (16, 8, 15),
    (32, 32, 31), (32, 20, 19), (32, 16, 31), (32, 24, 27),
)  # fmt: skip
SIZES = ((16, 8), (13, 7), (1, 3), (6, 1))
EVEN_SIZES = ((16, 8), (13, 6), (6, 1))
LARGE_SIZES = ((48, 40), (33, 37))
TABLES = ("none", "basic", "extended")


class Cell(NamedTuple):
    """One combination; what doesn't apply to it has its first value.

    Drawing a sample makes all 900,000, which as frozen dataclasses took three seconds.
    """

    photometric: str
    syntax: str
    bits: tuple[int, int, int]
    signed: bool
    planar: int
    size: tuple[int, int]
    frames: int
    junk: bool
    table: str
    display: str
    place: str
    palette: str

    def __str__(self) -> str:
        return "/".join(map(str, self))


@dataclass(frozen=True)
class Made:
    """A file, and what its frames must be: levels that aren't rounded, grey or RGB."""

    dataset: Dataset
    samples: np.ndarray
    expected: list[np.ndarray]


def cells() -> Iterator[Cell]:
    """All cells that the standard allows, in a fixed order."""
    photometrics = (*ONE_SAMPLE, "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT")
    for photometric, syntax, bits in itertools.product(photometrics, SYNTAXES, BITS):
        if _allowed(photometric, syntax, bits):
            yield from _variants(photometric, syntax, bits)


def _variants(photometric: str, syntax: str, bits: tuple[int, int, int]) -> Iterator[Cell]:
    grey, one = photometric.startswith("MONO"), photometric in ONE_SAMPLE
    wide = bits[1] > 16
    planars = (0,) if one or photometric in ("YBR_FULL_422", "YBR_RCT") else (0, 1)
    encapsulated = syntax not in NATIVE
    for signed, planar, size, frames, junk, table in itertools.product(
        (False, True) if grey and bits[1] > 1 else (False,),
        planars,
        [size for size in _sizes(syntax) if photometric != "YBR_FULL_422" or size[0] % 2 == 0],
        (1, 3),
        (False, True) if bits[1] < bits[0] and _takes_junk(syntax) else (False,),
        TABLES if encapsulated and not syntax.startswith("jpeg-lossless") else ("none",),
    ):
        displays = [d for d in DISPLAYS if not (wide and "lut" in d)] if grey else ["none"]
        for how, place, palette in itertools.product(
            displays,
            PLACES if grey else ("top",),
            PALETTES if photometric == "PALETTE COLOR" else ("none",),
        ):
            if how == "none" and place != "top":
                continue
            if palette == "entries-65536" and bits[1] != 16:
                continue
            yield Cell(
                photometric, syntax, bits, signed, planar, size, frames, junk, table, how, place,
                palette,
            )  # fmt: skip


def _sizes(syntax: str) -> tuple[tuple[int, int], ...]:
    # the encoders at hand refuse tiny pictures, and GDCM an odd number of bytes
    if syntax in ("jpeg-ls", "jpeg-2000"):
        return LARGE_SIZES
    return EVEN_SIZES if syntax.startswith("jpeg-lossless") else SIZES


def _takes_junk(syntax: str) -> bool:
    # JPEG codecs were given whole cells or samples: both are made below
    return not syntax.startswith("jpeg-lossless")


def _allowed(photometric: str, syntax: str, bits: tuple[int, int, int]) -> bool:
    allocated, stored, high = bits
    if photometric == "YBR_RCT":
        return syntax == "jpeg-2000" and bits == (8, 8, 7)
    if photometric == "PALETTE COLOR" and (stored > 16 or stored < 5):
        return False
    if photometric not in ONE_SAMPLE and (allocated == 1 or (allocated == 32 and stored < 32)):
        return False
    if photometric == "YBR_FULL_422":
        return syntax in NATIVE and bits == (8, 8, 7) and syntax != "big-ob"
    if syntax == "big-ob":
        return allocated == 8
    if syntax == "big-ow":
        return allocated != 32  # refused: readers don't agree on the order of the words
    if syntax == "explicit":
        return allocated <= 8
    if syntax == "rle":
        return allocated > 1
    return not syntax.startswith("jpeg") or _jpeg_takes(syntax, allocated, stored, high)


def _jpeg_takes(syntax: str, allocated: int, stored: int, high: int) -> bool:
    # GDCM's encoder takes samples, not cells
    whole = high == stored - 1 and stored in (8, 12, 16)
    return allocated in (8, 16) and (whole or not syntax.startswith("jpeg-lossless"))


def build(cell: Cell, seed: int) -> Made:
    """Build the file of a cell; `seed` chooses its pixels."""
    rng = np.random.default_rng(seed)
    allocated, stored, high = cell.bits
    (columns, rows), one = cell.size, cell.photometric in ONE_SAMPLE
    low = -(2 ** (stored - 1)) if cell.signed else 0
    shape = (cell.frames, rows, columns) if one else (cell.frames, rows, columns, 3)
    samples = rng.integers(low, low + 2**stored, shape)
    samples.ravel()[:2] = low, low + 2**stored - 1
    if cell.photometric.startswith("YBR_FULL"):  # no colour that RGB would have to clip
        samples = (samples * [0.6, 0.1, 0.1] + 2**stored * np.array([0.2, 0.45, 0.45])).astype(int)
    mask = 2**stored - 1
    shift = high + 1 - stored
    packed = (samples & mask) << shift
    if cell.junk:
        packed |= rng.integers(0, 2**allocated, shape) & ~(mask << shift)
    uid, vr, order = SYNTAXES[cell.syntax]
    dataset = make_dataset(
        b"", uid, Rows=rows, Columns=columns, SamplesPerPixel=1 if one else 3,
        PhotometricInterpretation=cell.photometric, BitsAllocated=allocated, BitsStored=stored,
        HighBit=high, PixelRepresentation=int(cell.signed),
    )  # fmt: skip
    if not one:
        dataset.PlanarConfiguration = cell.planar
    if cell.frames > 1:
        dataset.NumberOfFrames = cell.frames
    expected = _shown(cell, dataset, samples, order, rng)
    _put_pixels(cell, dataset, packed, samples, vr, order)
    if cell.syntax.startswith("jpeg-lossless"):
        codecs.jpeg_lossless(dataset, uid)
    return Made(dataset, samples, expected)


def _shown(
    cell: Cell, dataset: Dataset, samples: np.ndarray, order: str, rng: np.random.Generator
) -> list[np.ndarray]:
    stored = cell.bits[1]
    if cell.photometric == "PALETTE COLOR":
        first, entries, bits = put_palette(dataset, cell.palette, stored, order, rng)
        return [reference.palette(frame, first, entries, bits) for frame in samples]
    if cell.photometric in ("RGB", "YBR_RCT"):
        return [reference.scaled(frame, stored) for frame in samples]
    if cell.photometric.startswith("YBR"):
        return [reference.scaled(frame[..., 0], stored) for frame in samples]
    varied = cell.place == "per-frame-varied"
    hows: list[dict[str, Any]] = [
        display(cell.display, stored, cell.signed, np.random.default_rng(7), frame * varied)
        for frame in range(cell.frames)
    ]
    put(dataset, cell.place, hows, cell.signed, order)
    inverted = cell.photometric == "MONOCHROME1"
    return [
        reference.grey(frame, stored, cell.signed, inverted, how)
        for frame, how in zip(samples, hows, strict=True)
    ]


def _put_pixels(
    cell: Cell, dataset: Dataset, packed: np.ndarray, samples: np.ndarray, vr: str, order: str
) -> None:
    if cell.syntax in NATIVE or cell.syntax.startswith("jpeg-lossless"):
        data = b"".join(_native(cell, frame, order) for frame in packed)
        if cell.bits[0] == 1:
            data = np.packbits(packed.ravel().astype(np.uint8), bitorder="little").tobytes()
        data += b"\0" * (len(data) % 2)
        if vr == "OW" and order == ">" and cell.bits[0] <= 8:
            data = np.frombuffer(data, "<u2").astype(">u2").tobytes()
        dataset.PixelData = data
        dataset["PixelData"].VR = "OW" if cell.syntax.startswith("jpeg-lossless") else vr
        return
    frames = [_encoded(cell, *pair) for pair in zip(packed, samples, strict=True)]
    if cell.table == "extended":
        # lengths are those before padding, and every frame here is even
        data, offsets, lengths = encapsulate_extended(frames)
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    else:
        data = encapsulate(frames, has_bot=cell.table == "basic")
    dataset.PixelData = data
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True


def _native(cell: Cell, frame: np.ndarray, order: str) -> bytes:
    if cell.photometric == "YBR_FULL_422":
        # two luma samples, then the chroma pair of the first of them (C.7.6.3.1.2)
        two = np.stack(
            [frame[:, ::2, 0], frame[:, 1::2, 0], frame[:, ::2, 1], frame[:, ::2, 2]], axis=-1
        )
        return two.astype(np.uint8).tobytes()
    if cell.planar:
        frame = frame.transpose(2, 0, 1)
    return frame.astype(f"{order}u{max(1, cell.bits[0] // 8)}").tobytes()


def _encoded(cell: Cell, packed: np.ndarray, samples: np.ndarray) -> bytes:
    allocated, stored, high = cell.bits
    whole = cell.junk or high != stored - 1
    bits = allocated if whole else stored
    if cell.syntax == "rle":
        data = codecs.rle(packed, allocated // 8)
    elif cell.syntax == "deflated-frames":
        raw = _native(cell, packed, "<")
        if allocated == 1:
            raw = np.packbits(packed.ravel().astype(np.uint8), bitorder="little").tobytes()
        data = codecs.deflate(raw)
    elif cell.syntax == "jpeg-ls":
        data = codecs.jpeg_ls(packed, bits, 0 if packed.ndim == 2 else 2 - cell.planar)
    else:
        signed = cell.signed and not whole
        transform = cell.photometric == "YBR_RCT"
        data = codecs.jpeg2000(samples if signed else packed, bits, signed, transform)
    return data + b"\0" * (len(data) % 2)

"""Palettes of the matrix: descriptor, packing and segmentation."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

PALETTES = (
    "words-16", "bytes-8", "words-8", "part", "odd-bytes", "entries-65536", "segmented",
)  # fmt: skip
_COLOURS = ("Red", "Green", "Blue")


def put_palette(
    dataset: Dataset, name: str, stored: int, order: str, rng: np.random.Generator
) -> tuple[int, list[tuple[int, ...]], int]:
    """Write a palette; return first value, entries (red, green, blue) and their bits."""
    first = 3 if name in ("part", "odd-bytes") else 0
    count = {"part": 20, "odd-bytes": 21, "entries-65536": 65536}.get(name, min(256, 2**stored))
    bits = 8 if name in ("bytes-8", "words-8", "odd-bytes") else 16
    if name == "segmented":
        channels = [_segmented(dataset, colour, count, order, rng) for colour in _COLOURS]
    else:
        channels = [rng.integers(0, 2**bits, count).tolist() for _ in _COLOURS]
        for colour, channel in zip(_COLOURS, channels, strict=True):
            packed = _packed(channel, bits == 8 and "bytes" in name, order)
            setattr(dataset, f"{colour}PaletteColorLookupTableData", packed)
    for colour in _COLOURS:
        keyword = f"{colour}PaletteColorLookupTableDescriptor"
        setattr(dataset, keyword, [count % 65536, first, bits])
        dataset[keyword].VR = "US"
    return first, list(zip(*channels, strict=True)), bits


def _packed(channel: list[int], as_bytes: bool, order: str) -> bytes:
    if not as_bytes:
        return np.array(channel, f"{order}u2").tobytes()
    data = bytes(channel) + b"\0" * (len(channel) % 2)
    return np.frombuffer(data, "<u2").astype(f"{order}u2").tobytes()


def _segmented(
    dataset: Dataset, colour: str, count: int, order: str, rng: np.random.Generator
) -> list[int]:
    """C.7.9.2: some values as they are, then a line, whose steps are whole here."""
    plain = rng.integers(0, 1000, 5).tolist()
    rest = count - len(plain)
    step = int(rng.integers(100, 60_000 // rest))
    end = plain[-1] + rest * step
    segments = [0, len(plain), *plain, 1, rest, end]
    setattr(
        dataset,
        f"Segmented{colour}PaletteColorLookupTableData",
        np.array(segments, f"{order}u2").tobytes(),
    )
    return plain + [plain[-1] + step * k for k in range(1, rest + 1)]

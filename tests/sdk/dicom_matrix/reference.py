"""The grey and colour pipeline of PS3.3 C.7.6.3 and C.11, slowly, value by value.

Written from the text of the standard, not from the reader: it begins with the sample values that a
test wrote, and never sees a file.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def window(value: float, center: float, width: float, function: str) -> float:
    """C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2, with ymin 0 and ymax 255."""
    if function == "SIGMOID":
        exponent = -4 * (value - center) / width
        return 0.0 if exponent > 500 else 255 / (1 + math.exp(exponent))
    if function == "LINEAR_EXACT":
        if value <= center - width / 2:
            return 0.0
        if value > center + width / 2:
            return 255.0
        return ((value - center) / width + 0.5) * 255
    if value <= center - 0.5 - (width - 1) / 2:
        return 0.0
    if value > center - 0.5 + (width - 1) / 2:
        return 255.0
    return ((value - (center - 0.5)) / (width - 1) + 0.5) * 255


def look_up(value: float, first: int, entries: list[int]) -> int:
    """C.11.1.1.1: values below the first one mapped get the first entry, those above the last."""
    return entries[min(max(int(value) - first, 0), len(entries) - 1)]


def grey_level(sample: int, lowest: int, highest: int, how: dict[str, Any]) -> float:
    """One sample, in [0, 255]. `how` has the keys that `displays.py` gives it."""
    value, low, high = float(sample), float(lowest), float(highest)
    if "modality_lut" in how:
        first, entries, bits = how["modality_lut"]
        value, low, high = float(look_up(value, first, entries)), 0.0, float(2**bits - 1)
    elif "slope" in how:
        slope, intercept = how["slope"], how["intercept"]
        value, ends = value * slope + intercept, (low * slope + intercept, high * slope + intercept)
        low, high = min(ends), max(ends)
    if "window" in how:
        return window(value, *how["window"], how.get("function", "LINEAR"))
    if "voi_lut" in how:
        first, entries, bits = how["voi_lut"]
        return look_up(value, first, entries) / (2**bits - 1) * 255
    return (value - low) / (high - low) * 255


def grey(samples: np.ndarray, stored: int, signed: bool, inverted: bool, how: dict) -> np.ndarray:
    """Grey levels of (rows, columns) samples, not rounded."""
    lowest = -(2 ** (stored - 1)) if signed else 0
    highest = lowest + 2**stored - 1
    known = {
        value: grey_level(value, lowest, highest, how) for value in set(samples.ravel().tolist())
    }
    levels = np.array([[known[value] for value in row] for row in samples.tolist()])
    return 255 - levels if inverted else levels


def scaled(samples: np.ndarray, stored: int) -> np.ndarray:
    """Colour or luma samples over their whole range."""
    return samples * 255 / (2**stored - 1)


def palette(
    samples: np.ndarray, first: int, entries: list[tuple[int, int, int]], bits: int
) -> np.ndarray:
    """C.7.6.3.1.5: RGB of (rows, columns) indices."""
    return np.array(
        [
            [[c >> (bits - 8) for c in look_up(v, first, entries)] for v in row]  # type: ignore[arg-type]
            for row in samples.tolist()
        ]
    )

"""Percentiles of every value that was measured, by nearest rank.

No value is ever clipped, trimmed, winsorised or called an outlier: on a cart the slow frame is the
one that matters. Nearest rank means that each quoted figure is a latency that really happened.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PERCENTILES = (50.0, 90.0, 99.0)
_CONFIDENCE = 0.99


@dataclass(frozen=True)
class Summary:
    """What a set of latencies comes to; all in the unit of the values."""

    count: int
    p50: float
    p90: float
    p99: float
    max: float
    mean: float


def checked(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return ``values`` as a float64 array `(n,)`, or say what is wrong with them.

    Raises:
        ValueError: empty, not one-dimensional, not finite, or negative.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"values: shape {array.shape}; expected (n,) with n >= 1")
    bad = ~np.isfinite(array)
    if bad.any():
        where = int(np.argmax(bad))
        raise ValueError(f"values[{where}] is {array[where]}; every value must be finite")
    if array.min() < 0:
        raise ValueError(f"values: minimum {array.min()}; a duration cannot be negative")
    return array


def nearest_rank(values: Sequence[float] | np.ndarray, percentile: float) -> float:
    """Return the smallest value that at least ``percentile`` % of the values do not exceed.

    Raises:
        ValueError: percentile outside (0, 100], or values that `checked` refuses.
    """
    if not 0 < percentile <= 100:
        raise ValueError(f"percentile {percentile}: must be in (0, 100]")
    array = np.sort(checked(values))
    # A hair is taken off so that 0.99 * 100, held in binary, does not become rank 100.
    rank = math.ceil(percentile / 100 * array.size - 1e-9)
    return float(array[max(rank, 1) - 1])


def summarise(values: Sequence[float] | np.ndarray) -> Summary:
    """Return count, p50, p90, p99, max and mean of all ``values``."""
    array = checked(values)
    p50, p90, p99 = (nearest_rank(array, p) for p in PERCENTILES)
    return Summary(array.size, p50, p90, p99, float(array.max()), float(array.mean()))


def samples_needed(percentile: float, confidence: float = _CONFIDENCE) -> int:
    """Return how many samples it takes until one lies above the percentile with ``confidence``.

    The distribution-free bound of Wilks (1941): `1 - p**n >= confidence`. 459 for p99 at 99 %;
    MLPerf LoadGen's early stopping starts in the same region (662, with a tolerance).
    """
    if not 0 < percentile < 100:
        raise ValueError(f"percentile {percentile}: must be in (0, 100)")
    return math.ceil(math.log(1 - confidence) / math.log(percentile / 100))

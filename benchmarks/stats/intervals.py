"""Intervals from the spread *between fresh processes*, the unit that really repeats.

Queries of one process share its memory layout, its cache luck and its minute of the machine's day,
so intervals drawn from single queries are far too narrow. Here a figure is computed once in every
process, and the interval is Student's on the logarithms of those figures: latencies scatter by
factors, and logarithms make a ratio of two runs a difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.stats.student_t import two_sided_t

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A value between its bounds at ``confidence``; bounds are None when they cannot be known."""

    value: float
    low: float | None
    high: float | None
    confidence: float = CONFIDENCE

    @property
    def excludes_one(self) -> bool:
        """Whether a ratio's interval shows a change; one without bounds shows none."""
        if self.low is None or self.high is None:
            return False
        return not self.low <= 1 <= self.high


def _finite(values: Sequence[float], name: str) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name}: {list(values)}; expected one or more finite numbers")
    return array


def between_processes(
    value: float, processes: Sequence[float], floor: float = 0.0, confidence: float = CONFIDENCE
) -> Interval:
    """Return ``value`` with the interval that the processes' own figures support.

    Args:
        value: the figure of all samples pooled.
        processes: the same figure of each fresh process; positive figures are treated on a log
            scale, others (growth, counts) on a linear one.
        floor: smallest half-width that can be believed, as the clock's resolution.
        confidence: coverage.

    Raises:
        ValueError: a number that is not finite.
    """
    array = _finite(processes, "processes")
    _finite([value], "value")
    if array.size < 2:
        return Interval(value, None, None, confidence)
    t = two_sided_t(confidence, array.size - 1)
    if value > 0 and array.min() > 0:
        spread = t * float(np.std(np.log(array), ddof=1)) / math.sqrt(array.size)
        low, high = value * math.exp(-spread), value * math.exp(spread)
    else:
        spread = t * float(np.std(array, ddof=1)) / math.sqrt(array.size)
        low, high = value - spread, value + spread
    return Interval(value, min(low, value - floor), max(high, value + floor), confidence)


def ratio(
    after: Sequence[float], before: Sequence[float], confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the ratio after / before of two figures with Welch's interval on the log scale.

    Welch's lets the two runs scatter differently.

    Args:
        after: one positive figure per process.
        before: the same of the run compared with.
        confidence: coverage.

    Returns:
        The ratio of geometric means; None when a figure is zero or negative, where no ratio exists.
    """
    a, b = _finite(after, "after"), _finite(before, "before")
    if a.min() <= 0 or b.min() <= 0:
        return None
    log_a, log_b = np.log(a), np.log(b)
    difference = float(log_a.mean() - log_b.mean())
    if a.size < 2 or b.size < 2:
        return Interval(math.exp(difference), None, None, confidence)
    va, vb = log_a.var(ddof=1) / a.size, log_b.var(ddof=1) / b.size
    total = float(va + vb)
    spread = 0.0
    # figures that are all equal would make the degrees of freedom 0 / 0
    if total > 0.0:
        freedom = total**2 / float(va**2 / (a.size - 1) + vb**2 / (b.size - 1))
        spread = two_sided_t(confidence, freedom) * math.sqrt(total)
    # a spread of two processes can be beyond what a float holds: then nothing is excluded
    with np.errstate(over="ignore"):
        value, low, high = (float(np.exp(difference + d)) for d in (0.0, -spread, spread))
    return Interval(value, low, high, confidence)


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean of positive numbers, of which `ratio` is the quotient."""
    return float(np.exp(np.mean(np.log(values))))

"""Where warm-up ends: a prefix set apart, kept, and never taken from the tail.

Only a *prefix* can be warm-up. A slow query in the middle is a slow query and stays in the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.stats.percentiles import checked

_TOLERANCE = 0.05
_MIN_WINDOW = 8


@dataclass(frozen=True)
class Steady:
    """``warmup`` first values are warm-up; ``reached`` is False when no steady state was found."""

    warmup: int
    reached: bool


def find_steady(values: Sequence[float] | np.ndarray) -> Steady:
    """Return the length of the warm-up prefix, at most half of the values.

    The medians of consecutive windows are compared with the median of the last half. Steady state
    starts at the first of two neighbouring windows that both lie within 5 % of it (or within three
    sigma of the scatter between neighbouring windows, when that is larger; a drift is no scatter).
    """
    array = checked(values)
    window = max(_MIN_WINDOW, array.size // 50)
    windows = array.size // window
    if windows < 4:
        return Steady(0, False)
    medians = np.median(array[: windows * window].reshape(windows, window), axis=1)
    late = medians[windows // 2 :]
    centre = float(np.median(late))
    # 1.4826 median deviations are one sigma of normal noise; a difference of two has sqrt(2)
    scatter = 3 * 1.4826 * float(np.median(np.abs(np.diff(late)))) / np.sqrt(2)
    near = np.abs(medians - centre) <= max(_TOLERANCE * centre, scatter)
    for index in range(windows // 2):
        if near[index] and near[index + 1]:
            return Steady(index * window, True)
    return Steady(windows // 2 * window, False)

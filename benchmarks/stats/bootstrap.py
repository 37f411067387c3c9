"""Bootstrap over groups: patients are drawn, never single frames.

Frames of one patient look alike, so drawing frames would claim more evidence than there is
(Field and Welsh, J. R. Stat. Soc. B 69:369, 2007: the cluster bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.stats.intervals import CONFIDENCE, Interval

Statistic = Callable[[np.ndarray], float]


def group_bootstrap(
    groups: Sequence[str],
    statistic: Statistic,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return a statistic of the frames with its percentile interval over redrawn groups.

    Args:
        groups: the group (patient) of each frame.
        statistic: maps frame indices `(n,)` int64 to one number; NaN marks a draw on which it does
            not exist (a class that was not drawn) and is left out of the interval.
        draws: number of bootstrap draws.
        seed: of the draws; the same seed gives the same interval.
        confidence: coverage.

    Raises:
        ValueError: no frames.
    """
    if len(groups) == 0:
        raise ValueError("groups: empty; at least one frame is needed")
    names, inverse = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(inverse == index) for index in range(len(names))]
    value = float(statistic(np.arange(len(groups))))
    if len(names) < 2 or not np.isfinite(value):
        return Interval(value, None, None, confidence)
    random = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        chosen = random.integers(0, len(names), size=len(names))
        found.append(statistic(np.concatenate([members[index] for index in chosen])))
    finite = np.asarray(found)[np.isfinite(found)]
    if finite.size == 0:
        return Interval(value, None, None, confidence)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(finite, [tail, 100 - tail])
    return Interval(value, float(low), float(high), confidence)

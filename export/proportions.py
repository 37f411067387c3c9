"""Intervals of a share of frames (accuracy, recall, coverage) that came from few patients.

A bootstrap over patients has no width where every frame is right, and too little beside it. Here
the patients set an effective number of frames, and the exact binomial interval is taken at it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

CONFIDENCE = 0.95
#: Patients that are assumed, beside those with an error, to have frames that are all alike.
_PRIOR_PATIENTS = 2.0


def clustered_interval(
    right: np.ndarray, groups: Sequence[str], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the interval of the share of true values, given the patient of each.

    Clopper and Pearson's interval at an effective number of frames, `n / design effect` (Korn and
    Graubard, Survey Methodology 24:193, 1998). The design effect is the variance between patients
    over the binomial one. Few errors tell little about it, and none tells nothing, so it is
    averaged with its worst case, all frames of a patient alike (Kish 1965: the sum of the squared
    numbers of frames over the sum), weighted by the number of patients with an error and by
    `_PRIOR_PATIENTS`. The 100 % of one patient is 2.5 to 100 %, whatever its number of frames.

    Args:
        right: bool (n,).
        groups: the patient of each frame, (n,).
        confidence: coverage, in (0, 1).

    Returns:
        Low and high in [0, 1]; low < high always, and the share lies between them.

    Raises:
        ValueError: no frames, or not one group a frame.
    """
    right = np.asarray(right, dtype=bool)
    if right.ndim != 1 or right.size == 0 or right.size != len(groups):
        raise ValueError(f"right: shape {right.shape} for {len(groups)} groups; needs (n,), n >= 1")
    _, owner = np.unique(np.asarray(groups), return_inverse=True)
    sizes = np.bincount(owner).astype(np.float64)
    hits = np.bincount(owner, weights=right)
    frames = float(right.size)
    share = float(hits.sum()) / frames
    effective = frames / _design_effect(hits, sizes, share)
    return clopper_pearson(share * effective, effective, confidence)


def _design_effect(hits: np.ndarray, sizes: np.ndarray, share: float) -> float:
    """Return how many frames count as one, at least 1, from the patients' hits and frames."""
    frames, patients = float(sizes.sum()), len(sizes)
    worst = float((sizes**2).sum()) / frames
    if patients < 2 or share in (0.0, 1.0):
        return worst
    spread = float(((hits - sizes * share) ** 2).sum()) * patients / (patients - 1)
    found = max(1.0, spread / frames / (share * (1 - share)))
    rarer = sizes - hits if share >= 0.5 else hits
    telling = float((rarer > 0).sum())
    return (telling * found + _PRIOR_PATIENTS * worst) / (telling + _PRIOR_PATIENTS)


def clopper_pearson(
    hits: float, trials: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the exact binomial interval; neither number needs to be whole.

    Source: Clopper and Pearson, Biometrika 26:404, 1934, by quantiles of the beta distribution.

    Raises:
        ValueError: not 0 <= hits <= trials, trials not positive, or confidence outside (0, 1).
    """
    if not (0 <= hits <= trials and trials > 0 and 0 < confidence < 1):
        raise ValueError(f"hits {hits} of {trials} at {confidence}: needs 0 <= hits <= trials")
    tail = (1 - confidence) / 2
    misses = trials - hits
    low = beta_quantile(tail, hits, misses + 1) if hits > 0 else 0.0
    high = beta_quantile(1 - tail, hits + 1, misses) if misses > 0 else 1.0
    return low, high


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return x in [0, 1] with `beta_regularised(a, b, x) == probability`, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):  # the interval is then below the spacing of doubles around 1
        middle = (low + high) / 2
        if beta_regularised(a, b, middle) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_regularised(a: float, b: float, x: float) -> float:
    """Return the distribution function of the beta distribution, a > 0 and b > 0."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(log_front + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function (Lentz), Numerical Recipes 6.4."""
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    result = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + term / c
            c = c if abs(c) > tiny else tiny
            result *= c * d
        if abs(c * d - 1.0) < 1e-14:
            break
    return result

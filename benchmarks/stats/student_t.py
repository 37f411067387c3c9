"""Quantiles of Student's t distribution, so that the suite needs no SciPy."""

from __future__ import annotations

from functools import lru_cache

from export.proportions import beta_regularised


def two_sided_p(t: float, freedom: float) -> float:
    """Return the probability that |T| exceeds ``t`` (t >= 0) with ``freedom`` > 0 degrees."""
    return beta_regularised(freedom / 2.0, 0.5, freedom / (freedom + t * t))


@lru_cache(maxsize=1024)
def two_sided_t(confidence: float, freedom: float) -> float:
    """Return t with `P(|T| <= t) = confidence`.

    Raises:
        ValueError: confidence outside (0, 1) or freedom not positive.
    """
    if not 0 < confidence < 1 or not freedom > 0:
        raise ValueError(f"confidence {confidence}, freedom {freedom}: need (0, 1) and > 0")
    low, high = 0.0, 1.0
    while two_sided_p(high, freedom) > 1 - confidence:
        high *= 2
    # as often as a float can be halved, so that the bounds end side by side
    for _ in range(100):
        middle = (low + high) / 2
        if two_sided_p(middle, freedom) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high

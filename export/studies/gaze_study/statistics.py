"""Paired differences with intervals over patients and rounds, and what a sample can show.

A round has its own views, teachers, students and simulated gaze: to draw rounds is to draw all of
these chances at once. Patients are drawn beside, the same for both arms of a pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np

Reduce = Literal["mean", "mean_of_labels", "worst_label"]


@dataclass(frozen=True)
class Values:
    """What is averaged: one number a round and frame, NaN nowhere.

    Attributes:
        values: (rounds, frames).
        labels: (frames,), the label of each frame.
        groups: the patient of each frame.
        reduce: `mean` over all frames, `mean_of_labels` of the labels' means, `worst_label` the
            least of them.
    """

    values: np.ndarray
    labels: np.ndarray
    groups: Sequence[str]
    reduce: Reduce


@dataclass(frozen=True)
class Draws:
    """A statistic, and its bootstrap draws."""

    estimate: float
    drawn: np.ndarray

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by percentiles."""
        low, high = np.percentile(self.drawn, [2.5, 97.5])
        return float(low), float(high)

    @property
    def error(self) -> float:
        """Standard error."""
        return float(self.drawn.std(ddof=1))

    @property
    def p_value(self) -> float:
        """Two-sided, for a statistic of 0; never below what so many draws can tell."""
        least = 1 / (len(self.drawn) + 1)
        tail = min((self.drawn <= 0).mean(), (self.drawn >= 0).mean())
        return float(min(1.0, 2 * max(tail, least)))

    def __sub__(self, other: "Draws") -> "Draws":
        return Draws(self.estimate - other.estimate, self.drawn - other.drawn)


def bootstrap(given: Values, draws: int, seed: int = 0) -> Draws:
    """Draw whole patients and whole rounds with repetition, each apart.

    The pigeonhole bootstrap, rounds spread by sqrt(n / (n - 1)), as in
    `export.evaluation.crossed_bootstrap`, for statistics other than a mean. The same seed draws the
    same patients and rounds: results of the same frames can be subtracted. A single round is not
    drawn, and intervals then hold the patients' chance alone.
    """
    names, owner = np.unique(np.asarray(given.groups), return_inverse=True)
    classes, label = np.unique(given.labels, return_inverse=True)
    cells = (len(given.values), len(classes), len(names))
    sums = np.zeros(cells)
    for number, row in enumerate(given.values):
        np.add.at(sums[number], (label, owner), row)
    frames = np.zeros(cells[1:])
    np.add.at(frames, (label, owner), 1)
    rng = np.random.default_rng(seed)
    rounds, count = len(given.values), len(names)
    patients = rng.multinomial(count, np.full(count, 1 / count), draws)
    chosen = rng.multinomial(rounds, np.full(rounds, 1 / rounds), draws) / rounds
    if rounds > 1:
        sums = sums + _spread(sums, frames) * frames
    weights = np.einsum("dp,lp->dl", patients, frames)
    totals = np.einsum("dr,rlp,dp->dl", chosen, sums, patients, optimize=True)
    even = np.einsum("rlp->l", sums) / rounds / frames.sum(1)
    means = totals / np.maximum(weights, 1e-9)
    if given.reduce == "mean":
        whole = frames.sum(1)
        return Draws(float(even @ whole / whole.sum()), totals.sum(1) / weights.sum(1))
    if given.reduce == "mean_of_labels":
        return Draws(float(even.mean()), means.mean(1))
    return Draws(float(even.min()), means.min(1))


def _spread(sums: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Return (rounds, labels, 1) what to add to each round for its true variance."""
    means = sums.sum(2) / frames.sum(1)
    widened = sqrt(len(sums) / (len(sums) - 1))
    return np.asarray(((means - means.mean(0)) * (widened - 1))[:, :, None])


def holm(p_values: Sequence[float], planned: int) -> list[float]:
    """Return p-values corrected for `planned` tests (Holm, Scand. J. Stat. 6:65, 1979).

    `planned` may be more than there are: what was planned and not run counts.
    """
    order = np.argsort(p_values)
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (planned - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


def detectable(error: float, alpha: float, power: float) -> float:
    """Return the effect that a two-sided test at `alpha` finds with this probability.

    Of a normal estimate with this standard error: (z[1 - alpha / 2] + z[power]) times it.
    """
    z = NormalDist().inv_cdf
    return (z(1 - alpha / 2) + z(power)) * error

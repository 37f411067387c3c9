"""Thresholds by label, against errors and against what nobody foresaw.

Frames of the labels alone can't say how sure a student is of anything else. So the folds leave
kinds of outlier out of training, and thresholds rise, each label's where that costs least, until
few of their frames are accepted and few of the accepted answers are wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from export.evaluation import softmax
from export.recipe.settings import ThresholdConfig
from export.release.crossfit import Unseen
from export.release.thresholds import GRID, Accepting

_DRAWS = 50
Limits = np.ndarray  # (labels,)
Near = Sequence[float] | None
"""Limits of each measure of novelty, above which a label is withheld anyway."""


@dataclass(frozen=True, eq=False)
class _Answers:
    """What was answered: label and confidence, whether right, and whether near enough to count."""

    said: np.ndarray
    confidence: np.ndarray
    right: np.ndarray
    near: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(cls, unseen: Unseen, temperature: float, near: Near) -> "_Answers":
        probabilities = softmax(unseen.answers.logits, temperature)
        said = probabilities.argmax(1)
        known: np.ndarray = np.ones(len(said), bool)
        if unseen.measured is not None and near is not None:
            known = np.all(unseen.measured <= np.asarray(near), axis=1)
        groups = np.asarray(unseen.answers.groups)
        return cls(said, probabilities.max(1), said == unseen.answers.truth, known, groups)

    def given(self, limits: Limits) -> np.ndarray:
        return np.asarray(self.near & (self.confidence >= limits[self.said]))

    def kept(self, limits: Limits) -> float:
        return float(self.given(limits)[self.right].mean()) if self.right.any() else 0.0

    def drawn(self, rng: np.random.Generator) -> "_Answers":
        """Return the answers to as many groups, drawn with repetition."""
        names, owner = np.unique(self.groups, return_inverse=True)
        members = [np.flatnonzero(owner == i) for i in range(len(names))]
        chosen = np.concatenate([members[i] for i in rng.integers(0, len(names), len(names))])
        fields = (self.said, self.confidence, self.right, self.near, self.groups)
        return _Answers(*(values[chosen] for values in fields))


def by_strangers(
    chosen: Accepting,
    unseen: Unseen,
    near: Near,
    labels: Sequence[str],
    config: ThresholdConfig,
) -> Accepting:
    """Choose each label's threshold anew where folds met strangers, and say what it achieves.

    Thresholds start at the grid's lowest. The one that rises next, and how far, buys most for the
    right answers that it loses: errors beyond 1 - `config.accuracy` and strangers beyond
    `config.strangers_accepted`. None rises that would keep fewer right answers than `config.kept`,
    whatever is let in then.

    Args:
        chosen: temperature, and thresholds by answers to frames of the labels alone.
        unseen: those answers, and the strangers'.
        near: limits of the novelty; None without one.
        labels: of the logits.
        config: of the recipe.
    """
    if not unseen.strangers:
        return chosen
    own = _Answers.of(unseen, chosen.temperature, near)
    strangers = {k: _Answers.of(u, chosen.temperature, near) for k, u in unseen.strangers.items()}
    met = list(strangers.values())
    limits = _lowest(own, met, len(labels), config)
    interval = _interval_95(own, met, len(labels), config)
    return replace(
        chosen,
        abstain_below={label: float(limits[i]) for i, label in enumerate(labels)},
        story=_story(own, limits, interval, labels),
        strangers={kind: _told(answers, limits) for kind, answers in strangers.items()},
        kept=own.kept(limits),
    )


def accepted_strangers(
    strangers: Mapping[str, Unseen],
    chosen: Accepting,
    near: Near,
    labels: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """Return by kind how many frames there are, and the shares called and accepted wrongly."""
    limits = np.array([chosen.abstain_below[label] for label in labels])
    return {
        kind: _told(_Answers.of(unseen, chosen.temperature, near), limits)
        for kind, unseen in strangers.items()
    }


def kept_answers(own: Unseen, chosen: Accepting, near: Near, labels: Sequence[str]) -> float:
    """Return the share of right answers that stay accepted."""
    limits = np.array([chosen.abstain_below[label] for label in labels])
    return _Answers.of(own, chosen.temperature, near).kept(limits)


def _lowest(
    own: _Answers, strangers: Sequence[_Answers], labels: int, config: ThresholdConfig
) -> Limits:
    limits = np.full(labels, GRID[0])
    excess = _excess(own, strangers, limits, config)
    while excess > 0:
        best, most = None, 0.0
        for label in range(labels):
            for level in GRID[limits[label] < GRID]:
                raised = limits.copy()
                raised[label] = level
                kept = own.kept(raised)
                if kept < config.kept:
                    break
                left = _excess(own, strangers, raised, config)
                bought = (excess - left) / (own.kept(limits) - kept + 1e-4)
                if bought > most:
                    best, most = raised, bought
        if best is None:
            break
        limits, excess = best, _excess(own, strangers, best, config)
    return limits


def _interval_95(
    own: _Answers, strangers: Sequence[_Answers], labels: int, config: ThresholdConfig
) -> tuple[Limits, Limits]:
    """Return the ends of each threshold's 95 % interval, by groups drawn with repetition."""
    rng = np.random.default_rng(0)
    draws = [
        _lowest(own.drawn(rng), [s.drawn(rng) for s in strangers], labels, config)
        for _ in range(_DRAWS)
    ]
    low, high = np.percentile(np.stack(draws), [2.5, 97.5], axis=0)
    return low, high


def _story(
    own: _Answers, limits: Limits, interval: tuple[Limits, Limits], labels: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return by label its threshold, how sure that is, and by how many answers and errors."""
    low, high = interval
    return {
        label: {
            "threshold": float(limits[i]),
            "interval_95": [float(low[i]), float(high[i])],
            "answers": int((own.said == i).sum()),
            "errors": int(((own.said == i) & ~own.right).sum()),
            "from": "strangers",
        }
        for i, label in enumerate(labels)
    }


def _excess(
    own: _Answers, strangers: Sequence[_Answers], limits: Limits, config: ThresholdConfig
) -> float:
    """Return by how much errors and strangers together exceed what is allowed."""
    given = own.given(limits)
    wrong = float((~own.right)[given].mean()) if given.any() else 0.0
    shares = [float(_told(answers, limits)["accepted"]) for answers in strangers]
    over = [max(0.0, share - config.strangers_accepted) for share in shares]
    return max(0.0, wrong - (1 - config.accuracy)) + sum(over)


def _told(answers: _Answers, limits: Limits) -> dict[str, Any]:
    """Return how many frames there are, and the shares called and accepted by another label."""
    return {
        "frames": len(answers.right),
        "called": float((~answers.right).mean()),
        "accepted": float((answers.given(limits) & ~answers.right).mean()),
    }

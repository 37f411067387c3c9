"""From which confidence on an answer is accepted, and how uncertain that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from export.evaluation import best_temperature, patient_bootstrap, softmax
from export.recipe.settings import ThresholdConfig

GRID = np.round(np.arange(0.30, 0.9951, 0.01), 2)
NONE_REACHES = 0.95
LEAST_ANSWERS = 60
LEAST_ERRORS = 2  # without any, every threshold looks as good as the others
DRAWS = 500  # for an interval that is shown, and decides nothing


@dataclass(frozen=True, eq=False)
class Answers:
    """What students predict of frames that they didn't learn from.

    Attributes:
        logits: (N, labels).
        truth: (N,) label indices.
        groups: the patient of each frame.
    """

    logits: np.ndarray
    truth: np.ndarray
    groups: Sequence[str]


@dataclass(frozen=True)
class Accepting:
    """A temperature, a threshold for each label, and what they rest on.

    Attributes:
        temperature: of the softmax.
        abstain_below: by label.
        story: by label: `threshold`, `interval_95` over patients, `answers`, `errors`, and `from`:
            the label's own answers or those of `all`.
        strangers: by kind that a fold's student never met: `frames`, and the shares `called` and
            `accepted` by another label than their own.
        kept: share of right answers that stay accepted, novelty counted; None without strangers.
    """

    temperature: float
    abstain_below: dict[str, float]
    story: dict[str, dict[str, Any]]
    strangers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    kept: float | None = None


def accepting(answers: Answers, labels: Sequence[str], config: ThresholdConfig) -> Accepting:
    """Choose temperature and thresholds by answers.

    A label gets a threshold of its own where the recipe asks for it and it has 60 answers and two
    errors to choose by; without errors, any threshold looks as good.
    """
    temperature = best_temperature(answers.logits, answers.truth)
    probabilities = softmax(answers.logits, temperature)
    said, confidence = probabilities.argmax(1), probabilities.max(1)
    right = said == answers.truth
    groups = np.asarray(answers.groups)
    story = {}
    for index, label in enumerate(labels):
        own = said == index
        enough = own.sum() >= LEAST_ANSWERS and (own & ~right).sum() >= LEAST_ERRORS
        by_itself = bool(config.per_label and enough)
        rows = own if by_itself else np.ones(len(said), bool)
        story[label] = {
            **_threshold_and_interval(confidence[rows], right[rows], groups[rows], config.accuracy),
            "answers": int(rows.sum()),
            "errors": int((rows & ~right).sum()),
            "from": label if by_itself else "all",
        }
    return Accepting(temperature, {k: v["threshold"] for k, v in story.items()}, story)


def _threshold_and_interval(
    confidence: np.ndarray, right: np.ndarray, groups: np.ndarray, accuracy: float
) -> dict[str, Any]:
    interval = patient_bootstrap(
        lambda chosen: threshold_of(confidence[chosen], right[chosen], accuracy),
        groups.tolist(),
        draws=DRAWS,
    )
    return {
        "threshold": threshold_of(confidence, right, accuracy),
        "interval_95": list(interval),
    }


def threshold_of(confidence: np.ndarray, right: np.ndarray, accuracy: float) -> float:
    """Return the lowest confidence above which at least `accuracy` of the answers are right.

    From 0.3 in steps of 0.01; 0.95 where none reaches that share.
    """
    order = np.argsort(-confidence, kind="stable")
    accepted = np.searchsorted(-confidence[order], -GRID, side="right")
    hits = np.concatenate([[0], np.cumsum(right[order])])[accepted]
    reaches = (accepted > 0) & (hits >= accuracy * accepted)
    return float(GRID[reaches.argmax()]) if reaches.any() else NONE_REACHES


def accepted(
    probabilities: np.ndarray, abstain_below: Mapping[str, float], labels: Sequence[str]
) -> np.ndarray:
    """Return which answers (N,) reach the threshold of the label that they say."""
    limits = np.array([abstain_below[label] for label in labels])
    return np.asarray(probabilities.max(1) >= limits[probabilities.argmax(1)])

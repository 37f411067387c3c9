"""Thresholds against what nobody foresaw: kinds that a fold's student never met stand for it.

Frames of the labels alone can't say how sure a student is of anything else. So each fold leaves a
kind of outlier out of training, and thresholds rise until few of its frames are accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from export.evaluation import softmax
from export.recipe.settings import ThresholdConfig
from export.release.crossfit import Unseen
from export.release.thresholds import GRID, Accepting, accepted


def keep_strangers_out(
    chosen: Accepting,
    unseen: Unseen,
    above: float | None,
    labels: Sequence[str],
    config: ThresholdConfig,
) -> Accepting:
    """Raise thresholds to the lowest floor that keeps strangers out, and say what it achieves.

    A floor that would withhold more than 1 - `config.kept` of the right answers is too high: the
    last one below it stands then, whatever it lets in.

    Args:
        chosen: thresholds by answers to frames of the labels.
        unseen: those answers, and the strangers'.
        above: distance beyond which a label is withheld anyway; None without a novelty.
        labels: of the logits.
        config: of the recipe.
    """
    if not unseen.strangers:
        return chosen
    best = chosen
    for floor in GRID:
        limits = {label: max(limit, floor) for label, limit in chosen.abstain_below.items()}
        raised = replace(chosen, abstain_below=limits)
        if _kept(raised, unseen, above, labels) < config.kept and floor > GRID[0]:
            break
        best = raised
        shares = _accepted_strangers(best, unseen, above, labels)
        if all(told["accepted"] <= config.strangers_accepted for told in shares.values()):
            break
    return replace(
        best,
        strangers=_accepted_strangers(best, unseen, above, labels),
        kept=_kept(best, unseen, above, labels),
    )


def _given(
    chosen: Accepting, unseen: Unseen, above: float | None, labels: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which answers get a label, and which would be right."""
    probabilities = softmax(unseen.answers.logits, chosen.temperature)
    given = accepted(probabilities, chosen.abstain_below, labels)
    if unseen.distances is not None and above is not None:
        given &= unseen.distances <= above
    return given, probabilities.argmax(1) == unseen.answers.truth


def _kept(chosen: Accepting, unseen: Unseen, above: float | None, labels: Sequence[str]) -> float:
    given, right = _given(chosen, unseen, above, labels)
    return float(given[right].mean()) if right.any() else 0.0


def _accepted_strangers(
    chosen: Accepting, unseen: Unseen, above: float | None, labels: Sequence[str]
) -> Mapping[str, dict[str, Any]]:
    """Return by kind how many frames there are, and the share accepted by another label."""
    told = {}
    for kind, answers in unseen.strangers.items():
        given, right = _given(chosen, answers, above, labels)
        told[kind] = {
            "frames": len(right),
            "called": float((~right).mean()),
            "accepted": float((given & ~right).mean()),
        }
    return told

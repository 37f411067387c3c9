"""Quality of one subject on one part of the data, with intervals over patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.frames import LabelledFrame
from export.evaluation import expected_calibration_error as calibration_error
from export.evaluation import patient_bootstrap
from export.proportions import clustered_interval

#: How the intervals of the shares were made; a record of version 1.0 lacks it: a bootstrap.
INTERVAL = "Clopper-Pearson at the patients' effective number of frames"


@dataclass(frozen=True)
class Answers:
    """What a model said: ``logits`` float `(n, labels)` in the order of ``labels``.

    ``accepted`` bool `(n,)` and ``probabilities`` `(n, labels)` are None for a model without the
    SDK around it.
    """

    labels: tuple[str, ...]
    logits: np.ndarray
    probabilities: np.ndarray | None = None
    accepted: np.ndarray | None = None


def evaluate(
    subject: str,
    part: str,
    frames: Sequence[LabelledFrame],
    answers: Answers,
    teacher: Answers | None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the quality entry of the record.

    Args:
        subject: name of the subject.
        part: part of the data, as ``test``.
        frames: the labelled frames, one a row of ``answers``.
        answers: the subject's.
        teacher: the teacher's on the same frames, or None.
        seed: of the bootstrap.

    Raises:
        ValueError: rows and frames differ in number, or logits are not finite.
    """
    if len(frames) != len(answers.logits) or not np.isfinite(answers.logits).all():
        raise ValueError(f"{subject}: {len(answers.logits)} rows for {len(frames)} frames, or NaN")
    truth = np.array([answers.labels.index(str(frame.label)) for frame in frames])
    predicted = answers.logits.argmax(axis=1)
    groups = [frame.group for frame in frames]
    right = predicted == truth
    entry: dict[str, Any] = {
        "subject": subject,
        "part": part,
        "frames": len(frames),
        "groups": len(set(groups)),
        "interval": INTERVAL,
        "accuracy": share(right, groups),
        "recall": {
            label: share(right, groups, truth == k) for k, label in enumerate(answers.labels)
        },
    }
    return (
        entry
        | _optional(answers, right, groups, teacher)
        | {"calibration_error": _calibration(answers.probabilities, truth, groups, seed)}
    )


def share(right: np.ndarray, groups: list[str], among: np.ndarray | None = None) -> dict[str, Any]:
    """Return the share of true values, bool `(n,)`, with its interval over patients.

    Args:
        right: what is counted.
        groups: the patient of each frame.
        among: bool `(n,)`, the frames that count; None for all. Where none does, all is None.
    """
    chosen = np.flatnonzero(np.ones(len(right), bool) if among is None else among)
    if not chosen.size:
        return {"value": None, "low": None, "high": None}
    mine = right[chosen]
    low, high = clustered_interval(mine, [groups[i] for i in chosen])
    return {"value": float(mine.mean()), "low": low, "high": high}


def _optional(
    answers: Answers, right: np.ndarray, groups: list[str], teacher: Answers | None
) -> dict[str, Any]:
    entry: dict[str, Any] = dict.fromkeys(("agreement", "coverage", "selective_accuracy"))
    if answers.accepted is not None:
        entry["coverage"] = share(answers.accepted, groups)
        entry["selective_accuracy"] = share(right, groups, answers.accepted)
    if teacher is not None:
        order = [teacher.labels.index(label) for label in answers.labels]
        said = teacher.logits[:, order].argmax(axis=1)
        entry["agreement"] = share(answers.logits.argmax(axis=1) == said, groups)
    return entry


def _calibration(
    probabilities: np.ndarray | None, truth: np.ndarray, groups: list[str], seed: int
) -> dict[str, Any] | None:
    """Return the calibration error; it is no share, so its interval is a bootstrap's.

    Draws that are all alike tell of no width, so there is no interval then.
    """
    if probabilities is None:
        return None

    def error(chosen: np.ndarray) -> float:
        return calibration_error(probabilities[chosen], truth[chosen])

    value = error(np.arange(len(truth)))
    low, high = patient_bootstrap(error, groups, seed=seed)
    if low is None or high is None or low == high:
        return {"value": value, "low": None, "high": None}
    # resampling adds error, so the draws may lie above the value itself
    return {"value": value, "low": min(low, value), "high": max(high, value)}

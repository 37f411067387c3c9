"""Quality of one subject on one part of the data, with intervals over patients."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.frames import LabelledFrame
from benchmarks.quality import metrics
from export.evaluation import patient_bootstrap


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

    def share(statistic: Callable[[np.ndarray], float]) -> dict[str, Any]:
        value = float(statistic(np.arange(len(groups))))
        if not math.isfinite(value):
            return {"value": None, "low": None, "high": None}
        low, high = patient_bootstrap(statistic, groups, seed=seed)
        return {"value": value, "low": low, "high": high}

    entry: dict[str, Any] = {
        "subject": subject,
        "part": part,
        "frames": len(frames),
        "groups": len(set(groups)),
        "accuracy": share(lambda i: metrics.accuracy(predicted[i], truth[i])),
        "recall": {
            label: share(lambda i, k=k: metrics.recall(predicted[i], truth[i], k))
            for k, label in enumerate(answers.labels)
        },
    }
    return entry | _optional(share, answers, predicted, truth, teacher)


def _optional(
    share: Callable[[Callable[[np.ndarray], float]], dict[str, Any]],
    answers: Answers,
    predicted: np.ndarray,
    truth: np.ndarray,
    teacher: Answers | None,
) -> dict[str, Any]:
    entry: dict[str, Any] = dict.fromkeys(
        ("calibration_error", "agreement", "coverage", "selective_accuracy")
    )
    probabilities, accepted = answers.probabilities, answers.accepted
    if probabilities is not None:
        entry["calibration_error"] = share(
            lambda i: metrics.calibration_error(probabilities[i], truth[i])
        )
    if accepted is not None:
        entry["coverage"] = share(lambda i: metrics.coverage(accepted[i]))
        entry["selective_accuracy"] = share(
            lambda i: metrics.selective_accuracy(predicted[i], truth[i], accepted[i])
        )
    if teacher is not None:
        order = [teacher.labels.index(label) for label in answers.labels]
        said = teacher.logits[:, order].argmax(axis=1)
        entry["agreement"] = share(lambda i: metrics.agreement(predicted[i], said[i]))
    return entry

"""Quality of one subject on one part of the data, with intervals over patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.frames import LabelledFrame
from benchmarks.record.types import Quality, Share
from export.evaluation import expected_calibration_error as calibration_error
from export.evaluation import patient_bootstrap
from export.proportions import clustered_interval

#: How the intervals of the shares were made; a record of version 1.0 lacks it: a bootstrap.
INTERVAL = "Clopper-Pearson at the patients' effective number of frames"


@dataclass(frozen=True)
class Outputs:
    """A model's outputs: ``logits`` float `(n, labels)` in the order of ``labels``.

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
    outputs: Outputs,
    teacher: Outputs | None,
    seed: int = 0,
) -> Quality:
    """Return the quality entry of the record.

    Args:
        subject: name of the subject.
        part: part of the data, as ``test``.
        frames: the labelled frames, one a row of ``outputs``.
        outputs: the subject's.
        teacher: the teacher's for the same frames, or None.
        seed: of the bootstrap.

    Raises:
        ValueError: rows and frames differ in number, or logits are not finite.
    """
    logits, labels = outputs.logits, outputs.labels
    if len(frames) != len(logits) or not np.isfinite(logits).all():
        raise ValueError(f"{subject}: {len(logits)} rows for {len(frames)} frames, or NaN")
    truth = np.array([labels.index(str(frame.label)) for frame in frames])
    groups = [frame.group for frame in frames]
    right = logits.argmax(axis=1) == truth
    accepted = outputs.accepted
    return Quality(
        subject=subject,
        part=part,
        frames=len(frames),
        groups=len(set(groups)),
        interval=INTERVAL,
        accuracy=share(right, groups),
        recall={label: share(right, groups, truth == k) for k, label in enumerate(labels)},
        calibration_error=_calibration(outputs.probabilities, truth, groups, seed),
        agreement=None if teacher is None else share(_agrees(outputs, teacher), groups),
        coverage=None if accepted is None else share(accepted, groups),
        selective_accuracy=None if accepted is None else share(right, groups, accepted),
    )


def share(right: np.ndarray, groups: list[str], among: np.ndarray | None = None) -> Share:
    """Return the share of true values, bool `(n,)`, with its interval over patients.

    Args:
        right: what is counted.
        groups: the patient of each frame.
        among: bool `(n,)`, the frames that count; None for all. Where none does, all is None.
    """
    chosen = np.flatnonzero(np.ones(len(right), bool) if among is None else among)
    if not chosen.size:
        return Share(None, None, None)
    mine = right[chosen]
    low, high = clustered_interval(mine, [groups[i] for i in chosen])
    return Share(float(mine.mean()), low, high)


def _agrees(outputs: Outputs, teacher: Outputs) -> np.ndarray:
    """Return where the two name the same label, bool `(n,)`."""
    # each model lists the labels in an order of its own
    order = [teacher.labels.index(label) for label in outputs.labels]
    same = outputs.logits.argmax(axis=1) == teacher.logits[:, order].argmax(axis=1)
    return np.asarray(same)


def _calibration(
    probabilities: np.ndarray | None, truth: np.ndarray, groups: list[str], seed: int
) -> Share | None:
    """Return the calibration error; it is no share, so its interval is a bootstrap's.

    Draws that all give the same say nothing of a width, so there is no interval then.
    """
    if probabilities is None:
        return None

    def error(chosen: np.ndarray) -> float:
        return calibration_error(probabilities[chosen], truth[chosen])

    value = error(np.arange(len(truth)))
    low, high = patient_bootstrap(error, groups, seed=seed)
    if low is None or high is None or low == high:
        return Share(value, None, None)
    # resampling adds error, so the draws may lie above the value itself
    return Share(value, min(low, value), max(high, value))

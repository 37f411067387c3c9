"""Scores of a release: both student files and their teacher, part by part."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord
from export.distill.inputs import tensors
from export.evaluation import guarded, log_evaluation, score, softmax, truth_of
from export.packaging.convert import logits_and_distances
from export.recipe.settings import Recipe
from export.release.calibration import calibration_report, cross_fitted_error
from export.release.finished_teacher import FinishedTeacher
from export.release.thresholds import accepted
from sdk.model_file import Calibration, parse_model_file


class Scores:
    """Scores of the files and of their teacher; evaluations of guarded parts are logged.

    Attributes:
        files: `files[precision][part]`, as `score_file` returns.
        teacher: `teacher[part]`, as `export.evaluation.score` returns; empty without a teacher.
    """

    def __init__(
        self, recipe: Recipe, contents: Mapping[str, bytes], teacher: FinishedTeacher | None
    ):
        self._recipe, self._contents, self._teacher = recipe, contents, teacher
        self.files: dict[str, dict[str, Any]] = {precision: {} for precision in contents}
        self.teacher: dict[str, Any] = {}

    def add(self, part: str, records: Sequence[FrameRecord]) -> None:
        """Score a part, once."""
        if part in self.files["fp32"]:
            return
        inputs = tensors(records, self._recipe.preprocessing)
        for precision, data in self._contents.items():
            file = parse_model_file(data)
            calibration = file.metadata.calibration
            scores = score_file(data, records, inputs, calibration, self._recipe.labels)
            self.files[precision][part] = scores
            # by the file: another novelty on the same network is another look
            _log(part, records, f"release {file.model_id}", scores)
        if self._teacher is not None:
            self.teacher[part] = self._teacher.score(records)
            if not self._teacher.known:
                what = f"teacher {self._recipe.name} {self._teacher.sha256[:12]}"
                _log(part, records, what, self.teacher[part])


def _log(part: str, records: Sequence[FrameRecord], what: str, scores: dict[str, Any]) -> None:
    if guarded(part, records):
        log_evaluation(part, what, scores["accuracy"])


def score_file(
    data: bytes,
    records: Sequence[FrameRecord],
    inputs: np.ndarray,
    calibration: Calibration,
    labels: Sequence[str],
) -> dict[str, Any]:
    """Return all scores of a student file on one part, its mistakes included."""
    temperature = calibration.temperature
    logits, distances = logits_and_distances(data, inputs)
    probabilities, truth = softmax(logits, temperature), truth_of(records, labels)
    given = accepted(probabilities, calibration.abstain_below, labels)
    novelty = parse_model_file(data).metadata.novelty
    if novelty is not None and distances is not None:
        given &= distances <= novelty.above
    return {
        **score(logits, records, temperature, labels, subgroup_intervals=True),
        **calibration_report(probabilities, truth, [r.group for r in records]),
        "ece_cross_fitted": cross_fitted_error(logits, truth, [r.group for r in records]),
        **coverage(probabilities, truth, given),
        "risk_coverage": risk_coverage(probabilities, truth),
        "mistakes": mistakes(probabilities, records, labels, given),
    }


def risk_coverage(
    probabilities: np.ndarray, truth: np.ndarray, points: int = 40
) -> list[dict[str, float]]:
    """Return coverage and error among the accepted, as the threshold on confidence falls.

    Frames of equal confidence are accepted together; at most `points`, evenly over the frames
    (El-Yaniv and Wiener, JMLR 11:1605, 2010).
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(probabilities.argmax(axis=1)[order] != truth[order])
    sorted_confidence = confidence[order]
    lasts = np.flatnonzero(np.append(sorted_confidence[:-1] != sorted_confidence[1:], True))
    chosen = lasts[np.unique(np.linspace(0, len(lasts) - 1, points).astype(int))]
    return [
        {"coverage": float((at + 1) / len(truth)), "error": float(wrong[at] / (at + 1))}
        for at in chosen
    ]


def mistakes(
    probabilities: np.ndarray,
    records: Sequence[FrameRecord],
    labels: Sequence[str],
    given: np.ndarray,
) -> list[dict[str, Any]]:
    """Return every wrong answer by its frame's id, the most confident first.

    `given` (N,) says which frames get their label: a novelty withholds some that are sure.
    """
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != truth_of(records, labels))
    return [
        {
            "id": records[i].id,
            "dataset": records[i].dataset,
            "truth": records[i].label,
            "said": labels[predicted[i]],
            "confidence": round(float(confidence[i]), 4),
            "accepted": bool(given[i]),
        }
        for i in wrong[np.argsort(-confidence[wrong], kind="stable")]
    ]


def coverage(
    probabilities: np.ndarray, truth: np.ndarray, given: np.ndarray
) -> dict[str, float | None]:
    """Return the share of frames that get a label, and how often that label is right.

    `given` (N,) says which do.
    """
    right = probabilities.argmax(axis=1) == truth
    return {
        "coverage": float(given.mean()),
        "accepted_accuracy": float(right[given].mean()) if given.any() else None,
    }

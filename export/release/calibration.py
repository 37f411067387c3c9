"""How far confidence can be believed: calibration error in two ways, and the reliability curve."""

from collections.abc import Sequence

import numpy as np

from export.data.dataset import fold_of
from export.evaluation import (
    best_temperature,
    confidence_bins,
    expected_calibration_error,
    patient_bootstrap,
    softmax,
)

FOLDS = 5
RELIABILITY_BINS = 10


def adaptive_calibration_error(
    probabilities: np.ndarray, truth: np.ndarray, bins: int = 15
) -> float:
    """Return the calibration error over bins that hold the same number of frames each.

    Where nearly all confidences are high, equal-width bins are nearly empty but one; these are
    not (Nixon et al., CVPR workshops 2019, "adaptive" bins, of the top probability).

    Args:
        probabilities: `(n, labels)` in [0, 1].
        truth: `(n,)` label indices.
        bins: at most; fewer where there are fewer frames.
    """
    if not len(truth):
        return float("nan")
    confidence = probabilities.max(axis=1)
    gap = (probabilities.argmax(axis=1) == truth) - confidence
    order = np.argsort(confidence, kind="stable")  # equal ones keep their order
    parts = np.array_split(gap[order], min(bins, len(truth)))
    return float(sum(abs(part.sum()) for part in parts) / len(truth))


def cross_fitted_error(logits: np.ndarray, truth: np.ndarray, groups: Sequence[str]) -> float:
    """Return the calibration error at temperatures that were fitted on other patients.

    Patients are dealt into five; each part's probabilities have the temperature that suits the
    other four best. An error on the very frames that a temperature was fitted on is too small.
    """
    fold = np.array([fold_of(group, FOLDS) for group in groups])
    probabilities = np.empty(logits.shape, dtype=np.float64)
    for number in np.unique(fold):
        own = fold == number
        others = ~own if (~own).any() else own  # a single part has no others
        probabilities[own] = softmax(logits[own], best_temperature(logits[others], truth[others]))
    return expected_calibration_error(probabilities, truth)


def calibration_report(
    probabilities: np.ndarray, truth: np.ndarray, groups: Sequence[str]
) -> dict[str, object]:
    """Return the calibration error with its 95 % patient interval, the adaptive one, the curve.

    The interval is a percentile bootstrap; a resampled error is biased upwards, the more so the
    smaller the part.
    """
    interval = patient_bootstrap(
        lambda chosen: expected_calibration_error(probabilities[chosen], truth[chosen]), groups
    )
    return {
        "ece": expected_calibration_error(probabilities, truth),
        "ece_95": list(interval),
        "ece_adaptive": adaptive_calibration_error(probabilities, truth),
        "reliability": reliability(probabilities, truth),
    }


def reliability(
    probabilities: np.ndarray, truth: np.ndarray, bins: int = RELIABILITY_BINS
) -> list[dict[str, float | int]]:
    """Return mean confidence, accuracy and frames of each equal-width bin that holds any."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    owner = confidence_bins(confidence, bins)
    return [
        {
            "confidence": float(confidence[owner == i].mean()),
            "accuracy": float(right[owner == i].mean()),
            "frames": int((owner == i).sum()),
        }
        for i in np.unique(owner)
    ]

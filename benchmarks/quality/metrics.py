"""The definitions: each takes arrays over frames, so that a bootstrap can redraw them."""

from __future__ import annotations

import numpy as np

from export.evaluation import expected_calibration_error

# one definition for the release and for the benchmark
calibration_error = expected_calibration_error


def accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of frames `(n,)` whose most probable label is right; no abstaining."""
    return float(np.mean(predicted == truth)) if len(truth) else float("nan")


def recall(predicted: np.ndarray, truth: np.ndarray, label: int) -> float:
    """Return the share of a label's frames that are found; NaN when there is none."""
    mine = truth == label
    return float(np.mean(predicted[mine] == label)) if mine.any() else float("nan")


def agreement(predicted: np.ndarray, teacher: np.ndarray) -> float:
    """Return the share of frames on which both say the same label, right or wrong."""
    return accuracy(predicted, teacher)


def coverage(accepted: np.ndarray) -> float:
    """Return the share of frames that the SDK answers (`accept`)."""
    return float(np.mean(accepted)) if len(accepted) else float("nan")


def selective_accuracy(predicted: np.ndarray, truth: np.ndarray, accepted: np.ndarray) -> float:
    """Return the accuracy among the accepted frames; NaN when none is."""
    return accuracy(predicted[accepted], truth[accepted])

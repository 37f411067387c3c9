"""The definitions: each takes arrays over frames, so that a bootstrap can redraw them."""

from __future__ import annotations

import numpy as np

BINS = 15


def accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of frames `(n,)` whose most probable label is right; no abstaining."""
    return float(np.mean(predicted == truth)) if len(truth) else float("nan")


def recall(predicted: np.ndarray, truth: np.ndarray, label: int) -> float:
    """Return the share of a label's frames that are found; NaN when there is none."""
    mine = truth == label
    return float(np.mean(predicted[mine] == label)) if mine.any() else float("nan")


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error of probabilities `(n, labels)` in [0, 1].

    Equal-width bins of the top probability, weighted by their frames (Guo et al., ICML 2017,
    eq. 3). A probability on an edge belongs to the bin below, as in the paper.
    """
    if not len(truth):
        return float("nan")
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    edges = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(edges, right - confidence, bins)
    return float(np.abs(gaps).sum() / len(truth))


def agreement(predicted: np.ndarray, teacher: np.ndarray) -> float:
    """Return the share of frames on which both say the same label, right or wrong."""
    return accuracy(predicted, teacher)


def coverage(accepted: np.ndarray) -> float:
    """Return the share of frames that the SDK answers (`accept`)."""
    return float(np.mean(accepted)) if len(accepted) else float("nan")


def selective_accuracy(predicted: np.ndarray, truth: np.ndarray, accepted: np.ndarray) -> float:
    """Return the accuracy among the accepted frames; NaN when none is."""
    return accuracy(predicted[accepted], truth[accepted])

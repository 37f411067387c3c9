"""The leakage probe: how well the gaze map alone gives the class away.

A linear classifier (multinomial logistic regression, ridge penalty) on the downsampled map,
cross-validated by group. Where an expert looks gives some of the plane away even in life; the probe
says how much, so that a gain by gaze can be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.gaze.errors import GazeError
from export.gaze.maps import Maps
from export.gaze.samples import Floats


@dataclass(frozen=True, eq=False)
class ProbeResult:
    """How well the probe tells classes apart, on frames of held-out groups only.

    Attributes:
        accuracy: Share of frames classified right.
        balanced_accuracy: Mean over classes of the share classified right.
        majority: Accuracy of always naming the most frequent class of each training part.
        confusion: ``(classes, classes)`` counts, rows true, columns predicted.
        predicted: Class index predicted for each frame, ``(frames,)``.
        labels: The classes, in order.
    """

    accuracy: float
    balanced_accuracy: float
    majority: float
    confusion: NDArray[np.int64]
    predicted: NDArray[np.int64]
    labels: tuple[str, ...]


def leakage_probe(
    maps: Maps,
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    folds: int = 5,
    grid: tuple[int, int] = (12, 9),
    ridge: float = 1.0,
    seed: int = 0,
) -> ProbeResult:
    """Cross-validate a linear classifier that sees the gaze maps alone.

    Args:
        maps: ``(frames, height, width)``.
        labels: Class of each frame.
        groups: Group of each frame; a group is never in training and test at once.
        folds: How many parts, at least 2 and at most the number of groups.
        grid: Columns and rows that maps are averaged down to.
        ridge: Penalty on the squared weights, in units of one frame's loss.
        seed: Chooses the folds.

    Raises:
        GazeError: Lengths differ, there are fewer than two classes, or too few groups.
    """
    names = _classes(maps, labels, groups)
    target = np.array([names.index(label) for label in labels], dtype=np.int64)
    fold = _folds(groups, folds, seed)
    predicted, majority = _cross_validated(_features(maps, grid), target, fold, ridge)
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, (target, predicted), 1)
    recall = np.diag(confusion) / confusion.sum(axis=1)
    return ProbeResult(
        accuracy=float((predicted == target).mean()),
        balanced_accuracy=float(recall.mean()),
        majority=majority,
        confusion=confusion,
        predicted=predicted,
        labels=names,
    )


def _classes(maps: Maps, labels: Sequence[str], groups: Sequence[str]) -> tuple[str, ...]:
    if not len(maps) == len(labels) == len(groups):
        raise GazeError(
            "gaze-samples",
            f"{len(maps)} maps, {len(labels)} labels and {len(groups)} groups; one each is needed",
        )
    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise GazeError("gaze-argument", f"the classes are {names}; a probe needs at least two")
    return names


def _cross_validated(
    features: Floats, target: NDArray[np.int64], fold: NDArray[np.int64], ridge: float
) -> tuple[NDArray[np.int64], float]:
    """Return each frame's predicted class, and how often the most frequent class is right."""
    classes = int(target.max()) + 1
    predicted = np.empty(len(target), dtype=np.int64)
    majority = 0
    for number in range(int(fold.max()) + 1):
        test = fold == number
        train = ~test
        centre, spread = features[train].mean(axis=0), features[train].std(axis=0) + 1e-9
        scaled = (features - centre) / spread
        weights = _fit(scaled[train], target[train], classes, ridge)
        predicted[test] = _scores(scaled[test], weights).argmax(axis=1)
        # of the training part: what a guesser who never looks at a map could know
        common = np.bincount(target[train], minlength=classes).argmax()
        majority += int((target[test] == common).sum())
    return predicted, majority / len(target)


def _folds(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal groups, in random order, each to the fold that has the fewest frames."""
    names, codes, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    if not 2 <= folds <= len(names):
        raise GazeError(
            "gaze-argument", f"folds is {folds}; allowed are 2 to the {len(names)} groups there are"
        )
    filled = np.zeros(folds)
    fold_of = np.empty(len(names), dtype=np.int64)
    for group in np.random.default_rng(seed).permutation(len(names)):
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += sizes[group]
    return fold_of[codes]


def _features(maps: Maps, grid: tuple[int, int]) -> Floats:
    """Average maps over a coarse grid (cells are near equal where sizes do not divide)."""
    values = np.asarray(maps, dtype=np.float64)
    columns, rows = min(grid[0], values.shape[2]), min(grid[1], values.shape[1])
    row_cuts = np.linspace(0, values.shape[1], rows, endpoint=False).astype(int)
    column_cuts = np.linspace(0, values.shape[2], columns, endpoint=False).astype(int)
    summed = np.add.reduceat(np.add.reduceat(values, row_cuts, axis=1), column_cuts, axis=2)
    return np.sqrt(summed.reshape(len(values), -1))  # the root tames the peaks


def _scores(features: Floats, weights: Floats) -> Floats:
    return np.asarray(features @ weights[:-1] + weights[-1])


def _fit(features: Floats, target: NDArray[np.int64], classes: int, ridge: float) -> Floats:
    """Minimise the penalised cross-entropy (convex) by accelerated gradient descent.

    The step is one over a bound on the curvature: half the largest eigenvalue of the features'
    second moment (Boehning, Ann. Inst. Stat. Math. 44:197-200, 1992), plus the penalty.
    """
    count = len(features)
    bordered = np.hstack([features, np.ones((count, 1))])
    hot = np.eye(classes)[target]
    penalty = np.full((bordered.shape[1], 1), ridge / count)
    penalty[-1] = 0.0
    largest = float(np.linalg.eigvalsh(bordered.T @ bordered)[-1])
    curve = (0.5 * largest + ridge) / count
    weights = np.zeros((bordered.shape[1], classes))
    ahead, pace = weights, 1.0
    for _ in range(400):
        scores = bordered @ ahead
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        likely /= likely.sum(axis=1, keepdims=True)
        slope = bordered.T @ (likely - hot) / count + penalty * ahead
        stepped = ahead - slope / curve
        quicker = 0.5 * (1.0 + float(np.sqrt(1.0 + 4.0 * pace**2)))
        ahead = stepped + (pace - 1.0) / quicker * (stepped - weights)
        weights, pace = stepped, quicker
    return weights

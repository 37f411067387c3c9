"""Prototypes of a student's pooled features, by which a frame unlike all of them is known.

The features are what the last fully connected layer reads, whatever the architecture before it.
Distances are squared and Mahalanobis-like: by the pooled covariance within the labels (Lee et al.,
NeurIPS 2018, arXiv:1807.03888, eq. 1), from the nearest of several means a label, divided by the
number of features so that 1 is about usual.
"""

from dataclasses import dataclass

import numpy as np

from export.errors import ExportError

_STEPS = 30


@dataclass(frozen=True, eq=False)
class Prototypes:
    """What the distance is measured from.

    The metric is a sphere flattened along a few directions: a file holds these and not a matrix of
    all features, which would be a third of it.

    Attributes:
        means: (prototypes, features).
        directions: (directions, features), along which labels vary within themselves, as long as
            their differences count less: d(x, m) = scale (|x - m|^2 - |directions (x - m)|^2).
        scale: above 0.
    """

    means: np.ndarray
    directions: np.ndarray
    scale: float


def fit(
    features: np.ndarray,
    labels: np.ndarray,
    per_label: int,
    shrinkage: float,
    directions: int = 16,
    seed: int = 0,
) -> Prototypes:
    """Return prototypes of features (N, features) by their labels (N,).

    Each label gets `per_label` means, fewer where it has fewer frames: k-means (Lloyd, 1982) with
    the start of k-means++ (Arthur and Vassilvitskii, SODA 2007), by a fixed seed. The covariance
    within labels is drawn towards a sphere by `shrinkage`, 0 to 1 (few frames leave directions in
    which nothing varies, and there any distance is large), and kept along its largest `directions`;
    the rest is their mean.

    Raises:
        ExportError: `novelty-few` with fewer than two frames of any label.
    """
    names, counts = np.unique(labels, return_counts=True)
    if not len(names) or counts.min() < 2:
        raise ExportError(
            "novelty-few",
            f"labels have {counts.tolist()} frames; prototypes need at least two of each",
        )
    features = features.astype(np.float64)
    own = np.stack([features[labels == name].mean(0) for name in names])
    within = features - own[np.searchsorted(names, labels)]
    values, vectors = np.linalg.eigh(within.T @ within / len(features))
    values = (1 - shrinkage) * values + shrinkage * values.mean() + 1e-12
    count = min(directions, len(values) - 1)
    rest = float(values[: len(values) - count].mean())
    kept = np.sqrt(1 - rest / values[len(values) - count :])
    flattened = kept[:, None] * vectors[:, len(values) - count :].T
    rng = np.random.default_rng(seed)
    means = [_means(features[labels == name], per_label, rng) for name in names]
    return Prototypes(np.concatenate(means), flattened, 1 / (rest * len(values)))


def _means(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    means = rows[[rng.integers(len(rows))]]
    while len(means) < min(count, len(rows)):
        gaps = ((rows[:, None] - means[None]) ** 2).sum(2).min(1)
        if gaps.sum() == 0:
            break
        means = np.vstack([means, rows[rng.choice(len(rows), p=gaps / gaps.sum())]])
    for _ in range(_STEPS):
        owner = ((rows[:, None] - means[None]) ** 2).sum(2).argmin(1)
        for i in np.unique(owner):
            means[i] = rows[owner == i].mean(0)
    return np.asarray(means)

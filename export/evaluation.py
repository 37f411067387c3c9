"""Scores with intervals over patients, and a log of each evaluation of the guarded parts.

The test set and the external set are opened for reports, never for choices; each opening adds
a line to `docs/results/looks.jsonl`.
"""

import datetime
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from export.checkout import CHECKOUT
from export.data.dataset import LABELS, FrameRecord
from export.errors import ExportError
from export.proportions import clustered_interval

GUARDED = ("test", "external")
GUARDED_DATASETS = ("fetal_planes_db", "african_planes", "not_fetal")
SUBGROUPS = ("country", "machine", "source_quality", "fine")
"""Columns of the table by whose values accuracy is told apart."""

LOOKS = CHECKOUT / "docs" / "results" / "looks.jsonl" if CHECKOUT else None


def guarded(part: str, records: Sequence[FrameRecord]) -> bool:
    """Return whether scoring these frames must be logged; your own frames never are."""
    return part in GUARDED and any(r.dataset in GUARDED_DATASETS for r in records)


def log_evaluation(part: str, what: str, score: float, path: Path | None = None) -> None:
    """Append one evaluation of a guarded part: when, which part, what was scored, what came out.

    The same thing scored again with the same outcome tells nothing new and is not repeated. An
    installed package keeps no log.
    """
    path = path or LOOKS
    if path is None or not path.parent.is_dir():
        return
    seen = {"part": part, "what": what, "accuracy": round(score, 5)}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if any(seen.items() <= json.loads(line).items() for line in lines):
        return
    time = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"time": time, **seen}) + "\n")


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return probabilities (N, classes) of logits (N, classes) at `temperature`."""
    # float32 gives a confidence of exactly 1 from a margin of about 17 on
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def confidence_bins(confidence: np.ndarray, bins: int) -> np.ndarray:
    """Return the equal-width bin `(n,)`, from 0, of each confidence in [0, 1].

    One on an edge belongs to the bin below (Guo et al., ICML 2017, section 2).
    """
    return np.asarray(np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1))


def expected_calibration_error(
    probabilities: np.ndarray, truth: np.ndarray, bins: int = 15
) -> float:
    """Return the expected calibration error of probabilities `(n, labels)` in [0, 1].

    Equal-width bins of the top probability, weighted by their frames (Guo et al., ICML 2017,
    eq. 3).
    """
    if not len(truth):
        return float("nan")
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    gaps = np.bincount(confidence_bins(confidence, bins), right - confidence, bins)
    return float(np.abs(gaps).sum() / len(truth))


def patient_bootstrap(
    statistic: Callable[[np.ndarray], float],
    groups: Sequence[str],
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float | None, float | None]:
    """Return the 95 % percentile interval of `statistic`, resampling whole patients.

    Frames of one patient look alike, so drawing frames would claim more evidence than there is
    (Field and Welsh, J. R. Stat. Soc. B 69:369, 2007: the cluster bootstrap).

    Args:
        statistic: maps frame indices (n,), with repetition, to one number; NaN marks a draw on
            which it does not exist (a class that was not drawn) and is left out.
        groups: the patient of each frame.
        draws: number of bootstrap draws.
        seed: of the draws; the same seed gives the same interval.

    Returns:
        Low and high; both None with a single patient, or where no draw gives a number.

    Raises:
        ValueError: no frames.
    """
    if len(groups) == 0:
        raise ValueError("groups: empty; at least one frame is needed")
    names, owner = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(owner == i) for i in range(len(names))]
    rng = np.random.default_rng(seed)
    values = np.empty(draws if len(names) > 1 else 0)
    for i in range(len(values)):
        drawn = rng.integers(0, len(names), len(names))
        values[i] = statistic(np.concatenate([members[j] for j in drawn]))
    values = values[np.isfinite(values)]
    if values.size == 0:
        return None, None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def crossed_bootstrap(
    values: np.ndarray, groups: Sequence[str], draws: int = 2000, seed: int = 0
) -> tuple[float | None, float | None]:
    """Return the 95 % percentile interval of a mean over runs and frames, both resampled.

    Whole patients and whole runs (seeds of a training) are drawn with repetition, each apart
    (Owen, Ann. Appl. Stat. 1:386, 2007: the pigeonhole bootstrap). The runs' means are first
    spread by sqrt(n / (n - 1)), since n drawn of n vary too little. It is wide where patients
    vary most; with five runs and little else that varies, it is still somewhat narrow.

    Args:
        values: (runs, frames), what is averaged.
        groups: the patient of each frame.
        draws: number of bootstrap draws.
        seed: of the draws.

    Returns:
        Low and high; both None with a single patient. A single run is not resampled.

    Raises:
        ValueError: no frames, or not one value for each frame.
    """
    if values.ndim != 2 or not values.size or values.shape[1] != len(groups):
        raise ValueError(f"values are {values.shape}; needed: (runs, {len(groups)}), not empty")
    names, owner = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        return None, None
    values = values + _spread(values.mean(axis=1, keepdims=True))
    sums = np.stack([np.bincount(owner, row, len(names)) for row in values])
    rng = np.random.default_rng(seed)
    patients = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), draws)
    runs = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), draws)
    frames = patients @ np.bincount(owner, minlength=len(names))
    means = np.einsum("dr,rp,dp->d", runs / len(values), sums, patients, optimize=True) / frames
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _spread(means: np.ndarray) -> np.ndarray:
    """Return what to add to each run so that a bootstrap of n runs has their true variance."""
    count = len(means)
    widened = math.sqrt(count / (count - 1)) if count > 1 else 1.0
    return np.asarray((means - means.mean()) * (widened - 1))


def best_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return the temperature that minimises the negative log-likelihood (Guo et al., sec. 4.2)."""
    grid = np.exp(np.linspace(np.log(0.25), np.log(8.0), 400))
    rows = np.arange(len(truth))
    losses = [-np.log(softmax(logits, t)[rows, truth] + 1e-12).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def truth_of(records: Sequence[FrameRecord], labels: Sequence[str] = LABELS) -> np.ndarray:
    """Return the index (N,) of each record's label in `labels`."""
    return np.array([labels.index(r.label) for r in records], dtype=np.intp)


def score(
    logits: np.ndarray,
    records: Sequence[FrameRecord],
    temperature: float = 1.0,
    labels: Sequence[str] = LABELS,
    subgroup_intervals: bool = False,
) -> dict[str, object]:
    """Return accuracy with its patient interval, recalls, confusion, ECE and subgroups.

    `labels` are those of the logits' columns, in order: the recipe's. Subgroups get patient
    intervals too where `subgroup_intervals` is set (slower).

    Raises:
        ExportError: `logits-not-finite`: no label can be told from NaN.
    """
    _check_finite(logits)
    truth = truth_of(records, labels)
    guess = logits.argmax(axis=1)
    right = guess == truth
    groups = [r.group for r in records]
    confusion = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(confusion, (truth, guess), 1)
    return {
        "frames": len(records),
        "patients": len(set(groups)),
        "accuracy": float(right.mean()),
        "accuracy_95": list(clustered_interval(right, groups)),
        "recall": _recalls(right, truth, labels),
        "confusion": confusion.tolist(),
        "ece": expected_calibration_error(softmax(logits, temperature), truth),
        "by": {
            field: _by(
                [getattr(r, field) or "unknown" for r in records],
                right,
                groups if subgroup_intervals else None,
            )
            for field in SUBGROUPS
        },
    }


def _check_finite(logits: np.ndarray) -> None:
    finite = np.isfinite(logits).all(axis=1)
    if not finite.all():
        raise ExportError(
            "logits-not-finite",
            f"the network's logits are not finite on {(~finite).sum()} of {len(logits)} frames; "
            "lower the recipe's learning_rate and train again",
        )


def _recalls(
    right: np.ndarray, truth: np.ndarray, labels: Sequence[str]
) -> dict[str, float | None]:
    """Return the share of each label's frames that are right; None where a label has no frame."""
    return {
        label: float(right[truth == i].mean()) if (truth == i).any() else None
        for i, label in enumerate(labels)
    }


def _by(
    keys: Sequence[str], right: np.ndarray, groups: Sequence[str] | None
) -> dict[str, dict[str, object]]:
    named = np.asarray(keys)
    scores: dict[str, dict[str, object]] = {}
    for key in sorted(set(keys)):
        part = right[named == key]
        scores[key] = {"frames": len(part), "accuracy": float(part.mean())}
        if groups is not None:
            patients = [group for group, name in zip(groups, keys, strict=True) if name == key]
            scores[key]["patients"] = len(set(patients))
            scores[key]["accuracy_95"] = list(clustered_interval(part, patients))
    return scores

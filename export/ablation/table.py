"""The table of an ablation: accuracies over seeds, and differences paired by frame."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord
from export.evaluation import (
    best_temperature,
    expected_calibration_error,
    patient_bootstrap,
    softmax,
    truth_of,
)

SUBGROUPS = ("machine", "country", "source_quality")
PART_NAMES = {"val": "validation", "test": "test patients", "external": "external set"}


def compared(
    parts: Mapping[str, Sequence[FrameRecord]],
    labels: Sequence[str],
    logits: Mapping[str, Sequence[Mapping[str, np.ndarray]]],
) -> dict[str, Any]:
    """Compare losses part by part.

    Args:
        parts: the frames' records by part; `val` is what each run is calibrated on.
        labels: the recipe's, in the order of the logits.
        logits: for each losses, for each seed, the logits (frames, classes) by part.

    Returns:
        By part and losses: mean accuracy over seeds, its patient interval, the difference to the
        first losses with its interval, calibration error, accuracy by subgroup.
    """
    known = truth_of(parts["val"], labels)
    warm = {name: [best_temperature(run["val"], known) for run in runs]
            for name, runs in logits.items()}  # fmt: skip
    return {
        part: _part(records, labels, {n: [run[part] for run in logits[n]] for n in logits}, warm)
        for part, records in parts.items()
    }


def _part(
    records: Sequence[FrameRecord],
    labels: Sequence[str],
    logits: Mapping[str, Sequence[np.ndarray]],
    temperatures: Mapping[str, Sequence[float]],
) -> dict[str, Any]:
    truth, groups = truth_of(records, labels), [r.group for r in records]
    right = {
        name: np.mean([run.argmax(axis=1) == truth for run in runs], axis=0)
        for name, runs in logits.items()
    }
    first = next(iter(right))
    table: dict[str, Any] = {}
    for name, share in right.items():
        gain = share - right[first]
        errors = [
            expected_calibration_error(softmax(run, t), truth)
            for run, t in zip(logits[name], temperatures[name], strict=True)
        ]
        table[name] = {
            "accuracy_by_seed": [float((r.argmax(axis=1) == truth).mean()) for r in logits[name]],
            "accuracy": float(share.mean()),
            "accuracy_95": list(patient_bootstrap(_mean_of(share), groups)),
            f"gain_over_{first}": float(gain.mean()),
            f"gain_over_{first}_95": list(patient_bootstrap(_mean_of(gain), groups)),
            "calibration_error": float(np.mean(errors)),
            "by": {field: _by(records, field, share) for field in SUBGROUPS},
        }
    return table


def _by(records: Sequence[FrameRecord], field: str, share: np.ndarray) -> dict[str, Any]:
    keys = np.array([getattr(r, field) or "unknown" for r in records])
    return {
        str(key): {"frames": int((keys == key).sum()), "accuracy": float(share[keys == key].mean())}
        for key in sorted(set(keys))
    }


def _mean_of(values: np.ndarray) -> Any:
    return lambda chosen: float(values[chosen].mean())


def markdown(report: Mapping[str, Any]) -> str:
    """Return an ablation's report (`ablation.json`) as Markdown tables, one a part."""
    lines: list[str] = []
    for part, table in report["parts"].items():
        first = next(iter(table))
        lines += [
            f"| {PART_NAMES.get(part, part)} | accuracy, mean over {report['seeds']} seeds | "
            f"seeds | against `{first}` | calibration error |",
            "|" + "---|" * 5,
        ]
        for name, row in table.items():
            seeds = f"{_percent(min(row['accuracy_by_seed']))} to "
            seeds += _percent(max(row["accuracy_by_seed"]))
            gain, (low, high) = row[f"gain_over_{first}"], row[f"gain_over_{first}_95"]
            points = "-" if name == first else f"{_points(gain)} ({_points(low)}, {_points(high)})"
            lines.append(
                f"| `{name}` | {_percent(row['accuracy'])} "
                f"({' to '.join(map(_percent, row['accuracy_95']))}) | {seeds} | {points} | "
                f"{_percent(row['calibration_error'])} |"
            )
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"

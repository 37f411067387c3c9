"""The table of an ablation: accuracies over seeds, and differences paired by frame."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord
from export.evaluation import (
    SUBGROUPS,
    best_temperature,
    crossed_bootstrap,
    expected_calibration_error,
    softmax,
    truth_of,
)

PART_NAMES = {"val": "validation", "test": "test patients", "external": "external set"}


def compared(
    parts: Mapping[str, Sequence[FrameRecord]],
    labels: Sequence[str],
    logits: Mapping[str, Sequence[Mapping[str, np.ndarray]]],
    rivals: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Compare objectives part by part.

    Args:
        parts: the frames' records by part; `val` is what each run is calibrated on.
        labels: the recipe's, in the order of the logits.
        logits: for each objective, for each seed, the logits (frames, classes) by part.
        rivals: for each objective, those that it is compared with.

    Returns:
        By part and objective: mean accuracy over seeds, the gains over its rivals (seed by seed and
        frame by frame), each with an interval over patients and seeds; calibration error, accuracy
        by subgroup.
    """
    known = truth_of(parts["val"], labels)
    warm = {name: [best_temperature(run["val"], known) for run in runs]
            for name, runs in logits.items()}  # fmt: skip
    return {
        part: _part(
            records, labels, {n: [run[part] for run in logits[n]] for n in logits}, warm, rivals
        )
        for part, records in parts.items()
    }


def _part(
    records: Sequence[FrameRecord],
    labels: Sequence[str],
    logits: Mapping[str, Sequence[np.ndarray]],
    temperatures: Mapping[str, Sequence[float]],
    rivals: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    truth, groups = truth_of(records, labels), [r.group for r in records]
    right = {
        name: np.array([run.argmax(axis=1) == truth for run in runs], dtype=np.float64)
        for name, runs in logits.items()
    }
    table: dict[str, Any] = {}
    for name, hits in right.items():
        errors = [
            expected_calibration_error(softmax(run, t), truth)
            for run, t in zip(logits[name], temperatures[name], strict=True)
        ]
        table[name] = {
            "accuracy_by_seed": hits.mean(axis=1).tolist(),
            "accuracy": float(hits.mean()),
            "accuracy_95": list(crossed_bootstrap(hits, groups)),
            "gains_over": {
                other: {
                    "gain": float((hits - right[other]).mean()),
                    "gain_95": list(crossed_bootstrap(hits - right[other], groups)),
                }
                for other in rivals[name]
            },
            "calibration_error": float(np.mean(errors)),
            "by": {field: _by(records, field, hits.mean(axis=0)) for field in SUBGROUPS},
        }
    return table


def _by(records: Sequence[FrameRecord], field: str, share: np.ndarray) -> dict[str, Any]:
    keys = np.array([getattr(r, field) or "unknown" for r in records])
    return {
        str(key): {"frames": int((keys == key).sum()), "accuracy": float(share[keys == key].mean())}
        for key in sorted(set(keys))
    }


def markdown(report: Mapping[str, Any]) -> str:
    """Return an ablation's report (`ablation.json`) as Markdown tables, one a part."""
    lines: list[str] = []
    for part, table in report["parts"].items():
        lines += [
            f"| {PART_NAMES.get(part, part)} | accuracy, mean over {report['seeds']} seeds | "
            "seeds | gain in points | calibration error |",
            "|" + "---|" * 5,
        ]
        for name, row in table.items():
            seeds = f"{_percent(min(row['accuracy_by_seed']))} to "
            seeds += _percent(max(row["accuracy_by_seed"]))
            lines.append(
                f"| `{name}` | {_percent(row['accuracy'])}"
                f"{_interval(row['accuracy_95'], _percent, ' to ')} | {seeds} | {_gains(row)} | "
                f"{_percent(row['calibration_error'])} |"
            )
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _gains(row: Mapping[str, Any]) -> str:
    gains = [
        f"{_points(over['gain'])}{_interval(over['gain_95'], _points, ', ')} over `{other}`"
        for other, over in row["gains_over"].items()
    ]
    return "; ".join(gains) or "-"


def _interval(bounds: Sequence[float | None], shown: Callable[[float], str], between: str) -> str:
    known = [shown(bound) for bound in bounds if bound is not None]
    return f" ({between.join(known)})" if known else ""


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"

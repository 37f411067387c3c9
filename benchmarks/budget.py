"""A budget file, so that CI on a target can gate.

    p99_ms = 5.0            # at the top: every student behind the SDK that the run measured
    peak_mb = 120.0
    accuracy = 0.95

    ["student-int8/sdk"]    # or one subject by its name
    p99_ms = 4.0

`p99_ms` is paced at 30 frames a second where that was measured, else back to back; `accuracy` is of
the test part, else of the first part that is labelled.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchError

Lookup = Callable[[dict[str, Any], str], float | None]


@dataclass(frozen=True)
class Line:
    """One limit and what was measured; a figure that is missing misses its budget."""

    subject: str
    metric: str
    limit: float
    measured: float | None
    met: bool


def _figure(*keys: str) -> Lookup:
    def find(record: dict[str, Any], subject: str) -> float | None:
        values = {figure["id"]: figure["value"] for figure in record["figures"]}
        found = (values.get(f"{subject}|{key}") for key in keys)
        return next((value for value in found if value is not None), None)

    return find


def _latency(percentile: str) -> Lookup:
    return _figure(
        f"paced-30fps|threads=1|end_to_end|{percentile}",
        f"single_stream|threads=1|end_to_end|{percentile}",
    )


def _quality(name: str) -> Lookup:
    def find(record: dict[str, Any], subject: str) -> float | None:
        entries = [e for e in record["quality"] if e["subject"] == subject and e[name]]
        entries.sort(key=lambda entry: entry["part"] != "test")
        value = entries[0][name]["value"] if entries else None
        return None if value is None else float(value)

    return find


def _paced_tail(record: dict[str, Any], subject: str) -> float | None:
    values = [_figure(f"paced-30fps|threads=1|end_to_end|{p}")(record, subject) for p in _TAIL]
    return None if None in values or not values[1] else values[0] / values[1]


_TAIL = ("p99", "p50")


def _file_bytes(record: dict[str, Any], subject: str) -> float | None:
    entry = next((s for s in record["subjects"] if s["name"] == subject), {})
    return entry.get("file_bytes")


#: Metric -> (how to find it, whether less is better).
METRICS: dict[str, tuple[Lookup, bool]] = {
    "p50_ms": (_latency("p50"), True),
    "p90_ms": (_latency("p90"), True),
    "p99_ms": (_latency("p99"), True),
    "max_ms": (_latency("max"), True),
    "peak_mb": (_figure("memory|process|peak"), True),
    "above_imports_mb": (_figure("memory|process|above_imports"), True),
    "above_imports_and_frame_mb": (_figure("memory|process|above_imports_and_frame"), True),
    "growth_kib_per_1000": (_figure("soak|memory|growth_per_1000"), True),
    "overhead_us": (_figure("overhead|overhead|p50"), True),
    "overhead_percent": (_figure("overhead|overhead|share"), True),
    "times_read_bound": (_figure("overhead|times_read_bound|p50"), True),
    "paced_p99_over_p50": (_paced_tail, True),
    "cold_start_ms": (_figure("cold_start|total|p50"), True),
    "cpu_share_percent": (_figure("paced-30fps|threads=1|cpu|share_of_core"), True),
    "missed_percent": (_figure("paced-30fps|threads=1|deadline|missed"), True),
    "file_bytes": (_file_bytes, True),
    "accuracy": (_quality("accuracy"), False),
    "agreement": (_quality("agreement"), False),
    "coverage": (_quality("coverage"), False),
    "calibration_error": (_quality("calibration_error"), True),
}


def read_budget(path: Path) -> dict[str, dict[str, float]]:
    """Return limits by subject and metric.

    Raises:
        BenchError: `budget-invalid`, naming the entry.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError("budget-invalid", f"{path}: {error}") from error
    budget: dict[str, dict[str, float]] = {}
    for name, table in _leaves(tables):
        budget.setdefault(name, {}).update(_checked(path, name, table))
    if not any(budget.values()):
        raise BenchError("budget-invalid", f"{path}: no limit; allowed: {', '.join(METRICS)}")
    return budget


def _leaves(tables: dict[str, Any], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return the tables that hold limits; nested names are joined by a slash."""
    inner = {key: value for key, value in tables.items() if isinstance(value, dict)}
    own = {key: value for key, value in tables.items() if key not in inner}
    found = [(prefix, own)] if own else []
    for key, table in inner.items():
        found += _leaves(table, f"{prefix}/{key}" if prefix else key)
    return found


def _checked(path: Path, name: str, limits: dict[str, Any]) -> dict[str, float]:
    for key, value in limits.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if key not in METRICS or not number or not 0 <= value < float("inf"):
            raise BenchError(
                "budget-invalid",
                f"{path}: [{name}] {key} = {value!r}; allowed are finite numbers >= 0 for "
                f"{', '.join(METRICS)}",
            )
    return {key: float(value) for key, value in limits.items()}


def check_budget(record: dict[str, Any], budget: dict[str, dict[str, float]]) -> list[Line]:
    """Return every limit with what was measured; what was not measured is not met."""
    lines = []
    for subject, limits in _expanded(record, budget):
        for metric, limit in limits.items():
            find, less = METRICS[metric]
            measured = find(record, subject)
            met = measured is not None and (measured <= limit if less else measured >= limit)
            lines.append(Line(subject, metric, limit, measured, met))
    return lines


def _expanded(
    record: dict[str, Any], budget: dict[str, dict[str, float]]
) -> list[tuple[str, dict[str, float]]]:
    """Return the tables by subject; the top-level one holds for each student behind the SDK."""
    students = [s["name"] for s in record["subjects"] if s["runtime"] == "sdk"]
    found = []
    for name, limits in budget.items():
        names = [name] if name else students or ["(no student behind the SDK)"]
        found += [(subject, limits) for subject in names]
    return found

"""A budget file, so that CI on a target can gate.

    p99_ms = 5.0            # at the top: every student behind the SDK that the run measured;
                            # paced where that was measured, else back to back
    back_to_back_p50_ms = 1.0
    accuracy = 0.95         # of the test set, else of the user's own frames
    recall = 0.9            # of each label
    external_accuracy = 0.8
    external_recall.femur = 0.8  # of one; beside `external_recall` as "external_recall.femur"

    ["student-int8/sdk"]    # or one subject by its name
    p99_ms = 4.0

A limit is held against the worse bound of the figure's 95 % interval: a run that may be above the
limit doesn't meet it. `judge = "value"` at the top holds all against the figures themselves.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchError, why
from benchmarks.metrics import BY_LABEL, METRICS, Bounds, label_metric
from benchmarks.record.types import Budget, Judge, Record
from export.recipe.refusal import near

Limits = dict[str, dict[str, float]]

_KEYS = (
    "keys are of latency (p50_ms, back_to_back_p50_ms, ...), memory (peak_mb, ...), start, "
    "overhead, load, file size and quality (accuracy, ...): see docs/benchmarking.md#budgets"
)
_SIZE = re.compile(
    r"\d+ ?[x×] ?\d+|(^|[ _])(size|width|height|resolution|screen)(_|$)", re.IGNORECASE
)


@dataclass(frozen=True)
class Line:
    """One limit and what was measured; a figure that is missing misses its budget.

    ``judged`` is the number held against the limit: the worse bound, or ``measured`` itself where
    the figure is an observation (bytes, slowest frame, late frames, growth) or values are judged.
    ``scenario`` says how the frames came: the same key may be paced here and back to back there.
    """

    subject: str
    metric: str
    limit: float
    measured: float | None
    met: bool
    judged: float | None = None
    unit: str = ""
    scenario: str = ""


def read_budget(path: Path) -> Budget:
    """Return the limits of a file.

    Raises:
        BenchError: `budget-invalid`, naming the entry.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _invalid(path, f"can't be read: {why(error)}") from error
    except (ValueError, RecursionError) as error:
        raise _invalid(path, f"not TOML: {str(error)[:300]}") from error
    judge = tables.pop("judge", "bound")
    if judge not in ("bound", "value"):
        raise _invalid(path, f"judge = {judge!r}; allowed: bound, value")
    limits: Limits = {}
    for name, table in _leaves(tables):
        limits.setdefault(name, {}).update(_checked(path, name, table))
    if not any(limits.values()):
        raise _invalid(path, f"no limit; {_KEYS}")
    return Budget(limits, judge)


def _leaves(tables: Mapping[str, Any], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return the tables that hold limits; nested names are joined by a slash."""
    own: dict[str, Any] = {}
    inner: dict[str, Any] = {}
    for key, value in tables.items():
        if key in BY_LABEL and isinstance(value, dict):
            own |= {f"{key}.{label}": limit for label, limit in value.items()}
        else:
            (inner if isinstance(value, dict) else own)[key] = value
    leaves = [(prefix, own)] if own else []
    for key, table in inner.items():
        leaves += _leaves(table, f"{prefix}/{key}" if prefix else key)
    return leaves


def _checked(path: Path, name: str, limits: dict[str, Any]) -> dict[str, float]:
    for key, value in limits.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        where = f"{f'[{name}] ' if name else ''}{key} = {value!r}"[:200]
        if key not in METRICS and label_metric(key) is None:
            raise _invalid(path, f"{where}: no such key{_hint(key, METRICS)}; {_KEYS}")
        if not number or not 0 <= value < float("inf"):
            raise _invalid(path, f"{where}: allowed are finite numbers >= 0")
    return {key: float(value) for key, value in limits.items()}


def _hint(name: str, known: Iterable[str]) -> str:
    """Return which name may have been meant; a size is no part of a budget."""
    if _SIZE.search(name):
        return " (a frame size is chosen by `sonogaze-bench run --size`, and limits hold for it)"
    return near(name, known)


def _invalid(path: Path, text: str) -> BenchError:
    return BenchError("budget-invalid", f"{path}: {text}")


def check_subjects(budget: Budget | None, names: Iterable[str]) -> None:
    """Refuse limits for a subject that a run doesn't have; one that failed is a limit missed.

    Args:
        budget: as it was read.
        names: of the run's subjects.

    Raises:
        BenchError: `subject-unknown`, listing the names.
    """
    known = list(names)
    for name in budget.limits if budget else ():
        if name and name not in known:
            raise BenchError(
                "subject-unknown",
                f"the budget has limits for [{name[:100]}]{_hint(name, known)}; the subjects of "
                f"this run are {', '.join(known) or 'none'}",
            )


def check_applies(budget: Budget | None, record: Record) -> None:
    """Refuse a budget for a record whose figures it can't be about.

    Raises:
        BenchError: `record-unsuitable` for a record of the pixel kernel alone; `subject-unknown`.
    """
    if budget and record.kind != "models":
        raise BenchError(
            "record-unsuitable",
            "a budget applies to records of `sonogaze-bench run`, and this one is of "
            f"`sonogaze-bench {record.kind}`",
        )
    check_subjects(budget, [subject.name for subject in record.subjects])


def check_budget(record: Record, budget: Budget) -> list[Line]:
    """Return every limit with what was measured; what was not measured is not met."""
    return [
        _line(record, subject, metric, limit, budget.judge)
        for subject, limits in _expanded(record, budget.limits)
        for metric, limit in limits.items()
    ]


def _line(record: Record, subject: str, metric: str, limit: float, judge: Judge) -> Line:
    rule = METRICS.get(metric) or label_metric(metric)
    if rule is None:  # a record's own budget may be older than a metric's name
        return Line(subject, metric, limit, None, False)
    bounds = rule.find(record, subject) or Bounds()
    observed = judge == "value" or rule.observed
    judged = bounds.value if observed else bounds.high if rule.less else bounds.low
    met = judged is not None and (judged <= limit if rule.less else judged >= limit)
    return Line(subject, metric, limit, bounds.value, met, judged, rule.unit, bounds.scenario)


def _expanded(record: Record, limits: Limits) -> list[tuple[str, dict[str, float]]]:
    """Return the tables by subject; the top-level one holds for each student behind the SDK."""
    students = [s.name for s in record.subjects if s.runtime == "sdk"]
    everyone = students or ["(no student behind the SDK)"]
    return [
        (subject, table)
        for name, table in limits.items()
        for subject in ([name] if name else everyone)
    ]

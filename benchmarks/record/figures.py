"""From the raw results of fresh processes to figures with their spread.

A figure's value pools the steady samples of all processes; its interval comes from the spread of
the same figure between the processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from benchmarks.record.jobs import Job, Run
from benchmarks.record.outcomes import Outcome
from benchmarks.record.types import Better, Figure, Unit
from benchmarks.stats.intervals import between_processes
from benchmarks.stats.percentiles import PERCENTILES, nearest_rank, samples_needed

Kind = TypeVar("Kind", bound=Outcome)
K = TypeVar("K")
T = TypeVar("T")


def make_figure(
    key: Sequence[str],
    unit: Unit,
    value: float,
    processes: Sequence[float],
    *,
    better: Better = "lower",
    samples: int | None = None,
    floor: float = 0.0,
    enough_samples: bool | None = None,
) -> Figure:
    """Return one figure with its interval.

    Args:
        key: subject, scenario, stage and metric; joined by ``|`` it names the figure for ever.
        unit: of ``value``.
        value: of all samples pooled.
        processes: the same figure of each fresh process.
        better: which direction is.
        samples: how many raw samples stand behind it, where it has such.
        floor: the clock's resolution in ``unit``.
        enough_samples: whether they suffice, of a percentile.

    Raises:
        ValueError: a number that is not finite.
    """
    interval = between_processes(value, processes, floor)
    return Figure(
        id="|".join(key),
        unit=unit,
        better=better,
        value=float(value),
        low=interval.low,
        high=interval.high,
        confidence=interval.confidence,
        processes=tuple(float(p) for p in processes),
        samples=samples,
        enough_samples=enough_samples,
    )


def percentile_figure(
    key: Sequence[str],
    unit: Unit,
    percentile: float,
    per_process: Sequence[np.ndarray],
    *,
    better: Better = "lower",
    floor: float = 0.0,
) -> Figure:
    """Return a percentile of all processes' samples pooled, `(n,)` each."""
    pooled = np.concatenate(per_process)
    return make_figure(
        [*key, f"p{percentile:g}"],
        unit,
        nearest_rank(pooled, percentile),
        [nearest_rank(values, percentile) for values in per_process],
        better=better,
        samples=pooled.size,
        floor=floor,
        enough_samples=pooled.size >= samples_needed(percentile),
    )


def in_order(percentiles: Sequence[Figure]) -> list[Figure]:
    """Return figures of rising percentiles, none bounded below the one before it.

    Each interval is a model of how processes scatter, and a few restless ones put the lower bound
    of p99 below that of p50. The true p99 is never below the true p50, so where p50's bound holds,
    it holds for p99 too. Upper bounds, which budgets are judged by, stay as they are.
    """
    ordered: list[Figure] = []
    for figure in percentiles:
        least = ordered[-1].low if ordered else None
        if least is not None and figure.low is not None and figure.low < least:
            figure = replace(figure, low=least)
        ordered.append(figure)
    return ordered


def latency_figures(
    key: Sequence[str], per_process_ns: Sequence[Sequence[int]], clock_ns: float
) -> list[Figure]:
    """Return p50, p90, p99 and max in ms of steady samples, one list a process; none is dropped."""
    lists = [np.asarray(values, np.float64) / 1e6 for values in per_process_ns if len(values)]
    if not lists:
        return []
    floor = clock_ns / 1e6
    figures = in_order([percentile_figure(key, "ms", p, lists, floor=floor) for p in PERCENTILES])
    peaks = [float(values.max()) for values in lists]
    samples = sum(values.size for values in lists)
    slowest = make_figure([*key, "max"], "ms", max(peaks), peaks, samples=samples, better="neither")
    return [*figures, slowest]


def mean_figure(
    key: Sequence[str], unit: Unit, values: Iterable[float], *, better: Better = "lower"
) -> Figure:
    """Return the mean of one number a process."""
    numbers = [float(value) for value in values]
    return make_figure(key, unit, sum(numbers) / len(numbers), numbers, better=better)


def median_figure(
    key: Sequence[str],
    unit: Unit,
    values: Iterable[float],
    *,
    better: Better = "lower",
    floor: float = 0.0,
) -> Figure:
    """Return the median of one number a process."""
    numbers = [float(value) for value in values]
    middle = float(np.median(numbers))
    return make_figure(key, unit, middle, numbers, better=better, floor=floor)


def outcomes_of(runs: Sequence[Run], kind: type[Kind]) -> list[tuple[Run, Kind]]:
    """Return the runs that came to this kind of outcome, with it; failed ones have none."""
    return [(run, run.result.outcome) for run in runs if isinstance(run.result.outcome, kind)]


def grouped(items: Iterable[tuple[Run, T]], key: Callable[[Job], K]) -> dict[K, list[T]]:
    """Return what runs came to by a key of their jobs, in order of first appearance."""
    groups: dict[K, list[T]] = {}
    for run, item in items:
        groups.setdefault(key(run.job), []).append(item)
    return groups

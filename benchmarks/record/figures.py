"""From the raw results of fresh processes to figures with their spread.

A figure's value pools the steady samples of all processes; its interval comes from the spread of
the same figure between the processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.stats.intervals import between_processes
from benchmarks.stats.percentiles import PERCENTILES, nearest_rank, samples_needed
from benchmarks.stats.steady import find_steady

Figure = dict[str, Any]
Run = dict[str, Any]


def make_figure(
    key: Sequence[str],
    unit: str,
    value: float,
    processes: Sequence[float],
    *,
    better: str = "lower",
    samples: int | None = None,
    floor: float = 0.0,
    **notes: Any,
) -> Figure:
    """Return one figure as JSON-ready data.

    Args:
        key: subject, scenario, stage and metric; joined by ``|`` it names the figure for ever.
        unit: of ``value``.
        value: of all samples pooled.
        processes: the same figure of each fresh process.
        better: ``lower``, ``higher`` or ``neither``.
        samples: how many raw samples stand behind it, where it has such.
        floor: the clock's resolution in ``unit``.
        **notes: further entries, as ``enough_samples``.

    Raises:
        ValueError: a number that is not finite.
    """
    interval = between_processes(value, processes, floor)
    return {
        "id": "|".join(key),
        "unit": unit,
        "better": better,
        "value": float(value),
        "low": interval.low,
        "high": interval.high,
        "confidence": interval.confidence,
        "processes": [float(p) for p in processes],
        "samples": samples,
        **notes,
    }


def steady_part(service_ns: Sequence[int], detect: bool) -> tuple[int, bool]:
    """Return how many first queries are warm-up, and whether a steady state was reached."""
    if not detect:
        return 0, True
    steady = find_steady(service_ns)
    return steady.warmup, steady.reached


def latency_figures(
    key: Sequence[str], per_process_ns: Sequence[Sequence[int]], clock_ns: float
) -> list[Figure]:
    """Return p50, p90, p99 and max in ms of steady samples, one list a process; none is dropped."""
    lists = [np.asarray(values, np.float64) / 1e6 for values in per_process_ns if len(values)]
    if not lists:
        return []
    pooled = np.concatenate(lists)
    figures = []
    for percentile in PERCENTILES:
        figures.append(
            make_figure(
                [*key, f"p{percentile:g}"],
                "ms",
                nearest_rank(pooled, percentile),
                [nearest_rank(values, percentile) for values in lists],
                samples=pooled.size,
                floor=clock_ns / 1e6,
                enough_samples=pooled.size >= samples_needed(percentile),
            )
        )
    peaks = [float(values.max()) for values in lists]
    figures.append(
        make_figure([*key, "max"], "ms", max(peaks), peaks, samples=pooled.size, better="neither")
    )
    return figures


def mean_figure(key: Sequence[str], unit: str, values: Iterable[float], **more: Any) -> Figure:
    """Return the mean of one number a process."""
    numbers = [float(value) for value in values]
    return make_figure(key, unit, sum(numbers) / len(numbers), numbers, **more)


def median_figure(key: Sequence[str], unit: str, values: Iterable[float], **more: Any) -> Figure:
    """Return the median of one number a process."""
    numbers = [float(value) for value in values]
    return make_figure(key, unit, float(np.median(numbers)), numbers, **more)


def grouped(runs: Sequence[Run], key: Callable[[Run], Any]) -> dict[Any, list[Run]]:
    """Return the runs that succeeded by ``key``, in order of first appearance."""
    groups: dict[Any, list[Run]] = {}
    for run in runs:
        if run["result"].get("ok"):
            groups.setdefault(key(run), []).append(run)
    return groups

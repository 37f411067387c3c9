"""Every figure of the models suite, from its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.record.figures import grouped, median_figure, outcomes_of
from benchmarks.record.jobs import Run
from benchmarks.record.outcomes import ColdStart, Memory, Overhead, Soak
from benchmarks.record.types import Figure
from benchmarks.suites.models.timing_figures import timing_figures

#: A page: memory is never known better, even where all processes say the same.
_PAGE_MB = 4096 / 1e6
#: What a frame may cost besides inference and reading its bytes, in microseconds.
_FIXED_US = 50


def all_figures(runs: Sequence[Run]) -> list[Figure]:
    """Return every figure that the runs support; failed runs support none."""
    figures = timing_figures(runs) + _memory_figures(runs)
    for name, starts in grouped(outcomes_of(runs, ColdStart), lambda job: job.name).items():
        figures += _cold_figures(name, starts)
    for name, parts in grouped(outcomes_of(runs, Overhead), lambda job: job.name).items():
        figures += _overhead_figures(name, parts)
    for name, soaks in grouped(outcomes_of(runs, Soak), lambda job: job.name).items():
        figures += _soak_figures(name, soaks)
    return figures


def _memory_figures(runs: Sequence[Run]) -> list[Figure]:
    """Return peak, the imports' peak and their difference in MB (10^6 bytes)."""
    peaks = grouped(_peaks_mb(runs), lambda job: job.name)
    figures = []
    for name, pairs in peaks.items():
        if name.startswith("imports/"):
            continue
        imports = [peak for peak, _ in peaks.get(f"imports/{name.split('/')[1]}", [])]
        figures += _memory_of(name, pairs, imports)
    return figures


def _peaks_mb(runs: Sequence[Run]) -> list[tuple[Run, tuple[float, float]]]:
    """Return peak and the caller's frame in MB of each memory run whose peak could be read."""
    return [
        (run, (run.result.process.vm_hwm_kib * 1024 / 1e6, (memory.frame_bytes or 0) / 1e6))
        for run, memory in outcomes_of(runs, Memory)
        if run.result.process is not None and run.result.process.vm_hwm_kib is not None
    ]


def _memory_of(
    name: str, pairs: Sequence[tuple[float, float]], imports: Sequence[float]
) -> list[Figure]:
    parts: dict[str, Sequence[float]] = {"peak": [peak for peak, _ in pairs]}
    if imports:
        base = float(np.median(imports))
        parts["imports"] = imports
        parts["above_imports"] = [peak - base for peak, _ in pairs]
        parts["above_imports_and_frame"] = [peak - base - frame for peak, frame in pairs]
    return [
        median_figure([name, "memory", "process", part], "MB", values, floor=_PAGE_MB)
        for part, values in parts.items()
    ]


def _cold_figures(name: str, starts: Sequence[ColdStart]) -> list[Figure]:
    phases = {
        phase: [start.phases_ns[phase] / 1e6 for start in starts] for phase in starts[0].phases_ns
    }
    phases["total"] = [sum(start.phases_ns.values()) / 1e6 for start in starts]
    return [
        median_figure([name, "cold_start", phase, "p50"], "ms", values)
        for phase, values in phases.items()
    ]


def _overhead_figures(name: str, parts: Sequence[Overhead]) -> list[Figure]:
    """Return medians in microseconds, and the two ratios that the SDK is held to.

    What the SDK adds is the median of the *differences* of each turn: a difference of medians would
    be too large where the parts are skewed, as median(a + b) is then above median(a) + median(b).
    """
    medians = [_overhead_medians(one.parts_ns) for one in parts]
    figures = [
        median_figure([name, "overhead", part, "p50"], "us", [m[part] for m in medians])
        for part in ("sdk", "kernel", "inference", "read", "overhead")
    ]
    if all("hot_overhead" in m for m in medians):
        hot = [m["hot_overhead"] for m in medians]
        figures.append(median_figure([name, "overhead", "hot_overhead", "p50"], "us", hot))
    shares = [100 * m["overhead"] / (m["kernel"] + m["inference"]) for m in medians]
    figures.append(median_figure([name, "overhead", "overhead", "share"], "%", shares))
    ratios = [(m["but_inference"] - _FIXED_US) / m["read"] for m in medians]
    figures.append(median_figure([name, "overhead", "times_read_bound", "p50"], "x", ratios))
    return figures


def _overhead_medians(parts_ns: Mapping[str, Sequence[int]]) -> dict[str, float]:
    parts = {key: np.asarray(values) / 1e3 for key, values in parts_ns.items()}
    parts["but_inference"] = parts["sdk"] - parts["inference"]
    parts["overhead"] = parts["but_inference"] - parts["kernel"]
    if "hot_sdk" in parts:  # not in records of before
        bare = parts["hot_kernel"] + parts["hot_inference"]
        parts["hot_overhead"] = parts["hot_sdk"] - bare
    # the first fifth warms the caches
    medians = {key: float(np.median(values[len(values) // 5 :])) for key, values in parts.items()}
    medians["read"] = min(value for key, value in medians.items() if key.startswith("read_"))
    return medians


def _soak_figures(name: str, soaks: Sequence[Soak]) -> list[Figure]:
    slopes = [one.growth_kib_per_1000 for one in soaks if one.growth_kib_per_1000 is not None]
    key = [name, "soak", "memory", "growth_per_1000"]
    return [median_figure(key, "KiB", slopes)] if slopes else []

"""Figures of each scenario, from its runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.record.figures import (
    Figure,
    Run,
    grouped,
    latency_figures,
    make_figure,
    mean_figure,
    median_figure,
    steady_part,
)
from export.proportions import clustered_interval

_STAGES = ("preprocess", "inference")
#: A page: memory is never known better, even where all processes say the same.
_PAGE_MB = 4096 / 1e6


def all_figures(runs: Sequence[Run]) -> list[Figure]:
    """Return every figure that the runs support; failed runs support none."""
    figures: list[Figure] = []
    tasks = grouped(runs, lambda run: run["job"]["task"])
    for task in ("single_stream", "paced", "multi_stream"):
        for group in grouped(tasks.get(task, []), _scenario).values():
            figures += _timing_figures(_scenario(group[0]), group, task == "single_stream")
    figures += _memory_figures(tasks.get("memory", []))
    for name, make in (
        ("cold_start", _cold_figures),
        ("overhead", _overhead_figures),
        ("soak", _soak_figures),
    ):
        for key, group in grouped(tasks.get(name, []), lambda run: run["job"]["name"]).items():
            figures += make(key, group)
    return figures


def _scenario(run: Run) -> tuple[str, str, str]:
    job = run["job"]
    detail = [job["task"]]
    if "fps" in job:
        detail.append(f"{job['fps']:g}fps")
    if "streams" in job:
        detail.append(f"{job['streams']}streams")
    return job["name"], "-".join(detail), f"threads={job['threads']}"


def _timing_figures(key: tuple[str, str, str], runs: list[Run], detect: bool) -> list[Figure]:
    results = [run["result"] for run in runs]
    clock_ns = max(result["clock_ns"] for result in results)
    cuts = []
    for result in results:
        warmup, reached = steady_part(result["service_ns"], detect)
        result["warmup"], result["steady"] = warmup, reached
        cuts.append(warmup)
    figures = []
    for stage, lists in _stage_lists(results).items():
        steady = [values[cut:] for values, cut in zip(lists, cuts, strict=True)]
        figures += latency_figures([*key, stage], steady, clock_ns)
    figures += _cost_figures(key, results, paced=not detect)
    return figures


def _stage_lists(results: Sequence[dict]) -> dict[str, list[list[int]]]:
    """Return raw nanoseconds by stage, one list a process; Python is what the stages leave."""
    lists = {"end_to_end": [result["service_ns"] for result in results]}
    # a model that takes no frame has no preprocessing to time
    told = [s for s in _STAGES if all(s in result["stages_ns"] for result in results)]
    for stage in told:
        lists[stage] = [result["stages_ns"][stage] for result in results]
    if told:
        lists["python"] = [_remainder(result, told) for result in results]
    if all(result["response_ns"] for result in results):
        lists["response"] = [result["response_ns"] for result in results]
    return lists


def _remainder(result: dict, stages: Sequence[str]) -> list[int]:
    parts = zip(*(result["stages_ns"][stage] for stage in stages), strict=True)
    wholes = zip(result["service_ns"], parts, strict=True)
    return [max(0, whole - sum(inner)) for whole, inner in wholes]


def _cost_figures(key: tuple[str, ...], results: list[dict], paced: bool) -> list[Figure]:
    counts = [len(result["service_ns"]) for result in results]
    figures = [
        mean_figure(
            [*key, "cpu", "per_frame"],
            "ms",
            [r["cpu_ns"] / 1e6 / n for r, n in zip(results, counts, strict=True)],
        )
    ]
    joules = [r["energy_j"] for r in results]
    if all(value is not None for value in joules):
        per_frame = [1000 * value / n for value, n in zip(joules, counts, strict=True)]
        figures.append(mean_figure([*key, "energy", "package_per_frame"], "mJ", per_frame))
    if not paced:
        rates = [n / (r["wall_ns"] / 1e9) for r, n in zip(results, counts, strict=True)]
        figures.append(mean_figure([*key, "throughput", "mean"], "fps", rates, better="higher"))
        return figures
    shares = [100 * r["cpu_ns"] / r["wall_ns"] for r in results]
    figures.append(mean_figure([*key, "cpu", "share_of_core"], "%", shares))
    figures.append(_missed_figure((*key, "deadline", "missed"), results, counts))
    return figures


def _missed_figure(key: tuple[str, ...], results: list[dict], counts: list[int]) -> Figure:
    """Return the share of late frames; none late of a thousand is no interval from 0 to 0."""
    missed = [result["missed"] for result in results]
    late = np.concatenate([np.arange(n) < m for m, n in zip(missed, counts, strict=True)])
    process = np.repeat(np.arange(len(counts)), counts).astype(str)
    low, high = clustered_interval(late, process.tolist())
    return make_figure(
        key,
        "%",
        100 * sum(missed) / sum(counts),
        [100 * m / n for m, n in zip(missed, counts, strict=True)],
        samples=sum(counts),
        better="neither",
        low=100 * low,
        high=100 * high,
    )


def _memory_figures(runs: Sequence[Run]) -> list[Figure]:
    """Return peak, the imports' peak and their difference in MB (10^6 bytes)."""
    readable = [run for run in runs if run["result"].get("vm_hwm_kib") is not None]
    groups = grouped(readable, lambda run: run["job"]["name"])
    figures = []
    for name, group in groups.items():
        if name.startswith("imports/"):
            continue
        key = (name, "memory", "process")
        peaks = [_peak_mb(run) for run in group]
        figures.append(median_figure([*key, "peak"], "MB", peaks, floor=_PAGE_MB))
        imports = [_peak_mb(run) for run in groups.get(f"imports/{name.split('/')[1]}", [])]
        if not imports:
            continue
        above = [peak - float(np.median(imports)) for peak in peaks]
        frames = [run["result"].get("frame_bytes", 0) / 1e6 for run in group]
        without = [value - frame for value, frame in zip(above, frames, strict=True)]
        for part, values in (
            ("imports", imports),
            ("above_imports", above),
            ("above_imports_and_frame", without),
        ):
            figures.append(median_figure([*key, part], "MB", values, floor=_PAGE_MB))
    return figures


def _peak_mb(run: Run) -> float:
    return float(run["result"]["vm_hwm_kib"]) * 1024 / 1e6


def _cold_figures(name: str, runs: list[Run]) -> list[Figure]:
    phases = [run["result"]["phases_ns"] for run in runs]
    figures = [
        median_figure([name, "cold_start", phase, "p50"], "ms", [p[phase] / 1e6 for p in phases])
        for phase in phases[0]
    ]
    totals = [sum(p.values()) / 1e6 for p in phases]
    return [*figures, median_figure([name, "cold_start", "total", "p50"], "ms", totals)]


def _overhead_figures(name: str, runs: list[Run]) -> list[Figure]:
    """Return medians in microseconds, and the two ratios that the SDK is held to.

    What the SDK adds is the median of the *differences* of each turn: a difference of medians would
    be too large where the parts are skewed, as median(a + b) is then above median(a) + median(b).
    """
    middles = [_overhead_medians(run["result"]["parts_ns"]) for run in runs]
    figures = [
        median_figure([name, "overhead", part, "p50"], "us", [m[part] for m in middles])
        for part in ("sdk", "kernel", "inference", "read", "overhead")
    ]
    shares = [100 * m["overhead"] / (m["kernel"] + m["inference"]) for m in middles]
    figures.append(median_figure([name, "overhead", "overhead", "share"], "%", shares))
    ratios = [(m["but_inference"] - 50) / m["read"] for m in middles]
    figures.append(median_figure([name, "overhead", "times_read_bound", "p50"], "x", ratios))
    return figures


def _overhead_medians(parts_ns: dict[str, list[int]]) -> dict[str, float]:
    parts = {key: np.asarray(values) / 1e3 for key, values in parts_ns.items()}
    parts["but_inference"] = parts["sdk"] - parts["inference"]
    parts["overhead"] = parts["but_inference"] - parts["kernel"]
    found = {key: float(np.median(values[len(values) // 5 :])) for key, values in parts.items()}
    found["read"] = min(value for key, value in found.items() if key.startswith("read_"))
    return found


def _soak_figures(name: str, runs: list[Run]) -> list[Figure]:
    growths = [r["result"]["growth_kib_per_1000"] for r in runs]
    known = [growth for growth in growths if growth is not None]
    if not known:
        return []
    return [median_figure([name, "soak", "memory", "growth_per_1000"], "KiB", known)]

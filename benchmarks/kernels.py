"""The preprocessing suite in fresh processes, as a record that `compare` reads."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.errors import BenchError
from benchmarks.machine.facts import state_at_start, throttle_count
from benchmarks.machine.speed import reference_ms
from benchmarks.measure.clock import SystemClock
from benchmarks.plan import base_job
from benchmarks.processes import Launcher
from benchmarks.record.build import Measured, build_record
from benchmarks.record.figures import Figure, grouped, make_figure
from benchmarks.stats.percentiles import nearest_rank, samples_needed

Advance = Callable[[str, int, int], None]
PROCESSES = 8  # so that 15 % is found beside other load too
_TIMEOUT_S = 600.0

#: Only the SDK's own way can become worse; the others are the measure it is held against.
_JUDGED = {"sdk", "sdk_measured"}


@dataclass(frozen=True)
class KernelRequest:
    """What to time: pixel formats by name, frame sizes, samples of each way a process."""

    quick: bool
    formats: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    samples: int
    seed: int = 0


def request(quick: bool, formats: Sequence[str] = (), seed: int = 0) -> KernelRequest:
    """Return the request of a mode; all formats unless some are named.

    Raises:
        BenchError: `format-unknown`.
    """
    from benchmarks.preprocess.cases import FORMATS, SIZES

    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise BenchError("format-unknown", f"--formats {unknown}: allowed {', '.join(FORMATS)}")
    sizes = ((1920, 1080),) if quick else tuple(SIZES)
    return KernelRequest(quick, tuple(formats) or FORMATS, sizes, 24 if quick else 36, seed)


def run_kernels(wanted: KernelRequest, launcher: Launcher, advance: Advance) -> dict[str, Any]:
    """Measure in fresh processes and return the record; a partial one after Ctrl-C.

    Raises:
        KeyboardInterrupt: interrupted before anything was measured.
    """
    clock, started = SystemClock(), time.monotonic()
    state = {
        "start": state_at_start(),
        "throttle_start": throttle_count(),
        "reference_start_ms": reference_ms(clock),
        "energy": "not measured by this suite",
    }
    jobs, runs = _jobs(wanted), []
    complete = False
    try:
        for order, job in enumerate(jobs):
            advance(f"preprocess  {job['size'][0]}x{job['size'][1]}", order, len(jobs))
            runs.append({"job": {"order": order, **job}, "result": launcher(job)})
        complete = True
    except KeyboardInterrupt:
        if not runs:
            raise
    state["throttle_end"] = throttle_count()
    state["reference_end_ms"] = reference_ms(clock) if complete else None
    state["wall_s"] = round(time.monotonic() - started, 1)
    return _record(wanted, len(jobs), complete, runs, state)


def _jobs(wanted: KernelRequest) -> list[dict[str, Any]]:
    more = {"formats": list(wanted.formats), "samples": wanted.samples}
    jobs = [
        {
            **base_job("preprocess", None, 1, size=list(size), **more),
            "name": "kernel",
            "process": process,
            "timeout_s": _TIMEOUT_S,
        }
        for process in range(PROCESSES)
        for size in wanted.sizes
    ]
    random.Random(wanted.seed).shuffle(jobs)
    return jobs


def _record(
    wanted: KernelRequest, planned: int, complete: bool, runs: list[dict], state: dict[str, Any]
) -> dict[str, Any]:
    isas = {run["result"]["isa"] for run in runs if run["result"].get("ok")}
    work = f"{wanted.formats} {wanted.sizes} seed 0"
    measured = Measured(
        mode="quick" if wanted.quick else "full",
        seed=wanted.seed,
        planned=planned,
        complete=complete,
        runs=runs,
        subjects=[_subject(isa) for isa in sorted(isas)],
        frames={
            "kind": "generated",
            "description": "random pixels in 512 MiB, so that no cache holds the next frame",
            "frame": {"width": 1920, "height": 1080, "format": ",".join(wanted.formats)},
            "sha256": hashlib.sha256(work.encode()).hexdigest(),
        },
        state=state,
        kind="preprocess",
        figures=kernel_figures(runs),
    )
    return build_record(measured)


def _subject(isa: str) -> dict[str, Any]:
    return {
        "name": f"kernel/{isa}",
        "family": "kernel",
        "runtime": "kernel",
        "precision": "fp32",
        "weights": "none",
        "threads": [1],
        "unknown": {},
    }


def kernel_figures(runs: Sequence[dict[str, Any]]) -> list[Figure]:
    """Return p50 and p90 of each way on each case, and the SDK's ratio to read and to OpenCV."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for group in grouped(runs, lambda run: tuple(run["job"]["size"])).values():
        for run in group:
            for case in run["result"]["cases"]:
                key = f"{case['format']}-{case['width']}x{case['height']}"
                cases.setdefault(key, []).append(case)
    figures = []
    for key, group in cases.items():
        for way in group[0]["samples_us"]:
            figures += _way_figures(key, way, [case["samples_us"][way] for case in group])
        figures += _ratio_figures(key, group)
    return figures + _overall_figures(runs)


def _overall_figures(runs: Sequence[dict[str, Any]]) -> list[Figure]:
    """Return the geometric mean over all formats of one size: a change of the whole kernel."""
    figures = []
    for size, group in grouped(runs, lambda run: tuple(run["job"]["size"])).items():
        key = [f"all-{size[0]}x{size[1]}", "preprocess"]
        for name, unit in (("sdk", "us"), ("sdk_over_read", "x")):
            means = [_geometric_mean(run["result"]["cases"], name) for run in group]
            known = [mean for mean in means if mean is not None]
            if known:
                middle = float(np.median(known))
                figures.append(make_figure([*key, name, "geomean"], unit, middle, known))
    return figures


def _geometric_mean(cases: Sequence[dict[str, Any]], name: str) -> float | None:
    if name == "sdk":
        values = [nearest_rank(case["samples_us"]["sdk"], 50.0) for case in cases]
    else:
        values = [case[name] for case in cases if name in case]
    return float(np.exp(np.mean(np.log(values)))) if values else None


def _way_figures(key: str, way: str, lists: list[list[float]]) -> list[Figure]:
    pooled = np.concatenate(lists)
    return [
        make_figure(
            [key, "preprocess", way, f"p{percentile:g}"],
            "us",
            nearest_rank(pooled, percentile),
            [nearest_rank(values, percentile) for values in lists],
            samples=pooled.size,
            better="lower" if way in _JUDGED and percentile == 50 else "neither",
            enough_samples=pooled.size >= samples_needed(percentile),
        )
        for percentile in (50.0, 90.0)
    ]


def _ratio_figures(key: str, group: list[dict[str, Any]]) -> list[Figure]:
    figures = []
    for name in ("sdk_over_read", "opencv_over_sdk", "numpy_over_sdk"):
        values = [case[name] for case in group if name in case]
        if values:
            middle = float(np.median(values))
            better = "lower" if name == "sdk_over_read" else "neither"
            figures.append(
                make_figure([key, "preprocess", name, "p50"], "x", middle, values, better=better)
            )
    return figures

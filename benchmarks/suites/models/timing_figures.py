"""Latency, CPU, energy and late frames of the timed scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.record.figures import (
    grouped,
    latency_figures,
    make_figure,
    mean_figure,
    outcomes_of,
)
from benchmarks.record.jobs import Job, Run
from benchmarks.record.outcomes import Timing
from benchmarks.record.types import Figure
from benchmarks.stats.steady import find_steady
from export.proportions import clustered_interval

Scenario = tuple[str, str, str]

TASKS = ("single_stream", "paced", "multi_stream")
_STAGES = ("preprocess", "inference")


def with_warmup(run: Run) -> Run:
    """Return a timed run with its warm-up marked. Paced ones are warm before their first query."""
    timing = run.result.outcome
    if not isinstance(timing, Timing):
        return run
    warmup, reached = 0, True
    if run.job.task == "single_stream":
        steady = find_steady(timing.service_ns)
        warmup, reached = steady.warmup, steady.reached
    marked = replace(timing, warmup=warmup, steady=reached)
    return replace(run, result=replace(run.result, outcome=marked))


def timing_figures(runs: Sequence[Run]) -> list[Figure]:
    """Return the figures of every scenario; the runs' warm-up is marked."""
    figures: list[Figure] = []
    timings = outcomes_of(runs, Timing)
    for task in TASKS:
        of_task = [(run, timing) for run, timing in timings if run.job.task == task]
        for scenario, group in grouped(of_task, _scenario).items():
            figures += _latencies(scenario, group)
            figures += _costs(scenario, group)
            figures += (
                [_throughput(scenario, group)]
                if task == "single_stream"
                else _pacing(scenario, group)
            )
    return figures


def _scenario(job: Job) -> Scenario:
    detail = [job.task]
    if job.fps:
        detail.append(f"{job.fps:g}fps")
    if job.streams:
        detail.append(f"{job.streams}streams")
    return job.name, "-".join(detail), f"threads={job.threads}"


def _latencies(key: Scenario, timings: Sequence[Timing]) -> list[Figure]:
    clock_ns = max(timing.clock_ns for timing in timings)
    figures = []
    for stage, lists in _stage_lists(timings).items():
        pairs = zip(lists, timings, strict=True)
        steady = [values[timing.warmup or 0 :] for values, timing in pairs]
        figures += latency_figures([*key, stage], steady, clock_ns)
    return figures


def _stage_lists(timings: Sequence[Timing]) -> dict[str, list[list[int]]]:
    """Return raw nanoseconds by stage, one list a process; Python is what the stages leave."""
    lists = {"end_to_end": [timing.service_ns for timing in timings]}
    # a model that takes no frame has no preprocessing to time
    stages = [s for s in _STAGES if all(s in timing.stages_ns for timing in timings)]
    for stage in stages:
        lists[stage] = [timing.stages_ns[stage] for timing in timings]
    if stages:
        lists["python"] = [_remainder(timing, stages) for timing in timings]
    if all(timing.response_ns for timing in timings):
        lists["response"] = [timing.response_ns for timing in timings]
    return lists


def _remainder(timing: Timing, stages: Sequence[str]) -> list[int]:
    parts = zip(*(timing.stages_ns[stage] for stage in stages), strict=True)
    queries = zip(timing.service_ns, parts, strict=True)
    return [max(0, service - sum(inner)) for service, inner in queries]


def _costs(key: Scenario, timings: Sequence[Timing]) -> list[Figure]:
    cpu = [timing.cpu_ns / 1e6 / len(timing.service_ns) for timing in timings]
    figures = [mean_figure([*key, "cpu", "per_frame"], "ms", cpu)]
    energy = [
        1000 * timing.energy_j / len(timing.service_ns)
        for timing in timings
        if timing.energy_j is not None
    ]
    if len(energy) == len(timings):
        figures.append(mean_figure([*key, "energy", "package_per_frame"], "mJ", energy))
    return figures


def _throughput(key: Scenario, timings: Sequence[Timing]) -> Figure:
    rates = [len(timing.service_ns) / (timing.wall_ns / 1e9) for timing in timings]
    return mean_figure([*key, "throughput", "mean"], "fps", rates, better="higher")


def _pacing(key: Scenario, timings: Sequence[Timing]) -> list[Figure]:
    shares = [100 * timing.cpu_ns / timing.wall_ns for timing in timings]
    share = mean_figure([*key, "cpu", "share_of_core"], "%", shares)
    return [share, _missed(key, timings)]


def _missed(key: Scenario, timings: Sequence[Timing]) -> Figure:
    """Return the share of late frames; none late of a thousand is no interval from 0 to 0."""
    counts = [len(timing.service_ns) for timing in timings]
    missed = [timing.missed or 0 for timing in timings]
    late = np.concatenate([np.arange(n) < m for m, n in zip(missed, counts, strict=True)])
    process = np.repeat(np.arange(len(counts)), counts).astype(str)
    low, high = clustered_interval(late, process.tolist())
    figure = make_figure(
        [*key, "deadline", "missed"],
        "%",
        100 * sum(missed) / sum(counts),
        [100 * m / n for m, n in zip(missed, counts, strict=True)],
        samples=sum(counts),
        better="neither",
    )
    return replace(figure, low=100 * low, high=100 * high)

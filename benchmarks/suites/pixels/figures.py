"""Figures of the pixel suite: p50 and p90 of each way on each case, and the SDK's ratios."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.record.figures import (
    grouped,
    in_order,
    make_figure,
    median_figure,
    outcomes_of,
    percentile_figure,
)
from benchmarks.record.jobs import Run
from benchmarks.record.outcomes import PixelCase, Pixels
from benchmarks.record.types import Better, Figure
from benchmarks.stats.intervals import geometric_mean
from benchmarks.stats.percentiles import nearest_rank

#: Only the SDK's own way can become worse; the others are the measure it is held against.
_JUDGED = {"sdk", "sdk_measured"}
_SCENARIO = "preprocess"


def pixel_figures(runs: Sequence[Run]) -> list[Figure]:
    """Return every figure that the runs support, of all cases and then of each size as a whole."""
    by_size = grouped(outcomes_of(runs, Pixels), lambda job: job.size)
    cases: dict[str, list[PixelCase]] = {}
    for group in by_size.values():
        for process in group:
            for case in process.cases:
                key = f"{case.format}-{case.width}x{case.height}"
                cases.setdefault(key, []).append(case)
    figures: list[Figure] = []
    for key, repeats in cases.items():
        figures += _way_figures(key, repeats) + _ratio_figures(key, repeats)
    for (width, height), group in by_size.items():
        figures += _overall_figures(f"all-{width}x{height}", group)
    return figures


def _way_figures(key: str, repeats: Sequence[PixelCase]) -> list[Figure]:
    figures = []
    for way in repeats[0].samples_us:
        lists = [np.asarray(case.samples_us[way]) for case in repeats]
        ways = []
        for percentile in (50.0, 90.0):
            judged = way in _JUDGED and percentile == 50
            better: Better = "lower" if judged else "neither"
            name = [key, _SCENARIO, way]
            ways.append(percentile_figure(name, "us", percentile, lists, better=better))
        figures += in_order(ways)
    return figures


def _ratio_figures(key: str, repeats: Sequence[PixelCase]) -> list[Figure]:
    figures = []
    for name in ("sdk_over_read", "opencv_over_sdk", "numpy_over_sdk"):
        ratios = [getattr(case, name) for case in repeats]
        known = [ratio for ratio in ratios if ratio is not None]
        if known:
            better: Better = "lower" if name == "sdk_over_read" else "neither"
            figures.append(median_figure([key, _SCENARIO, name, "p50"], "x", known, better=better))
    for family in ("libyuv", "kornia", "pillow"):
        known = [case.over_sdk[family] for case in repeats if family in case.over_sdk]
        if known:
            way = [key, _SCENARIO, f"{family}_over_sdk", "p50"]
            figures.append(median_figure(way, "x", known, better="neither"))
    return figures


def _overall_figures(key: str, processes: Sequence[Pixels]) -> list[Figure]:
    """Return geometric means over all formats of one size: a change of the kernel as a whole."""
    medians = [
        geometric_mean([nearest_rank(case.samples_us["sdk"], 50.0) for case in one.cases])
        for one in processes
    ]
    ratios = [
        geometric_mean([c.sdk_over_read for c in one.cases if c.sdk_over_read is not None])
        for one in processes
        if any(case.sdk_over_read is not None for case in one.cases)
    ]
    figures = [make_figure([key, _SCENARIO, "sdk", "geomean"], "us", _middle(medians), medians)]
    if ratios:
        name = [key, _SCENARIO, "sdk_over_read", "geomean"]
        figures.append(make_figure(name, "x", _middle(ratios), ratios))
    return figures


def _middle(values: Sequence[float]) -> float:
    return float(np.median(values))

"""Size against accuracy and latency against accuracy, with published networks beside ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.record.types import SubjectEntry
from benchmarks.report.labels import Box, Label, around, place_labels
from benchmarks.report.plots import label, plain_log
from benchmarks.report.text import part_name
from benchmarks.report.view import View, quality_subject
from export import drawing

_COST = "weights on the disk, MB (published ones: 4 bytes a parameter)"
_LATENCY = "p50 end to end, back to back, one thread (ms)"
_MARK_HALF_PX = 6


@dataclass(frozen=True)
class Point:
    """Accuracy in percent against a cost; bounds are None where there is no interval."""

    name: str
    cost: float
    accuracy: float
    low: float | None
    high: float | None
    ours: bool = True


@cache
def published() -> dict[str, Any]:
    """Return the published networks with their sources, as `published.json` holds them."""
    return dict(json.loads(Path(__file__).with_name("published.json").read_text()))


def size_accuracy(view: View) -> str | None:
    """Return file size against accuracy, on the external part when it was scored."""
    part = _part(view)
    points: dict[str, Point] = {}
    for subject in view.subjects:
        if subject.runtime in ("sdk", "onnxruntime") and subject.file_bytes is not None and part:
            point = _point(view, subject, part, subject.file_bytes / 1e6)
            if point:
                points.setdefault(subject.artefact, replace(point, name=subject.artefact))
    if not points or part is None:
        return None
    others = published()["networks"] if part == "external" else []
    return scatter([*points.values(), *map(_published_point, others)], _COST, _label(part))


def latency_accuracy(view: View) -> str | None:
    """Return p50 end to end against accuracy."""
    part = _part(view)
    points = []
    for subject in view.subjects:
        latency = view.latency(subject.name)
        point = _point(view, subject, part, latency.p50.value) if latency and part else None
        points += [point] if point else []
    return scatter(points, _LATENCY, _label(part)) if points and part else None


def _part(view: View) -> str | None:
    return "external" if "external" in view.parts else next(iter(view.parts), None)


def _label(part: str) -> str:
    return f"accuracy on {part_name(part)} (%)"


def _point(view: View, subject: SubjectEntry, part: str, cost: float) -> Point | None:
    if subject.family == "teacher" and subject.precision != "fp32":
        return None  # the committed logits are the fp32 teacher's
    entry = view.quality(quality_subject(subject), part)
    if entry is None or entry.accuracy.value is None:
        return None
    share = entry.accuracy
    low, high = (None if bound is None else 100 * bound for bound in (share.low, share.high))
    return Point(subject.name, cost, 100 * entry.accuracy.value, low, high)


def _published_point(network: dict[str, Any]) -> Point:
    low, high = 100 * network["low"], 100 * network["high"]
    megabytes = 4 * network["parameters"] / 1e6
    return Point(network["name"], megabytes, (low + high) / 2, low, high, ours=False)


def scatter(points: Sequence[Point], x_label: str, y_label: str) -> str:
    """Return a plot of accuracy against a cost on a log axis: ours in the legend, others named."""
    ours = sum(point.ours for point in points)
    with drawing.axes(height=max(4.6, 0.26 * ours)) as axes:
        for index, point in enumerate(points):
            _draw(axes, point, index)
        axes.set_xscale("log")
        plain_log(axes.xaxis)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.margins(x=0.12, y=0.12)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        name_others(axes, points)
        return drawing.svg(axes.figure)


def _draw(axes: Any, point: Point, index: int) -> None:
    shade = drawing.colour(index) if point.ours else drawing.GREY
    if point.low is not None and point.high is not None:
        axes.vlines(point.cost, point.low, point.high, color=shade, lw=1.5)
    mark = drawing.mark(index) if point.ours else "_"
    name = {"label": label(point.name)} if point.ours else {}
    axes.plot(point.cost, point.accuracy, mark, color=shade, ms=8, **name)


def name_others(axes: Any, points: Sequence[Point]) -> Any:
    """Write the names of published networks beside their bars; return the texts."""
    others = [Label(p.name, p.cost, p.high or p.accuracy) for p in points if not p.ours]
    axes.figure.draw_without_rendering()  # the transforms are final from here on
    obstacles = [_bar(axes, point) for point in points]
    return place_labels(axes, others, obstacles, fontsize=8, color=drawing.GREY)


def _bar(axes: Any, point: Point) -> Box:
    mark = around(axes, point.cost, point.accuracy, _MARK_HALF_PX, _MARK_HALF_PX)
    if point.low is None or point.high is None:
        return mark
    low, high = (around(axes, point.cost, y, 2, 2) for y in (point.low, point.high))
    return Box(mark.left, min(mark.bottom, low.bottom), mark.right, max(mark.top, high.top))

"""The plots of the report, each an inline SVG, or None where nothing was measured for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.report.text import shortened
from benchmarks.report.view import View
from export import drawing

_TICKS = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99)
_BESIDE = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}


@dataclass(frozen=True)
class Series:
    """A line of a plot: every latency in ms, and how it is drawn."""

    name: str
    values: list[float]
    line: str = "-"


def latency_distributions(view: View) -> str | None:
    """Return every subject's latency against its percentile, both log: the tail fills the right."""
    series = [
        Series(label(s.name), view.services_ms(s.name, "single_stream"), drawing.line(index))
        for index, s in enumerate(view.subjects)
    ]
    return _percentile_plot(series, "latency, end to end, back to back, one thread (ms)")


def paced_against_back_to_back(view: View) -> str | None:
    """Return the main student's latency back to back and paced, and from the due instant."""
    if view.main_student is None:
        return None
    name = view.main_student.name
    series = [Series("back to back", view.services_ms(name, "single_stream"))]
    for fps in ("30", "60"):
        pace, words = f"paced-{fps}fps", f"paced at {fps} fps"
        series.append(Series(f"{words}, call to result", view.services_ms(name, pace)))
        series.append(Series(f"{words}, frame due to result", view.responses_ms(name, pace), "--"))
    return _percentile_plot(series, "latency (ms)", title=label(name))


def _percentile_plot(series: Sequence[Series], y_label: str, title: str = "") -> str | None:
    series = [one for one in series if one.values]
    if not series:
        return None
    most = max(len(one.values) for one in series)
    with drawing.axes(height=max(4.2, 0.24 * len(series))) as axes:
        for index, one in enumerate(series):
            _draw_percentiles(axes, one, drawing.colour(index))
        ticks = [tick for tick in _TICKS if tick < 100 * (1 - 0.5 / most)]
        axes.set_xticks([-np.log10(1 - tick / 100) for tick in ticks], [f"{t:g} %" for t in ticks])
        axes.set_yscale("log")
        plain_log(axes.yaxis)
        axes.set_xlabel("share of frames that are faster; the dot is the slowest frame")
        axes.set_ylabel(y_label)
        axes.set_title(title, loc="left")
        axes.legend(**_BESIDE)
        return drawing.svg(axes.figure)


def _draw_percentiles(axes: Any, one: Series, colour: str) -> None:
    ordered = np.sort(np.asarray(one.values))
    # nearest rank: the k-th of n values is the k/n percentile; the last is the maximum
    above = 1 - np.arange(ordered.size) / ordered.size
    axes.plot(-np.log10(above), ordered, one.line, color=colour, label=one.name, lw=1.6)
    axes.plot(-np.log10(above[-1]), ordered[-1], "o", color=colour, ms=4)


def plain_log(axis: Any) -> None:
    """Give a logarithmic axis ticks at 1, 2 and 5, written in full: 100000, not 1e+05."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:.10f}".rstrip("0").rstrip("."))
    )
    axis.set_minor_formatter(NullFormatter())


def _in_full(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")


def memory_bars(view: View) -> str | None:
    """Return peak memory of a fresh process, split into imports and what the model adds."""
    bars = []
    for subject in reversed(view.subjects):
        imports = view.value(subject.name, "memory", "process", "imports")
        above = view.value(subject.name, "memory", "process", "above_imports")
        if imports is not None and above is not None:
            bars.append((label(subject.name), imports, above))
    if not bars:
        return None
    names, bases, tops = zip(*bars, strict=True)
    with drawing.axes(height=0.8 + 0.38 * len(bars)) as axes:
        axes.barh(names, bases, color=drawing.PALE, label="imports only")
        axes.barh(names, tops, left=bases, color=drawing.BLUE, label="model and frame")
        for name, base, top in bars:
            axes.text(base + top, name, f"  {base + top:.0f} (+{top:.1f})", va="center")
        axes.set_xlabel("peak resident set of a fresh process (MB)")
        axes.set_xlim(0, 1.18 * max(base + top for _, base, top in bars))
        axes.grid(axis="y", visible=False)
        axes.legend(**_BESIDE)
        return drawing.svg(axes.figure)


def label(name: str) -> str:
    """Return a series' name for a legend: short, and not hidden for a leading underscore."""
    short = shortened(name)
    return f"\u200b{short}" if short.startswith("_") else short

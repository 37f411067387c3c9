"""The plots of the report, each an inline SVG, or None where nothing was measured for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.report.style import MARKS, colour, label, line_style, plot, svg
from benchmarks.report.view import View

_TICKS = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99)


def latency_distributions(view: View) -> str | None:
    """Return every subject's latency against its percentile, both log: the tail fills the right."""
    series = [
        (label(s["name"]), view.samples_ms(s["name"], "single_stream"), line_style(index))
        for index, s in enumerate(view.subjects)
    ]
    return _percentile_plot(series, "latency, end to end, back to back, one thread (ms)")


def paced_against_back_to_back(view: View) -> str | None:
    """Return the hero's latency back to back and paced, and its response from the due instant."""
    if view.hero is None:
        return None
    name = view.hero["name"]
    series = [("back to back", view.samples_ms(name, "single_stream"), "-")]
    for fps in ("30", "60"):
        scenario = f"paced-{fps}fps"
        series.append((f"paced at {fps} fps, call to result", view.samples_ms(name, scenario), "-"))
        response = view.samples_ms(name, scenario, "response_ns")
        series.append((f"paced at {fps} fps, frame due to result", response, "--"))
    return _percentile_plot(series, "latency (ms)", title=label(name))


def _percentile_plot(
    series: Sequence[tuple[str, list[float], str]], y_label: str, title: str = ""
) -> str | None:
    series = [entry for entry in series if entry[1]]
    if not series:
        return None
    most = max(len(values) for _, values, _ in series)
    with plot(height=max(4.2, 0.24 * len(series))) as axes:
        for index, (name, values, line) in enumerate(series):
            ordered = np.sort(np.asarray(values))
            # nearest rank: the k-th of n values is the k/n percentile; the last is the maximum
            above = 1 - np.arange(ordered.size) / ordered.size
            axes.plot(-np.log10(above), ordered, line, color=colour(index), label=name, lw=1.6)
            axes.plot(-np.log10(above[-1]), ordered[-1], "o", color=colour(index), ms=4)
        ticks = [tick for tick in _TICKS if tick < 100 * (1 - 0.5 / most)]
        axes.set_xticks([-np.log10(1 - tick / 100) for tick in ticks], [f"{t:g} %" for t in ticks])
        axes.set_yscale("log")
        _plain_log(axes.yaxis)
        axes.set_xlabel("share of frames that are faster; the dot is the slowest frame")
        axes.set_ylabel(y_label)
        axes.set_title(title, loc="left", fontsize="medium")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
        return svg(axes)


def _plain_log(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def memory_bars(view: View) -> str | None:
    """Return peak memory of a fresh process, split into imports and what the model adds."""
    rows = []
    for subject in view.subjects:
        imports = view.value(subject["name"], "memory", "process", "imports")
        above = view.value(subject["name"], "memory", "process", "above_imports")
        if imports is not None and above is not None:
            rows.append((label(subject["name"]), imports, above))
    if not rows:
        return None
    with plot(height=0.8 + 0.38 * len(rows)) as axes:
        names = [name for name, _, _ in reversed(rows)]
        imports = np.array([value for _, value, _ in reversed(rows)])
        above = np.array([value for _, _, value in reversed(rows)])
        axes.barh(names, imports, color="#c3c9d1", label="imports only")
        axes.barh(names, above, left=imports, color=colour(0), label="model and frame")
        for name, left, more in zip(names, imports, above, strict=True):
            axes.text(left + more, name, f"  {left + more:.0f} (+{more:.1f})", va="center")
        axes.set_xlabel("peak resident set of a fresh process (MB)")
        axes.set_xlim(0, 1.18 * float((imports + above).max()))
        axes.grid(axis="y", visible=False)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
        return svg(axes)


Place = Callable[[dict[str, Any]], float | None]


def scatter(points: Sequence[dict[str, Any]], x_label: str, y_label: str) -> str | None:
    """Return a plot of accuracy against a cost on a log axis.

    Args:
        points: ``name``, ``x``, ``y``, ``low`` and ``high`` (may be None), and ``ours``.
        x_label: of the cost.
        y_label: of the accuracy.
    """
    if not points:
        return None
    with plot(height=max(4.6, 0.26 * sum(point["ours"] for point in points))) as axes:
        for index, point in enumerate(points):
            shade = colour(index) if point["ours"] else "#8a929c"
            if point["low"] is not None:
                axes.vlines(point["x"], point["low"], point["high"], color=shade, lw=1.5)
            if point["ours"]:
                mark = MARKS[
                    (index + index // len(MARKS)) % len(MARKS)
                ]  # colours repeat, pairs do not
                axes.plot(
                    point["x"], point["y"], mark, color=shade, ms=8, label=label(point["name"])
                )
                continue
            axes.plot(point["x"], point["y"], "_", color=shade, ms=8)
            high = point["y"] if point["high"] is None else point["high"]
            place = {"xytext": (0, 4), "textcoords": "offset points", "rotation": 35}
            axes.annotate(point["name"], (point["x"], high), fontsize=8, color=shade, **place)
        axes.set_xscale("log")
        _plain_log(axes.xaxis)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.margins(x=0.12, y=0.12)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
        return svg(axes)

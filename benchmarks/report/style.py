"""One look for every plot: plain, wide, readable in print and without colour vision."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.report.text import shortened
from export import drawing

# Okabe and Ito's palette, told apart by most eyes.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5D5D5D", "#000000")
MARKS = "os^Dv<>p"


@contextmanager
def plot(width: float = 9.0, height: float = 4.2) -> Iterator[Any]:
    """Yield a matplotlib axes; the figure is closed at the end, whatever happens."""
    pyplot = drawing.pyplot()
    settings = {
        "svg.hashsalt": "sonogaze",
        "font.size": 10,
        "font.family": "DejaVu Sans",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#e3e6ea",
        "axes.axisbelow": True,
        "text.parse_math": False,  # a model's name may hold a dollar sign
    }
    with pyplot.rc_context(settings):
        figure, axes = pyplot.subplots(figsize=(width, height), layout="constrained")
        try:
            yield axes
        finally:
            pyplot.close(figure)


def svg(axes: Any) -> str:
    """Return the figure of ``axes`` as an inline `<svg>` element."""
    buffer = io.StringIO()
    axes.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def colour(index: int) -> str:
    """Return the colour of the n-th series."""
    return COLOURS[index % len(COLOURS)]


def line_style(index: int) -> str:
    """Return the line of the n-th series: another one each time the colours begin anew."""
    return ("-", "--", ":", "-.")[index // len(COLOURS) % 4]


def label(name: str) -> str:
    """Return a series' name for a legend: short, and not hidden for a leading underscore."""
    short = shortened(name)
    return f"\u200b{short}" if short.startswith("_") else short

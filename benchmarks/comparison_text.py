"""A comparison in lines: the figures that matter first, then counts, what changed, the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.compare import VERDICTS, Change, Comparison
from benchmarks.headline import answer, headline, in_words, percent
from benchmarks.report.text import number
from benchmarks.stats.intervals import Interval

_FAR = 10.0  # an upper bound beyond this factor is told as that: its digits mean nothing
_LONG = 1e6


class _Row(NamedTuple):
    """A line of the table; ``judged`` and ``shown`` stand only where every figure is listed.

    Both belong to the interval that is corrected for the number of figures. Beside the answer,
    which rests on the 95 % one, they would read as a contradiction.
    """

    verdict: str
    ratio: str
    judged: str
    values: str
    shown: str
    figure: str


_HEAD = _Row(
    "verdict",
    "after / before (95 %)",
    "judged by",
    "before -> after",
    "would have shown",
    "figure",
)


def comparison_lines(comparison: Comparison, every: bool) -> Iterator[str]:
    """Yield what a comparison comes to.

    Args:
        comparison: of two records.
        every: whether to list every figure, with the interval that its verdict stands on.
    """
    leading = headline(comparison)
    first = {change.id for change in leading}
    listed = [
        change
        for change in comparison.changes
        if every or (change.verdict in ("worse", "better") and change.id not in first)
    ]
    rows = [_row(in_words(change), change, every, "slower") for change in leading]
    rows += [_row(change.id, change, every, "worse") for change in listed]
    lines = _aligned([_HEAD, *rows], every) if rows else []
    top = 1 + len(leading)
    yield from lines[:top]
    yield from _counts(comparison, every)
    yield from lines[top:]
    yield answer(comparison)


def _counts(comparison: Comparison, every: bool) -> Iterator[str]:
    counts = ", ".join(f"{len(comparison.of(verdict))} {verdict}" for verdict in VERDICTS)
    yield f"{len(comparison.changes)} figures compared: {counts}."
    if not every:
        return
    yield (
        "Intervals in brackets are 95 %. worse and better are judged by a wider one "
        f"({100 * comparison.confidence:.2f} %), corrected for the number of figures judged "
        f"({comparison.judged})."
    )
    agree, known = comparison.agreeing
    yield f"{agree} of {known} figures have intervals (95 %) that overlap in the two runs."


def _row(name: str, change: Change, every: bool, word: str) -> _Row:
    ratio, judged = change.ratio, _bounds(change.widened)
    text = "-" if ratio is None else _factor(ratio.value)
    if _bounds(ratio):
        text += f" ({_bounds(ratio)})"
    # without it, a row that excludes 1 and is unclear reads as a mistake
    if not every and change.verdict == "unclear" and ratio and ratio.excludes_one:
        text += f", judged by {judged}"
    values = f"{number(change.before, 4)} -> {number(change.after, 4)} {change.unit}"
    if change.better == "higher":
        values += ", more is better"
    seen = "-" if change.visible is None else f"{word} by {percent(change.visible)}"
    return _Row(change.verdict, text, judged or "-", values, seen, name)


def _bounds(interval: Interval | None) -> str:
    if interval is None or interval.low is None or interval.high is None:
        return ""
    low, high = interval.low, interval.high
    cut = high >= _FAR > low
    return f"{_factor(low)} to {f'over {_FAR:.0f}' if cut else _factor(high)}"


def _factor(value: float) -> str:
    if value < _FAR:
        return f"{value:.3f}"
    return number(value, 4) if value < _LONG else f"over {_LONG:,.0f}"


def _aligned(rows: Sequence[_Row], every: bool) -> list[str]:
    """Return lines whose columns are as wide as their widest cell, and two spaces apart."""
    cells = [[*row] if every else [*row[:2], row.values, row.figure] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]

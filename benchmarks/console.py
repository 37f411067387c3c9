"""What the commands print: results on standard output, notes and errors on standard error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from benchmarks.budget import Line
from benchmarks.compare import VERDICTS, Change, Comparison
from benchmarks.record.types import Record

results = Console()
errors = Console(stderr=True)

_MOST_UNCLEAR = 3
_FAR = 9.0  # a change beyond tenfold is told as that: its digits mean nothing


def show(line: str, style: str | None = None) -> None:
    """Print a line of results as it is: never wrapped or cut, as logs are searched for it."""
    results.print(line, style=style, highlight=False, soft_wrap=True, markup=False)


def note(line: str) -> None:
    """Print a line on standard error as it is."""
    errors.print(line, highlight=False, soft_wrap=True, markup=False)


def show_paths(paths: Sequence[Path]) -> None:
    """Print a path a line."""
    for path in paths:
        show(str(path))


def show_summary(record: Record) -> None:
    """Print what the run comes to, and its warnings."""
    from benchmarks.report.summary import summary
    from benchmarks.report.view import View

    for line in summary(View(record)):
        show(f"• {line}")
    for warning in record.warnings:
        text = escape(f"{warning.meaning} ({warning.detail})")
        errors.print(f"[yellow]{warning.slug}[/]: {text}", soft_wrap=True)


def show_budget(lines: Sequence[Line]) -> None:
    """Print a line a limit, under its column's name."""
    from benchmarks.report.cover import budget_table

    table = budget_table(lines, "bound")
    rows = [table.head, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.head))]
    for row in rows:
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        show(text.rstrip(), "red" if row[-1] == "NO" else None)


def show_comparison(comparison: Comparison, every: bool) -> None:
    """Print a line a figure that changed, or of every figure; then the counts and the notes."""
    changes = comparison.changes
    listed = [c for c in changes if every or c.verdict in ("worse", "better")]
    if listed:
        show(_row("verdict", "new / old (95 %)", "old -> new (mean of processes)", "figure"))
    for change in listed:
        show(_line(change))
    counts = ", ".join(f"{len(comparison.of(verdict))} {verdict}" for verdict in VERDICTS)
    show(f"{len(changes)} figures compared: {counts}.")
    _show_unclear(comparison, every)
    agree, known = comparison.agreeing
    show(f"{agree} of {known} printed intervals (95 %) overlap those of the other run.")
    for text in [*comparison.notes, *(f"only in one record: {id}" for id in comparison.unmatched)]:
        note(f"note: {text}")


def _show_unclear(comparison: Comparison, every: bool) -> None:
    """Say how large a change for the worse may hide behind what is unclear."""
    unclear = comparison.of("unclear")
    if not unclear:
        return
    show("unclear: these runs can't tell the figure from one that is worse. Not excluded:")
    known = sorted((c.unseen, c.id) for c in unclear if c.unseen is not None)
    for unseen, figure in known[::-1][:_MOST_UNCLEAR]:
        show(f"  up to {_percent(unseen)} worse  {figure}")
    rest = len(unclear) - len(known[-_MOST_UNCLEAR:])
    if rest:
        show(f"  and {rest} more" + ("" if every else "; --all lists them"))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < _FAR else f"more than {100 * _FAR:.0f} %"


def _line(change: Change) -> str:
    from benchmarks.report.text import number

    ratio = change.ratio
    text = "-" if ratio is None else f"{ratio.value:.3f}"
    if ratio is not None and ratio.low is not None and ratio.high is not None:
        high = f"{ratio.high:.3f}" if ratio.high < 1 + _FAR else f"over {1 + _FAR:.0f}"
        text += f" ({ratio.low:.3f} to {high})"
    values = f"{number(change.old, 4)} -> {number(change.new, 4)} {change.unit}"
    return _row(change.verdict, text, values, change.id)


def _row(verdict: str, ratio: str, values: str, figure: str) -> str:
    return f"{verdict:10}{ratio:26}{values:32}{figure}"

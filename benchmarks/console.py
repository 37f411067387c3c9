"""What the commands print: results on standard output, notes and errors on standard error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from benchmarks.budget import Line
from benchmarks.compare import Comparison
from benchmarks.record.types import Record

results = Console()
errors = Console(stderr=True)


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
    """Print what a comparison comes to; its notes go to standard error."""
    from benchmarks.comparison_text import comparison_lines

    if comparison.identical:
        show("the same record twice: nothing to compare")
        return
    for line in comparison_lines(comparison, every):
        show(line)
    only = [f"only in {name}: {key}" for name, key in comparison.unmatched]
    for text in [*comparison.notes, *only]:
        note(f"note: {text}")

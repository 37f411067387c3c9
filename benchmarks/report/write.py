"""Write a record with its two reports beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.budget import Budget, check_budget
from benchmarks.record.store import write_record, write_text
from benchmarks.report.cover import budget_table, cover, verdict
from benchmarks.report.escape import markdown_cell, parted, printable
from benchmarks.report.plots import latency_distributions, memory_bars, paced_against_back_to_back
from benchmarks.report.sowhat import so_what
from benchmarks.report.tables import all_tables
from benchmarks.report.tradeoffs import latency_accuracy, published, size_accuracy
from benchmarks.report.view import View

_PLOTS: tuple[tuple[str, Callable[[View], str | None]], ...] = (
    ("Latency, tails and all", latency_distributions),
    ("Paced against back to back", paced_against_back_to_back),
    ("Memory", memory_bars),
    ("Size and accuracy", size_accuracy),
    ("Latency and accuracy", latency_accuracy),
)


def write_all(
    record: dict[str, Any],
    folder: Path,
    budget: Budget | None = None,
    identity: Mapping[str, str | None] | None = None,
) -> list[Path]:
    """Write `record.json`, `report.md` and `report.html` into ``folder`` and return their paths.

    Args:
        record: as it was measured or read; it is written as it stands.
        folder: for the three files.
        budget: to judge it by; None for the record's own.
        identity: what to say of device and operator where the record says nothing.

    Raises:
        BenchError: `record-invalid`, `output-unwritable`.
    """
    paths = [folder / name for name in ("record.json", "report.md", "report.html")]
    write_record(record, paths[0])
    for path, template in zip(paths[1:], ("report.md.j2", "report.html.j2"), strict=True):
        write_text(path, render(record, template, budget, identity))
    return paths


def budget_of(record: dict[str, Any], budget: Budget | None = None) -> Budget | None:
    """Return the budget given, else the one that the record was measured under."""
    own = record.get("budget")
    return budget or (Budget(**own) if own else None)


def render(
    record: dict[str, Any],
    template: str,
    budget: Budget | None = None,
    identity: Mapping[str, str | None] | None = None,
) -> str:
    """Return a report by its template; plots only for HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    html = template.endswith(".html.j2")
    environment = Environment(
        loader=PackageLoader("benchmarks.report"),
        autoescape=html,
        finalize=printable if html else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": markdown_cell, "parted": parted}
    view = View(record)
    held = budget_of(record, budget)
    limits = check_budget(record, held) if held else []
    known = {key: value for key, value in record.get("identity", {}).items() if value}
    plots = [(title, make(view)) for title, make in _PLOTS] if html else []
    return environment.get_template(template).render(
        record=record,
        lines=so_what(view),
        tables=all_tables(view),
        plots=[(title, image) for title, image in plots if image],
        verdict=verdict(view, limits),
        cover=cover(view, {**(identity or {}), **known}),
        budget=budget_table(limits, held.judge if held else "bound"),
        missed=[index for index, line in enumerate(limits) if not line.met],
        sources=published()["sources"],
    )

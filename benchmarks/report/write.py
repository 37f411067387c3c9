"""Write a record with its two reports beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.budget import check_budget
from benchmarks.record.store import write, write_record
from benchmarks.record.types import Budget, Identity, Record
from benchmarks.report.cover import both_latencies, budget_table, cover, verdict
from benchmarks.report.escape import markdown_cell, parted, printable
from benchmarks.report.plots import latency_distributions, memory_bars, paced_against_back_to_back
from benchmarks.report.summary import summary
from benchmarks.report.tables import all_tables
from benchmarks.report.tradeoffs import latency_accuracy, published, size_accuracy
from benchmarks.report.view import View

_PLOTS: Mapping[str, Callable[[View], str | None]] = {
    "Latency, tails and all": latency_distributions,
    "Paced against back to back": paced_against_back_to_back,
    "Memory": memory_bars,
    "Size and accuracy": size_accuracy,
    "Latency and accuracy": latency_accuracy,
}
_REPORTS = {"report.md": "report.md.j2", "report.html": "report.html.j2"}


def write_all(record: Record, folder: Path, budget: Budget | None = None) -> list[Path]:
    """Write `record.json`, `report.md` and `report.html` into ``folder`` and return their paths.

    Args:
        record: as it was measured.
        folder: for the three files.
        budget: to judge it by; None for the record's own.

    Raises:
        BenchError: `record-invalid`, `output-unwritable`.
    """
    path = folder / "record.json"
    write_record(record, path)
    return [path, *write_reports(record, folder, budget)]


def write_reports(
    record: Record,
    folder: Path,
    budget: Budget | None = None,
    identity: Identity | None = None,
) -> list[Path]:
    """Write the two reports alone and return their paths.

    Args:
        record: as it was measured or read.
        folder: for the files.
        budget: to judge it by; None for the record's own.
        identity: what to say of device and operator where the record says nothing.

    Raises:
        BenchError: `output-unwritable`.
    """
    for name, template in _REPORTS.items():
        write(folder / name, render(record, template, budget, identity))
    return [folder / name for name in _REPORTS]


def render(
    record: Record,
    template: str,
    budget: Budget | None = None,
    identity: Identity | None = None,
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
    held = budget or record.budget
    limits = check_budget(record, held) if held else []
    plots = {title: make(view) for title, make in _PLOTS.items()} if html else {}
    return environment.get_template(template).render(
        record=record,
        lines=summary(view),
        tables=all_tables(view),
        plots=[(title, image) for title, image in plots.items() if image],
        verdict=verdict(view, limits),
        latency=both_latencies(view),
        cover=cover(view, _known(record.identity, identity)),
        budget=budget_table(limits, held.judge if held else "bound"),
        missed=[index for index, line in enumerate(limits) if not line.met],
        sources=published()["sources"],
    )


def _known(own: Identity | None, given: Identity | None) -> Identity:
    """Return what the record says, and what was given where it says nothing."""
    own, given = own or Identity(), given or Identity()
    return Identity(own.device_serial or given.device_serial, own.operator or given.operator)

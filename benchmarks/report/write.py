"""Write a record with its two reports beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.budget import Line
from benchmarks.record.store import write_record, write_text
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


def write_all(record: dict[str, Any], folder: Path, budget: Sequence[Line] = ()) -> list[Path]:
    """Write `record.json`, `report.md` and `report.html` into ``folder`` and return their paths.

    Raises:
        BenchError: `record-invalid`, `output-unwritable`.
    """
    paths = [folder / name for name in ("record.json", "report.md", "report.html")]
    write_record(record, paths[0])
    write_text(paths[1], render(record, "report.md.j2", budget))
    write_text(paths[2], render(record, "report.html.j2", budget))
    return paths


def render(record: dict[str, Any], template: str, budget: Sequence[Line] = ()) -> str:
    """Return a report by its template; plots only for HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    html = template.endswith(".html.j2")
    environment = Environment(
        loader=PackageLoader("benchmarks.report"),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    view = View(record)
    plots = [(title, make(view)) for title, make in _PLOTS] if html else []
    return environment.get_template(template).render(
        record=record,
        lines=so_what(view),
        tables=all_tables(view),
        plots=[(title, image) for title, image in plots if image],
        budget=budget,
        sources=published()["sources"],
    )

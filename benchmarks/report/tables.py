"""All tables of the report; Markdown and HTML show the same."""

from __future__ import annotations

from benchmarks.report import fact_tables as facts
from benchmarks.report import quality_tables as quality
from benchmarks.report import size_tables as size
from benchmarks.report import speed_tables as speed
from benchmarks.report.table import Table
from benchmarks.report.view import View


def all_tables(view: View) -> list[Table]:
    """Return every table that has rows."""
    tables = [
        facts.failures(view),
        speed.latency(view),
        speed.ratios(view),
        speed.device(view),
        speed.overhead(view),
        speed.stages(view),
        size.memory(view),
        size.models(view),
        size.unknowns(view),
        size.cold_start(view),
        size.threads(view),
        quality.quality(view),
        quality.recalls(view),
        quality.numerics(view),
        facts.machine(view),
    ]
    return [table for table in tables if table.rows]

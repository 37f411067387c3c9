"""A release in a few lines, to read; `release.json` holds the rest."""

import io
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from export.model_card.text import percent
from export.release.files import REPORT, file_name
from export.release.precisions import remarks

WIDTH = 100


def summary(report: dict[str, Any], destination: Path) -> str:
    """Return what a release made: its files, accuracies with intervals, gates, what comes next."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, markup=False, highlight=False)
    console.print(f"{report['student_id']} in {destination}")
    console.print(_accuracy(report))
    for remark in remarks(_paths(report, destination)):
        console.print(remark, soft_wrap=True)
    console.print(_gates(report["gates"]))
    card = destination / REPORT
    console.print(
        f"{card} holds the rest; its card: "
        f"sonogaze-export card {card} -o {destination / 'card.md'}",
        soft_wrap=True,
    )
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _paths(report: dict[str, Any], destination: Path) -> dict[str, Path]:
    recipe = report["provenance"]["recipe"]
    return {p: destination / file_name(recipe, p) for p in report["scores"]}


def _accuracy(report: dict[str, Any]) -> Table:
    parts = report["scores"]["fp32"]
    table = Table("file", "bytes", *(f"{p} ({s['frames']} frames)" for p, s in parts.items()))
    for precision, scores in report["scores"].items():
        size = f"{report['bytes'][precision]:,}"
        name = file_name(report["provenance"]["recipe"], precision)
        table.add_row(name, size, *(percent(s) for s in scores.values()))
    if report["teacher_scores"]:
        table.add_row("its teacher", "", *(percent(report["teacher_scores"][p]) for p in parts))
    return table


def _gates(gates: list[dict[str, Any]]) -> Table:
    table = Table("gate", "outcome", "found")
    for gate in gates:
        judged = "passed" if gate["passed"] else f"FAILED, waived: {gate['reason']}"
        table.add_row(gate["gate"], judged, gate["found"])
    return table

"""A release in a few lines, for eyes; `release.json` holds the rest."""

import io
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from export.model_card.text import percent

WIDTH = 100


def told(report: dict[str, Any], destination: Path) -> str:
    """Return what a release made: its files, accuracies with intervals, gates, what comes next."""
    console = Console(file=io.StringIO(), width=WIDTH, markup=False, highlight=False)
    console.print(f"{report['student_id']} in {destination}")
    console.print(_accuracy(report))
    console.print(_gates(report["gates"]))
    console.print(
        f"{destination / 'release.json'} holds the rest; its card: "
        f"sonogaze-export card {destination / 'release.json'} -o {destination / 'card.md'}",
        soft_wrap=True,
    )
    found: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in found.splitlines()) + "\n"


def _accuracy(report: dict[str, Any]) -> Table:
    parts = report["scores"]["fp32"]
    table = Table("file", "bytes", *(f"{p} ({s['frames']} frames)" for p, s in parts.items()))
    for precision, scores in report["scores"].items():
        size = f"{report['bytes'][precision]:,}"
        table.add_row(f"default-{precision}.onnx", size, *(percent(s) for s in scores.values()))
    if report["teacher_scores"]:
        table.add_row("its teacher", "", *(percent(report["teacher_scores"][p]) for p in parts))
    return table


def _gates(gates: list[dict[str, Any]]) -> Table:
    table = Table("gate", "", "found")
    for gate in gates:
        said = "passed" if gate["passed"] else f"FAILED, passed over: {gate['reason']}"
        table.add_row(gate["gate"], said, gate["found"])
    return table

"""The first page: what the run comes to, on which device, and who stands for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.budget import Line
from benchmarks.metrics import METRICS, label_metric
from benchmarks.record.machine import Commit, Kernel
from benchmarks.record.types import Identity, Judge
from benchmarks.report.table import Table
from benchmarks.report.text import in_unit, number, shortened
from benchmarks.report.view import View

_MOST_NAMES = 3
NOT_GIVEN = "not given: " + 24 * "."


@dataclass(frozen=True)
class Verdict:
    """What the first page says in one line; ``slug`` chooses its colour."""

    slug: Literal["passed", "failed", "incomplete", "none"]
    text: str


def verdict(view: View, budget: Sequence[Line]) -> Verdict:
    """Return what a budget says of a run, and whether the run is whole."""
    trouble = "; ".join(_troubles(view))
    missed = sum(not line.met for line in budget)
    if missed:
        tail = f"; {trouble}" if trouble else ""
        return Verdict("failed", f"Budget not met: {missed} of {len(budget)} limits missed{tail}.")
    if trouble:
        met = "The limits that were given are met, but " if budget else "Not complete: "
        return Verdict("incomplete", f"{met}{trouble}.")
    if budget:
        return Verdict("passed", f"Budget met: all {len(budget)} limits.")
    return Verdict("none", "No budget was given: the figures are not judged.")


def _troubles(view: View) -> list[str]:
    troubles = []
    if view.record.status != "complete":
        ran, planned = len(view.record.runs), view.record.planned
        troubles.append(f"the run was interrupted after {ran} of {planned} processes")
    if view.failed:
        names = [shortened(name, 60) for name in view.failed[:_MOST_NAMES]]
        more = len(view.failed) - len(names)
        tail = f" and {more} more" if more else ""
        troubles.append(f"processes failed of {', '.join(names)}{tail}")
    return troubles


def cover(view: View, identity: Identity) -> list[tuple[str, str]]:
    """Return what identifies device, software and frames; what nobody said is a line to fill."""
    record = view.record
    machine, software = record.machine, record.software
    packages = software.packages
    layers = f" ({' in '.join(machine.virtualisation)})" if machine.virtualisation else ""
    return [
        ("Device serial", identity.device_serial or NOT_GIVEN),
        ("Operator", identity.operator or NOT_GIVEN),
        ("Machine", f"{machine.cpu_model}, {machine.cores_usable} cores{layers}"),
        ("System", f"{machine.os or 'unknown'}, kernel {machine.kernel}"),
        ("Compiled kernel", _kernel(software.kernel)),
        (
            "Software",
            f"sonogaze {packages.get('sonogaze')}, onnxruntime {packages.get('onnxruntime')}, "
            f"Python {software.python}",
        ),
        ("Commit", _commit(software.commit)),
        ("Frames", f"{record.input.description}; timed on {record.input.frame.in_words} screens"),
    ]


def both_latencies(view: View) -> str:
    """Return the main student's two p50s side by side, with what each is for; empty without one."""
    name = view.main_student.name if view.main_student else ""
    stream, paced = view.latency(name), view.latency(name, "paced-30fps")
    shown = []
    if stream:
        text = "back to back (to compare builds)"
        shown.append(f"{number(stream.p50.value)} ms {text}")
    if paced:
        text = "paced at 30 frames a second (to plan a cart)"
        shown.append(f"{number(paced.p50.value)} ms {text}")
    return f"Latency of {name}, p50: {', '.join(shown)}." if shown else ""


def _kernel(kernel: Kernel | None) -> str:
    if kernel is None or kernel.isa is None:
        return "not recorded"
    return kernel.isa + (f" (SONOGAZE_ISA={kernel.asked})" if kernel.asked else "")


def _commit(commit: Commit | None) -> str:
    if commit is None:
        return "not available"
    return commit.hash + (", with changed files" if commit.modified else "")


def budget_table(lines: Sequence[Line], judge: Judge) -> Table:
    """Return the limits with what was measured and what was judged."""
    head = ["subject", "metric", "scenario", "limit", "measured", "judged", "met"]
    rows = [_row(line) for line in lines]
    note = (
        "Judged: the worse bound of the 95 % interval; bytes, slowest frame, late frames and "
        "growth as they were observed."
        if judge == "bound"
        else "Judged: the figures themselves, as the budget asks."
    )
    return Table("Budget", head, rows, note)


def _row(line: Line) -> list[str]:
    rule = METRICS.get(line.metric) or label_metric(line.metric)
    sign = "≤" if rule is None or rule.less else "≥"
    return [
        line.subject,
        line.metric,
        line.scenario or "–",
        f"{sign} {in_unit(line.limit, line.unit)}",
        "not measured" if line.measured is None else in_unit(line.measured, line.unit),
        "–" if line.judged is None else in_unit(line.judged, line.unit),
        "yes" if line.met else "NO",
    ]

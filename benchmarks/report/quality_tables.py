"""The tables of quality and of numerical differences."""

from __future__ import annotations

from benchmarks.report.table import Table
from benchmarks.report.text import number, percent
from benchmarks.report.view import View

_BOOTSTRAP = "bootstrap over patients; none where all draws gave the same"


def quality(view: View) -> Table:
    """Return accuracy, calibration, agreement and coverage with patient intervals."""
    rows = [
        [
            entry.subject,
            entry.part,
            f"{entry.frames} / {entry.groups}",
            percent(entry.accuracy),
            percent(entry.calibration_error),
            percent(entry.agreement),
            percent(entry.coverage),
            percent(entry.selective_accuracy),
        ]
        for entry in view.record.quality
    ]
    head = ["artefact", "part", "frames / patients", "accuracy", "calibration error"]
    return Table(
        "Quality of the same files",
        [*head, "agrees with teacher", "coverage", "accuracy of accepted frames"],
        rows,
        f"In brackets: 95 % interval, {_interval(view)}. Accuracy counts every frame.",
    )


def _interval(view: View) -> str:
    """Return how the intervals of shares were made; a record of version 1.0 had a bootstrap's."""
    methods = {entry.interval for entry in view.record.quality}
    return (methods.pop() if len(methods) == 1 else None) or _BOOTSTRAP


def recalls(view: View) -> Table:
    """Return recall by label."""
    entries = view.record.quality
    labels = list(entries[0].recall) if entries else []
    rows = [
        [one.subject, one.part, *(percent(one.recall.get(label)) for label in labels)]
        for one in entries
    ]
    note = f"In brackets: 95 % interval, {_interval(view)}."
    return Table("Recall by label", ["artefact", "part", *labels], rows, note)


def numerics(view: View) -> Table:
    """Return how far runtimes and precisions are apart."""
    rows = [
        [
            one.subject,
            one.reference,
            str(one.frames),
            number(one.max_abs_logit),
            number(one.mean_abs_logit),
            str(one.label_changes),
        ]
        for one in view.record.numerics
    ]
    head = ["subject", "reference", "frames", "max |Δ logit|", "mean |Δ logit|", "labels changed"]
    return Table("Numerical difference", head, rows, "Logits of the same tensors.")

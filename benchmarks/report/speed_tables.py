"""The tables of speed."""

from __future__ import annotations

from typing import Any

from benchmarks.report.table import Table
from benchmarks.report.text import number, times, with_interval
from benchmarks.report.view import View


def latency(view: View) -> Table:
    """Return latency back to back at one thread."""
    rows = []
    for subject in view.subjects:
        found = view.latency(subject["name"])
        name = subject["name"] + _marks(subject)
        if found:
            rows.append(
                [
                    name,
                    *(with_interval(found[p]) for p in ("p50", "p90", "p99")),
                    number(found["max"]["value"]),
                    str(found["p50"]["samples"]),
                ]
            )
        else:
            state = "failed" if subject["name"] in view.failed else "not measured"
            rows.append([name, state, "–", "–", "–", "0"])
    return Table(
        "Latency, end to end (ms)",
        ["subject", "p50", "p90", "p99", "max", "samples"],
        rows,
        "LoadGen's single_stream, one thread, frame's pixels to probabilities. In brackets: 95 % "
        "interval from the spread between fresh processes. * too few samples for this percentile.",
    )


def _marks(subject: dict[str, Any]) -> str:
    """Return what a reader must know of a subject beside its name."""
    marks = [subject["weights"]] if subject["weights"] in ("untrained",) else []
    if subject["weights"] == "unknown":
        marks.append("training unknown")
    if subject.get("feed") and not subject["feed"]["frame"]:
        marks.append("made-up input")
    return f" ({', '.join(marks)})" if marks else ""


def ratios(view: View) -> Table:
    """Return teacher over student, as it is."""
    if view.hero is None or view.teacher is None:
        return Table("", [], [])
    rows = []
    for teacher in [s for s in view.subjects if s["family"] == "teacher"]:
        student = _same_runtime(view, teacher) or view.hero
        a, b = view.latency(teacher["name"]), view.latency(student["name"])
        keys = ("memory", "process", "above_imports")
        rows.append(
            [
                f"{teacher['name']} over {student['name']}",
                times(a["p50"]["value"], b["p50"]["value"]) if a and b else "–",
                times(a["p99"]["value"], b["p99"]["value"]) if a and b else "–",
                times(_peak(view, teacher), _peak(view, student)),
                times(view.value(teacher["name"], *keys), view.value(student["name"], *keys)),
                times(teacher.get("file_bytes"), student.get("file_bytes")),
                times(teacher.get("parameters"), student.get("parameters")),
                times(teacher.get("macs"), student.get("macs")),
            ]
        )
    head = ["pair", "time p50", "time p99", "peak memory", "above imports"]
    return Table(
        "Teacher over student",
        [*head, "file bytes", "parameters", "MACs"],
        rows,
        "The same runtime and precision on both sides where both were measured. A slow teacher is "
        "no achievement; the ratios are shown as they are.",
    )


def _same_runtime(view: View, teacher: dict[str, Any]) -> dict[str, Any] | None:
    same = ("runtime", "precision")
    return next(
        (
            s
            for s in view.subjects
            if s["family"] == "student" and all(s[key] == teacher[key] for key in same)
        ),
        None,
    )


def _peak(view: View, subject: dict[str, Any]) -> float | None:
    return view.value(subject["name"], "memory", "process", "peak")


def device(view: View) -> Table:
    """Return what a cart sees: pacing and several streams."""
    rows = []
    for subject in view.subjects:
        for scenario in _scenarios(view, subject["name"]):
            found = view.latency(subject["name"], scenario)
            key = (subject["name"], scenario, "threads=1")
            response = view.figure(*key, "response", "p99")
            missed = view.figure(*key, "deadline", "missed")
            if not found or not missed:
                continue
            late = round(missed["value"] * missed["samples"] / 100)
            rows.append(
                [
                    subject["name"],
                    scenario,
                    *(with_interval(found[p]) for p in ("p50", "p99")),
                    number(found["max"]["value"]),
                    with_interval(response),
                    f"{late} of {missed['samples']}",
                    with_interval(view.figure(*key, "cpu", "share_of_core")),
                    with_interval(view.figure(*key, "cpu", "per_frame")),
                ]
            )
    head = ["subject", "scenario", "p50 ms", "p99 ms", "max ms"]
    return Table(
        "Paced, as a grabber delivers",
        [*head, "response p99 ms", "late frames", "% of a core", "CPU ms a frame"],
        rows,
        "p50 to max: from the call to its result. Response: from the instant at which the frame "
        "was due, the sleeper's own lateness included. Late: response longer than the period.",
    )


def _scenarios(view: View, subject: str) -> list[str]:
    ids = [figure["id"].split("|") for figure in view.record["figures"]]
    names = [key[1] for key in ids if key[0] == subject]
    return sorted({n for n in names if n.startswith(("paced-", "multi_stream-"))}, reverse=True)


def overhead(view: View) -> Table:
    """Return what the SDK adds to its parts."""
    rows = []
    parts = ("sdk", "kernel", "inference", "overhead", "read")
    for subject in view.subjects:
        figures = [view.figure(subject["name"], "overhead", part, "p50") for part in parts]
        if all(figures):
            ratio = view.figure(subject["name"], "overhead", "times_read_bound", "p50")
            rows.append([subject["name"], *map(with_interval, figures), with_interval(ratio)])
    head = ["subject", "classify", "kernel", "session.run", "SDK on top", "read bound"]
    return Table(
        "The SDK over its parts (µs, p50)",
        [*head, "(classify − run − 50 µs) / read"],
        rows,
        "Turn about in one process. Read bound: the faster of summing and copying the whole frame.",
    )


def stages(view: View) -> Table:
    """Return the stages' medians and tails."""
    rows = []
    for subject in view.subjects:
        cells = []
        for stage in ("preprocess", "inference", "python"):
            found = view.latency(subject["name"], stage=stage)
            cells += [number(found[p]["value"]) if found else "–" for p in ("p50", "p99")]
        if set(cells) != {"–"}:
            rows.append([subject["name"], *cells])
    stages = ("decode and resize", "inference", "Python")
    head = [f"{stage} {p}" for stage in stages for p in ("p50", "p99")]
    return Table("Stages (ms)", ["subject", *head], rows, "Percentiles of stages do not add up.")

"""The tables of size, memory, threads and quality."""

from __future__ import annotations

from benchmarks.report.table import Table
from benchmarks.report.text import byte_size, count, number, percent, with_interval
from benchmarks.report.view import View

_BOOTSTRAP = "by redrawing patients; none where all redraws were alike"
_FIELDS = {"macs": "MACs", "sdk": "behind the SDK", "weights": "training state"}


def memory(view: View) -> Table:
    """Return peak memory, growth and energy."""
    rows = []
    for subject in view.subjects:
        key = (subject["name"], "memory", "process")
        peak = view.figure(*key, "peak")
        if peak:
            rows.append(
                [
                    subject["name"],
                    with_interval(peak),
                    with_interval(view.figure(*key, "imports")),
                    with_interval(view.figure(*key, "above_imports")),
                    with_interval(view.figure(*key, "above_imports_and_frame")),
                    with_interval(view.figure(key[0], "soak", "memory", "growth_per_1000")),
                ]
            )
    return Table(
        "Memory of a fresh process (MB = 10^6 bytes)",
        [
            "subject",
            "peak",
            "imports only",
            "difference",
            "less the frame",
            "growth, KiB per 1,000 frames",
        ],
        rows,
        "VmHWM. The difference holds the runtime's pages that a model touches, the model, its "
        f"buffers, and the caller's own frame of {_frame_mb(view)} MB.",
    )


def _frame_mb(view: View) -> str:
    frame = view.record["input"]["frame"]
    return number(frame["width"] * frame["height"] * 4 / 1e6)


def models(view: View) -> Table:
    """Return sizes, once for each file."""
    rows: dict[str, list[str]] = {}
    for s in view.subjects:
        name = s["name"].rsplit("/", 1)[0]
        if "file_bytes" in s and name not in rows:
            sizes = [byte_size(s["file_bytes"]), count(s["parameters"]), count(s["macs"])]
            tail = [count(s["activations"]), s["precision"], s["weights"], s["sha256"][:12]]
            rows[name] = [name, *sizes, *tail]
    head = ["model", "file", "parameters", "MACs", "activations", "precision", "weights", "SHA-256"]
    note = "Parameters: weight elements. MACs and activations: of one run. –: not known."
    return Table("Models", head, list(rows.values()), note)


def unknowns(view: View) -> Table:
    """Return why a fact of a model is not known."""
    rows = {
        (subject["name"].rsplit("/", 1)[0], field): [
            subject["name"].rsplit("/", 1)[0],
            _FIELDS.get(field, field),
            reason,
        ]
        for subject in view.subjects
        for field, reason in subject.get("unknown", {}).items()
    }
    return Table("Not known, and why", ["model", "what", "why"], list(rows.values()))


def cold_start(view: View) -> Table:
    """Return the phases from process start to first result."""
    rows = []
    phases = ("python", "import", "load", "first_result", "total")
    for subject in view.subjects:
        figures = [view.figure(subject["name"], "cold_start", phase, "p50") for phase in phases]
        if all(figures):
            cells = [number(f["value"]) for f in figures[:-1] if f]
            rows.append([subject["name"], *cells, with_interval(figures[-1])])
    head = ["subject", "interpreter", "imports", "load", "first result", "total"]
    return Table("Cold start (ms, median)", head, rows, "Files are in the page cache.")


def threads(view: View) -> Table:
    """Return p50 and p99 at one thread and at all."""
    rows = []
    for subject in view.subjects:
        for n in subject["threads"][1:]:
            key = (subject["name"], "single_stream", f"threads={n}", "end_to_end")
            one, p50 = view.latency(subject["name"]), view.figure(*key, "p50")
            if one and p50:
                rows.append(
                    [
                        subject["name"],
                        number(one["p50"]["value"]),
                        with_interval(p50),
                        with_interval(view.figure(*key, "p99")),
                        str(n),
                    ]
                )
    head = ["subject", "p50, 1 thread", "p50, all", "p99, all", "threads"]
    return Table("All cores (ms, end to end, back to back)", head, rows)


def quality(view: View) -> Table:
    """Return accuracy, calibration, agreement and coverage with patient intervals."""
    rows = [
        [
            entry["subject"],
            entry["part"],
            f"{entry['frames']} / {entry['groups']}",
            percent(entry["accuracy"]),
            percent(entry["calibration_error"]),
            percent(entry["agreement"]),
            percent(entry["coverage"]),
            percent(entry["selective_accuracy"]),
        ]
        for entry in view.record["quality"]
    ]
    head = ["artefact", "part", "frames / patients", "accuracy", "calibration error"]
    return Table(
        "Quality of the same files",
        [*head, "agrees with teacher", "coverage", "accuracy where it answers"],
        rows,
        f"In brackets: 95 % interval, {_interval(view)}. Accuracy counts every frame.",
    )


def _interval(view: View) -> str:
    """Return how the intervals of shares were made; a record of version 1.0 had a bootstrap's."""
    told = {entry.get("interval") for entry in view.record["quality"]}
    return (told.pop() if len(told) == 1 else None) or _BOOTSTRAP


def recalls(view: View) -> Table:
    """Return recall by label."""
    entries = view.record["quality"]
    labels = list(entries[0]["recall"]) if entries else []
    rows = [
        [e["subject"], e["part"], *(percent(e["recall"].get(label)) for label in labels)]
        for e in entries
    ]
    note = f"In brackets: 95 % interval, {_interval(view)}."
    return Table("Recall by label", ["artefact", "part", *labels], rows, note)


def numerics(view: View) -> Table:
    """Return how far runtimes and precisions are apart."""
    rows = [
        [
            e["subject"],
            e["reference"],
            str(e["frames"]),
            number(e["max_abs_logit"]),
            number(e["mean_abs_logit"]),
            str(e["label_changes"]),
        ]
        for e in view.record["numerics"]
    ]
    head = ["subject", "reference", "frames", "max |Δ logit|", "mean |Δ logit|", "labels changed"]
    return Table("Numerical difference", head, rows, "Logits of the same tensors.")

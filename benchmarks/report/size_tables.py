"""The tables of size, memory, start and threads."""

from __future__ import annotations

from benchmarks.report.table import Table
from benchmarks.report.text import byte_size, count, number, with_interval
from benchmarks.report.view import View
from benchmarks.subjects.catalogue import released_parameters

_FIELDS = {"macs": "MACs", "sdk": "behind the SDK", "weights": "training state"}
_MEMORY = {
    "peak": "peak",
    "imports": "imports only",
    "above_imports": "difference",
    "above_imports_and_frame": "less the frame",
}
_PHASES = {
    "python": "interpreter",
    "import": "imports",
    "load": "load",
    "first_result": "first result",
}


def memory(view: View) -> Table:
    """Return peak memory and growth."""
    rows = []
    for subject in view.subjects:
        figures = [view.figure(subject.name, "memory", "process", part) for part in _MEMORY]
        if figures[0]:
            growth = view.figure(subject.name, "soak", "memory", "growth_per_1000")
            rows.append([subject.name, *map(with_interval, figures), with_interval(growth)])
    return Table(
        "Memory of a fresh process (MB = 10^6 bytes)",
        ["subject", *_MEMORY.values(), "growth, KiB per 1,000 frames"],
        rows,
        "VmHWM. The difference holds the runtime's pages that a model touches, the model, its "
        f"buffers, and the caller's own frame of {_frame_mb(view)} MB.",
    )


def _frame_mb(view: View) -> str:
    frame = view.record.input.frame
    return number(frame.width * frame.height * 4 / 1e6)


def models(view: View) -> Table:
    """Return sizes, once for each file."""
    rows: dict[str, list[str]] = {}
    networks = released_parameters()
    for s in view.subjects:
        if s.file_bytes is not None and s.artefact not in rows:
            network = networks.get(s.sha256 or "")
            parameters = [count(s.parameters), f"{network:,}" if network else "–"]
            sizes = [byte_size(s.file_bytes), *parameters, count(s.macs)]
            digest = (s.sha256 or "–")[:12]
            tail = [count(s.activations), s.precision, s.weights, digest]
            rows[s.artefact] = [s.artefact, *sizes, *tail]
    head = ["model", "file", "parameters, whole file", "of the network", "MACs", "activations"]
    note = (
        "Parameters: weight elements of the whole file, batch norms folded, a student's open-set "
        "head included; of the network alone, where it is one of this release's own students. MACs "
        "and activations: of one run. –: not known."
    )
    return Table("Models", [*head, "precision", "weights", "SHA-256"], list(rows.values()), note)


def unknowns(view: View) -> Table:
    """Return why a fact of a model is not known."""
    rows = {
        (subject.artefact, field): [subject.artefact, _FIELDS.get(field, field), reason]
        for subject in view.subjects
        for field, reason in (subject.unknown or {}).items()
    }
    return Table("Not known, and why", ["model", "what", "why"], list(rows.values()))


def cold_start(view: View) -> Table:
    """Return the phases from process start to first result."""
    rows = []
    for subject in view.subjects:
        phases = [view.value(subject.name, "cold_start", phase, "p50") for phase in _PHASES]
        total = view.figure(subject.name, "cold_start", "total", "p50")
        if total and None not in phases:
            rows.append([subject.name, *map(number, phases), with_interval(total)])
    head = ["subject", *_PHASES.values(), "total"]
    return Table("Cold start (ms, median)", head, rows, "Files are in the page cache.")


def threads(view: View) -> Table:
    """Return p50 and p99 at one thread and at all."""
    rows = []
    for subject in view.subjects:
        one = view.latency(subject.name)
        for n in subject.threads[1:]:
            key = (subject.name, "single_stream", f"threads={n}", "end_to_end")
            p50, p99 = view.figure(*key, "p50"), view.figure(*key, "p99")
            if one and p50:
                both = [number(one.p50.value), with_interval(p50), with_interval(p99)]
                rows.append([subject.name, *both, str(n)])
    head = ["subject", "p50, 1 thread", "p50, all", "p99, all", "threads"]
    return Table("All cores (ms, end to end, back to back)", head, rows)

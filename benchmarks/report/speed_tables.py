"""The tables of speed."""

from __future__ import annotations

from benchmarks.record.types import SubjectEntry
from benchmarks.report.table import Table
from benchmarks.report.text import late_frames, number, times, with_interval
from benchmarks.report.view import Percentile, View
from benchmarks.scenarios import scenario_name

_STAGES = {"preprocess": "decode and resize", "inference": "inference", "python": "Python"}
_ENDS: tuple[Percentile, ...] = ("p50", "p99")


def latency(view: View) -> Table:
    """Return latency back to back at one thread."""
    return Table(
        "Latency back to back, end to end (ms)",
        ["subject", "p50", "p90", "p99", "max", "samples"],
        [_latency_row(view, subject) for subject in view.subjects],
        "The next frame follows at once (LoadGen's single_stream), one thread, from a frame's "
        "pixels to probabilities: to compare builds and models by. In brackets: 95 % interval "
        "from the spread between fresh processes. * too few samples for this percentile.",
    )


def _latency_row(view: View, subject: SubjectEntry) -> list[str]:
    measured = view.latency(subject.name)
    name = subject.name + _marks(subject)
    if measured is None:
        state = "failed" if subject.name in view.failed else "not measured"
        return [name, state, "–", "–", "–", "0"]
    return [
        name,
        *(with_interval(figure) for figure in (measured.p50, measured.p90, measured.p99)),
        number(measured.max.value),
        str(measured.p50.samples),
    ]


def _marks(subject: SubjectEntry) -> str:
    """Return what a reader must know of a subject beside its name."""
    marks = {"untrained": "untrained", "unknown": "training unknown"}
    listed = [marks[subject.weights]] if subject.weights in marks else []
    if subject.feed and not subject.feed.frame:
        listed.append("made-up input")
    return f" ({', '.join(listed)})" if listed else ""


def ratios(view: View) -> Table:
    """Return teacher over student, as it is."""
    if view.main_student is None:
        return Table("", [], [])
    teachers = [s for s in view.subjects if s.family == "teacher"]
    main = view.main_student
    head = ["pair", "time p50", "time p99", "peak memory", "above imports"]
    return Table(
        "Teacher over student",
        [*head, "file bytes", "parameters, whole file", "MACs"],
        [_ratio_row(view, teacher, _same_runtime(view, teacher) or main) for teacher in teachers],
        "The same runtime and precision on both sides where both were measured. A slow teacher is "
        "no achievement; the ratios are shown as they are.",
    )


def _ratio_row(view: View, teacher: SubjectEntry, student: SubjectEntry) -> list[str]:
    a, b = view.latency(teacher.name), view.latency(student.name)
    memory = ("memory", "process")
    return [
        f"{teacher.name} over {student.name}",
        times(a.p50.value, b.p50.value) if a and b else "–",
        times(a.p99.value, b.p99.value) if a and b else "–",
        *(
            times(view.value(teacher.name, *memory, part), view.value(student.name, *memory, part))
            for part in ("peak", "above_imports")
        ),
        times(teacher.file_bytes, student.file_bytes),
        times(teacher.parameters, student.parameters),
        times(teacher.macs, student.macs),
    ]


def _same_runtime(view: View, teacher: SubjectEntry) -> SubjectEntry | None:
    place = (teacher.runtime, teacher.precision)
    students = [s for s in view.subjects if s.family == "student"]
    return next((s for s in students if (s.runtime, s.precision) == place), None)


def device(view: View) -> Table:
    """Return what a cart sees: pacing and several streams."""
    pairs = [(s.name, scenario) for s in view.subjects for scenario in _scenarios(view, s.name)]
    rows = [_device_row(view, *pair) for pair in pairs]
    head = ["subject", "scenario", "p50 ms", "p99 ms", "max ms"]
    return Table(
        "Paced, as a grabber delivers",
        [*head, "response p99 ms", "late frames", "% of a core", "CPU ms a frame"],
        [row for row in rows if row],
        "To plan a cart by: the core sleeps between frames. p50 to max: from the call to its "
        "result. Response: from the instant at which the frame was due, the sleeper's own lateness "
        "included. Late: response longer than the period.",
    )


def _device_row(view: View, subject: str, scenario: str) -> list[str]:
    measured = view.latency(subject, scenario)
    key = (subject, scenario, "threads=1")
    missed = view.figure(*key, "deadline", "missed")
    if measured is None or missed is None:
        return []
    return [
        subject,
        scenario_name(scenario),
        with_interval(measured.p50),
        with_interval(measured.p99),
        number(measured.max.value),
        with_interval(view.figure(*key, "response", "p99")),
        late_frames(missed),
        with_interval(view.figure(*key, "cpu", "share_of_core")),
        with_interval(view.figure(*key, "cpu", "per_frame")),
    ]


def _scenarios(view: View, subject: str) -> list[str]:
    ids = [figure.id.split("|") for figure in view.record.figures]
    names = [key[1] for key in ids if key[0] == subject]
    return sorted({n for n in names if n.startswith(("paced-", "multi_stream-"))}, reverse=True)


def overhead(view: View) -> Table:
    """Return what the SDK adds to its parts."""
    rows = []
    parts = ("sdk", "kernel", "inference", "overhead", "read")
    for subject in view.subjects:
        figures = [view.figure(subject.name, "overhead", part, "p50") for part in parts]
        if all(figures):
            more = [
                view.figure(subject.name, "overhead", part, "p50")
                for part in ("hot_overhead", "times_read_bound")
            ]
            rows.append([subject.name, *map(with_interval, (*figures, *more))])
    head = ["subject", "classify", "kernel", "session.run", "SDK on top", "read bound"]
    return Table(
        "The SDK over its parts (µs, p50)",
        [*head, "on top, caches hot", "(classify − run − 50 µs) / read"],
        rows,
        "Measured in turns in one process. Read bound: the faster of summing and copying the whole "
        "frame.",
    )


def stages(view: View) -> Table:
    """Return the stages' medians and tails."""
    rows = []
    for subject in view.subjects:
        cells = []
        for stage in _STAGES:
            measured = view.latency(subject.name, stage=stage)
            cells += [number(measured.at(p).value) if measured else "–" for p in _ENDS]
        if set(cells) != {"–"}:
            rows.append([subject.name, *cells])
    head = [f"{words} {p}" for words in _STAGES.values() for p in _ENDS]
    return Table("Stages (ms)", ["subject", *head], rows, "Percentiles of stages do not add up.")

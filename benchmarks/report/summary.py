"""What the figures come to, for someone who reads nothing else. Only what was measured is said."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.quality.collect import TEACHER
from benchmarks.record.types import SubjectEntry
from benchmarks.report.quantised import quantised_against_fp32
from benchmarks.report.text import late_frames, number, part_name, percent, times
from benchmarks.report.view import Latency, View, quality_subject

_PERIOD_MS = 1000 / 30


def summary(view: View) -> list[str]:
    """Return a few sentences."""
    student = view.main_student
    if student is None:
        return ["No student behind the SDK was measured."]
    lines = [
        *_speed(view, student.name),
        *_cost(view, student.name),
        *quantised_against_fp32(view),
        *_quality(view, student.name),
        *_teacher(view, student),
    ]
    return lines or ["Nothing was measured to the end."]


def _speed(view: View, name: str) -> Iterator[str]:
    paced, stream = view.latency(name, "paced-30fps"), view.latency(name)
    screen = view.record.input.frame.in_words
    if stream:
        yield (
            f"Back to back, a call of {name} on a {screen} frame takes {_ends(stream)}: the figure "
            "to compare builds and models by."
        )
    if paced:
        yield (
            f"Paced at 30 frames a second, as behind a grabber, the same call takes {_ends(paced)}:"
            " the figure to plan a cart by, since cores sleep and caches cool between frames."
        )
        yield from _response(view, name)


def _ends(latency: Latency) -> str:
    p50, p99 = latency.p50, latency.p99
    known = p50.low is not None and p50.high is not None
    bounds = f" (95 % interval {number(p50.low)} to {number(p50.high)})" if known else ""
    return f"{number(p50.value)} ms{bounds} at p50, {number(p99.value)} ms at p99"


def _response(view: View, name: str) -> Iterator[str]:
    """Say when results were there, counted from when frames were due and not from the call."""
    response = view.latency(name, "paced-30fps", "response")
    missed = view.figure(name, "paced-30fps", "threads=1", "deadline", "missed")
    if response is None or missed is None:
        return
    p99 = response.p99.value
    yield (
        f"99 of 100 paced frames had their result within {number(p99)} ms of when they were due, "
        f"{number(100 * p99 / _PERIOD_MS, 2)} % of the time between two frames; the slowest within "
        f"{number(response.max.value)} ms. {late_frames(missed)} results came after the next frame "
        "was due."
    )


def _cost(view: View, name: str) -> Iterator[str]:
    share = view.value(name, "paced-30fps", "threads=1", "cpu", "share_of_core")
    peak, above, own = (
        view.value(name, "memory", "process", part)
        for part in ("peak", "above_imports", "above_imports_and_frame")
    )
    cold = view.value(name, "cold_start", "total", "p50")
    if share is not None:
        yield f"Paced, it uses {number(share, 2)} % of one core."
    if peak is not None and above is not None and own is not None:
        yield (
            f"Its process peaks at {number(peak)} MB, {number(above)} MB above the bare imports of "
            f"numpy and onnxruntime, the caller's own frame of {number(above - own)} MB included."
        )
    if cold is not None:
        yield f"From process start to the first result it takes {number(cold)} ms."


def _quality(view: View, name: str) -> Iterator[str]:
    for part in view.parts:
        student, teacher = view.quality(name, part), view.quality(TEACHER, part)
        if student is None:
            continue
        right = f"{percent(student.accuracy)} of {student.frames} frames"
        text = f"On {part_name(part)} it is right on {right}"
        if teacher:
            text += f", the teacher on {percent(teacher.accuracy)}"
        if student.agreement:
            text += f"; they agree on {percent(student.agreement)}"
        yield text + "."


def _teacher(view: View, student: SubjectEntry) -> Iterator[str]:
    teacher = view.teacher
    if teacher is None:
        return
    ours, theirs = view.latency(student.name), view.latency(teacher.name)
    if ours and theirs:
        yield (
            f"Teacher over student ({teacher.name} over {student.name}, back to back, one thread): "
            f"{times(theirs.p50.value, ours.p50.value)} the time. "
            "A slow teacher is no achievement; the student's own figures are."
        )
    if quality_subject(teacher) not in {entry.subject for entry in view.record.quality}:
        yield "The teacher's quality was not measured in this run."

"""What the figures come to, in plain words. Only what was measured is said."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.report.text import number, percent, times
from benchmarks.report.view import View, quality_subject


def so_what(view: View) -> list[str]:
    """Return a few sentences for someone who reads nothing else."""
    if view.hero is None:
        return ["No student behind the SDK was measured."]
    lines = [*_speed(view), *_cost(view), *_quality(view), *_teacher(view)]
    return lines or ["Nothing was measured to the end."]


def _speed(view: View) -> Iterator[str]:
    name = view.hero["name"]
    paced, stream = view.latency(name, "paced-30fps"), view.latency(name)
    frame = view.record["input"]["frame"]
    screen = f"{frame['width']}x{frame['height']} {frame['format']}"
    if paced:
        p99 = paced["p99"]["value"]
        yield (
            f"At 30 frames a second, {name} answers a {screen} frame in "
            f"{number(paced['p50']['value'])} ms, and 99 of 100 frames within {number(p99)} ms: "
            f"{number(100 * p99 / (1000 / 30), 2)} % of the time between two frames."
        )
        missed = view.figure(name, "paced-30fps", "threads=1", "deadline", "missed")
        if missed:
            late = round(missed["value"] * missed["samples"] / 100)
            yield (
                f"{late} of {missed['samples']} frames came later than the next frame; the slowest "
                f"took {number(paced['max']['value'])} ms."
            )
    elif stream:
        yield (
            f"Back to back, {name} answers a {screen} frame in {number(stream['p50']['value'])} ms "
            f"(p99 {number(stream['p99']['value'])} ms)."
        )


def _cost(view: View) -> Iterator[str]:
    name = view.hero["name"]
    share = view.value(name, "paced-30fps", "threads=1", "cpu", "share_of_core")
    above = view.value(name, "memory", "process", "above_imports")
    cold = view.value(name, "cold_start", "total", "p50")
    if share is not None:
        yield f"That costs {number(share, 2)} % of one core."
    if above is not None:
        peak = view.value(name, "memory", "process", "peak")
        own = view.value(name, "memory", "process", "above_imports_and_frame")
        yield (
            f"Its process peaks at {number(peak)} MB, {number(above)} MB above the bare imports of "
            f"numpy and onnxruntime, the caller's own frame of {number(above - own)} MB included."
        )
    if cold is not None:
        yield f"From process start to the first result it takes {number(cold)} ms."


def _quality(view: View) -> Iterator[str]:
    for part in view.parts:
        mine = view.quality(view.hero["name"], part)
        theirs = view.quality("teacher (committed logits)", part)
        if mine is None:
            continue
        right = f"{percent(mine['accuracy'])} of {mine['frames']} frames"
        text = f"On the {part} part it is right on {right}"
        if theirs:
            text += f", the teacher on {percent(theirs['accuracy'])}"
        if mine["agreement"]:
            text += f"; they agree on {percent(mine['agreement'])}"
        yield text + "."


def _teacher(view: View) -> Iterator[str]:
    if view.teacher is None:
        return
    mine, theirs = view.latency(view.hero["name"]), view.latency(view.teacher["name"])
    if mine and theirs:
        yield (
            f"Teacher over student ({view.teacher['name']} over {view.hero['name']}, back to back, "
            f"one thread): {times(theirs['p50']['value'], mine['p50']['value'])} the time. "
            "A slow teacher is no achievement; the student's own figures are."
        )
    if quality_subject(view.teacher, view) not in {q["subject"] for q in view.record["quality"]}:
        yield "The teacher's quality was not measured in this run."

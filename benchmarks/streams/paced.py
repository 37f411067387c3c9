"""Streams at 30 and 60 frames a second, paced as a grabber paces: deadlines missed, and why.

A 1920x1080 BGRA screen, its region found and held. Each rate runs twice: `push` in the grabber's
own thread, and a background stream. An answer is due one period after its frame came. The record
says how busy the machine was with other work, and how late the sleeping grabber itself was woken:
only an idle machine tells of the stream alone.

`python -m benchmarks.streams.paced [--seconds N] [-o FILE]`; four times N seconds. Status 1 where
an answer was late.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import sdk
from benchmarks.machine.facts import machine_facts
from benchmarks.measure.system_load import other_load, read_ticks
from benchmarks.streams.cine import moving
from benchmarks.streams.shown import show
from export.data.phantom import phantom_frame
from sdk.stream import Stream, StreamResult

RATES = (30.0, 60.0)
_SCREENS = 8
_WARM = 30  # frames: buffers are touched, the region is found


def screens() -> list[sdk.Frame]:
    """Return a moving phantom on a scanner's screen."""
    still = phantom_frame("femur", seed=2, height=900, width=1400).pixels
    views = moving(still, _SCREENS, 30, np.random.default_rng(0))
    frames = []
    for view in views:
        screen = np.full((1080, 1920, 4), 18, np.uint8)
        screen[90:990, 260:1660, :3] = view[..., None]
        frames.append(sdk.Frame.from_array(screen, format="BGRA32"))
    return frames


def ticks(fps: float, count: int) -> Iterator[float]:
    """Sleep until each frame is due; yield by how many milliseconds that was too long."""
    begun_s = time.monotonic()
    for number in range(count):
        due_s = begun_s + number / fps
        time.sleep(max(0.0, due_s - time.monotonic()))
        yield (time.monotonic() - due_s) * 1e3


def _pushed(stream: Stream, frames: list[sdk.Frame], fps: float, count: int, take: Any) -> Any:
    woken_ms = []
    for number, late_ms in enumerate(ticks(fps, count)):
        woken_ms.append(late_ms)
        take(stream.push(frames[number % len(frames)]))
    return woken_ms, stream.stats()


def _put(stream: Stream, frames: list[sdk.Frame], fps: float, count: int, take: Any) -> Any:
    woken_ms = []
    with stream.background(take) as live:
        for number, late_ms in enumerate(ticks(fps, count)):
            woken_ms.append(late_ms)
            live.put(frames[number % len(frames)])
        live.close()
    return woken_ms, live.stats()


FORMS: dict[str, Callable[..., Any]] = {"push": _pushed, "background": _put}


def paced(
    classifier: sdk.Classifier, frames: list[sdk.Frame], fps: float, form: str, seconds: float
) -> dict[str, Any]:
    """Run one rate in one form, and tell deadlines, latencies and load."""
    answers: list[StreamResult] = []
    run, count = FORMS[form], round(seconds * fps)
    run(classifier.stream(fps=fps, region="auto"), frames, fps, _WARM, answers.append)
    answers.clear()
    begun, cpu_s, begun_s = read_ticks(), time.process_time(), time.monotonic()
    stream = classifier.stream(fps=fps, region="auto")
    woken_ms, stats = run(stream, frames, fps, count, answers.append)
    wall_s, own_s = time.monotonic() - begun_s, time.process_time() - cpu_s
    load = other_load(begun, read_ticks(), own_s, wall_s)
    latency_ms = np.array([answer.latency_us for answer in answers]) / 1e3
    return {
        "fps": fps,
        "form": form,
        "put": count,
        "answered": stats.frames,
        "dropped": stats.dropped,
        "late": stats.late,
        "latency_ms": _spread(latency_ms),
        "woken_late_ms": _spread(np.array(woken_ms)),
        "regions": dict(Counter(answer.region_origin for answer in answers)),
        "own_cores": own_s / wall_s,
        "load": None if load is None else asdict(load),
    }


def _spread(values: Any) -> dict[str, float]:
    p50, p99, most = np.percentile(values, [50, 99, 100])
    return {"p50": float(p50), "p99": float(p99), "max": float(most)}


def main() -> None:
    """Run all four and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    classifier, frames = sdk.Classifier(), screens()
    runs = [paced(classifier, frames, fps, form, asked.seconds) for fps in RATES for form in FORMS]
    record = {
        "command": f"python -m benchmarks.streams.paced --seconds {asked.seconds:g}",
        "cpu": machine_facts().cpu_model,
        "model_id": classifier.model_id,
        "late": sum(run["late"] + run["dropped"] for run in runs),
        "runs": runs,
    }
    show(record, asked.output)
    sys.exit(record["late"] > 0)


if __name__ == "__main__":
    main()

"""An hour of a stream in fast-forward: memory and the cost of a frame must stay as they are.

A frame's cost is CPU time of the thread, which other processes don't add to as they do to time on
the wall; what they do to caches and clock rates is seen in the yardstick: a plain `classify` of
every eighth frame, beside the stream in the same minute.

`python -m benchmarks.streams.soak [--frames N] [-o FILE]`; status 1 where something grew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np

import sdk
from benchmarks.machine.facts import machine_facts
from benchmarks.streams.cine import Grey, phantom_pictures
from benchmarks.streams.memory import anonymous_kib, growth
from benchmarks.streams.shown import show
from sdk.stream import Stream

FRAMES = 108_000  # an hour at 30 frames a second
_PARTS = 10
_YARDSTICK_EVERY = 8
_MOST_GROWN_KIB = 1024
_MOST_P99 = 1.1  # of the last tenth over the first, each over its yardstick


def _part(stream: Stream, shown: list[Grey], frames: int) -> dict[str, Any]:
    """Push frames; return microseconds a frame."""
    classify = stream.classifier.classify
    push_us, wall_us, yardstick_us = np.empty(frames), np.empty(frames), []
    for number in range(frames):
        picture = shown[number % len(shown)]
        wall, cpu = perf_counter_ns(), thread_time_ns()
        stream.push(picture)
        push_us[number] = (thread_time_ns() - cpu) / 1e3
        wall_us[number] = (perf_counter_ns() - wall) / 1e3
        if number % _YARDSTICK_EVERY == 0:
            cpu = thread_time_ns()
            classify(picture)
            yardstick_us.append((thread_time_ns() - cpu) / 1e3)
    push, yardstick = _percentiles(push_us), _percentiles(np.array(yardstick_us))
    return {
        "push_cpu_us": push,
        "push_wall_us": _percentiles(wall_us),
        "classify_cpu_us": yardstick,
        "over_classify": {name: push[name] / yardstick[name] for name in push},
    }


def _percentiles(values: Any) -> dict[str, float]:
    p50, p99 = np.percentile(values, [50, 99])
    return {"p50": float(p50), "p99": float(p99)}


def soak(stream: Stream, frames: int) -> dict[str, Any]:
    """Push frames, and return memory and costs of each tenth, and what held."""
    shown = phantom_pictures(240, 320)
    _part(stream, shown, len(shown))  # caches fill
    parts, kib, seen = [], [anonymous_kib()], [0]
    for number in range(_PARTS):
        parts.append(_part(stream, shown, frames // _PARTS))
        kib.append(anonymous_kib())
        seen.append((number + 1) * (frames // _PARTS))
    last_over_first = {
        name: parts[-1]["over_classify"][name] / parts[0]["over_classify"][name]
        for name in ("p50", "p99")
    }
    return {
        "frames": frames,
        "grown_kib": kib[-1] - kib[0],
        "memory": growth(seen, kib)._asdict(),
        "last_tenth_over_first": last_over_first,
        "anonymous_kib": kib,
        "parts": parts,
        "stats": stream.stats().to_dict(),
        "held": {
            "memory grew by less than 1 MiB": kib[-1] - kib[0] < _MOST_GROWN_KIB,
            "p99 stayed within a tenth": last_over_first["p99"] < _MOST_P99,
        },
    }


def main() -> None:
    """Run the soak and write its record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    classifier = sdk.Classifier()
    record = {
        "command": f"python -m benchmarks.streams.soak --frames {asked.frames}",
        "cpu": machine_facts().cpu_model,
        "model_id": classifier.model_id,
        **soak(classifier.stream(fps=30), asked.frames),
    }
    show(record, asked.output)
    sys.exit(not all(record["held"].values()))


if __name__ == "__main__":
    main()

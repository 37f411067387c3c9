"""An hour of a stream in fast-forward: memory and latency must stay as they are.

`python -m benchmarks.streams.soak [--frames N] [--background] [-o FILE]`
"""

from __future__ import annotations

import argparse
import json
from itertools import islice
from pathlib import Path
from time import perf_counter_ns

import numpy as np

import sdk
from benchmarks.machine.facts import machine_facts
from benchmarks.streams.cine import moving
from export.data.phantom import phantom_frame
from sdk.stream import Stream, StreamResult

FRAMES = 108_000  # an hour at 30 frames a second
_PARTS = 10
_PICTURES = 30


def resident_bytes() -> int:
    """Return this process's anonymous resident memory: files mapped in come and go."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


def soak(stream: Stream, frames: int) -> dict[str, object]:
    """Push frames, and return memory and latency of each tenth."""
    rng = np.random.default_rng(0)
    still = phantom_frame("femur", seed=1, height=480, width=640).pixels
    pictures = list(islice(moving(still, _PICTURES, 30, rng), _PICTURES))
    for picture in pictures:
        stream.push(picture)
    parts: list[dict[str, float]] = []
    last: StreamResult | None = None
    for part in range(_PARTS):
        times = np.empty(frames // _PARTS)
        for number in range(times.size):
            begun = perf_counter_ns()
            last = stream.push(pictures[number % _PICTURES])
            times[number] = (perf_counter_ns() - begun) / 1000
        p50, p99 = np.percentile(times, [50, 99])
        parts.append({"part": part, "anon_bytes": resident_bytes(), "p50_us": p50, "p99_us": p99})
    assert last is not None
    memory = [part["anon_bytes"] for part in parts]
    return {
        "frames": frames,
        "grown_bytes": memory[-1] - memory[0],
        "parts": parts,
        "stats": stream.stats().to_dict(),
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
    text = json.dumps(record, indent=1)
    if asked.output:
        asked.output.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

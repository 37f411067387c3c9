"""What a stream costs over `classify`, and a student's `novelty` over a student without it.

Turn about in one process. Each call meets a frame that no call has touched for eight calls, so that
all find the caches alike.

`python -m benchmarks.streams.cost [--rounds N] [-o FILE]`
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import Any

import cv2
import numpy as np
import onnx

import sdk
from benchmarks.machine.facts import machine_facts
from benchmarks.streams.shown import show
from export.data.phantom import phantom_frame
from export.packaging.graph_places import without_novelty
from export.packaging.packaging import sealed, strip
from sdk.model_file import parse_model_file
from sdk.precision import student_path

SCREENS = ((640, 480, "GRAY8"), (1920, 1080, "GRAY8"), (1920, 1080, "BGRA32"))
_FRAMES = 8
_WARM_UP = 40  # a region is held from the 22nd frame on

Call = Callable[[sdk.Frame], object]


def screens(width: int, height: int, format: str) -> list[sdk.Frame]:
    """Return screens whose image, in their middle, is another in each."""
    rng = np.random.default_rng(0)
    still = phantom_frame("femur", seed=1, height=480, width=640).pixels
    image = cv2.resize(still, (width * 3 // 4, height * 3 // 4)).astype(float)
    rows, columns = image.shape
    frames = []
    for _ in range(_FRAMES):
        screen = np.full((height, width), 20, np.uint8)
        noisy = np.clip(image + rng.normal(0, 5, image.shape), 0, 255)
        screen[height // 8 :, width // 8 :][:rows, :columns] = noisy
        pixels = screen if format == "GRAY8" else np.repeat(screen[..., None], 4, 2)
        frames.append(sdk.Frame.from_array(np.ascontiguousarray(pixels), format=format))
    return frames


def turn_about(calls: dict[str, Call], frames: list[sdk.Frame], rounds: int) -> dict[str, float]:
    """Return the median of each call in microseconds, and of what it takes beyond the first."""
    turn = cycle(frames)
    times: dict[str, list[int]] = {name: [] for name in calls}
    for number in range(_WARM_UP + rounds):
        for name, call in calls.items():
            frame = next(turn)
            begun = perf_counter_ns()
            call(frame)
            if number >= _WARM_UP:
                times[name].append(perf_counter_ns() - begun)
    first, *others = (np.array(taken) / 1000 for taken in times.values())
    found = {name: float(np.median(taken)) for name, taken in times.items()}
    over = [float(np.median(other - first)) for other in others]
    names = list(calls)
    told = {f"{name}_us": found[name] / 1000 for name in names}
    return told | {f"{name}_over_us": extra for name, extra in zip(names[1:], over, strict=True)}


def stream_cost(
    classifier: sdk.Classifier, screen: tuple[int, int, str], rounds: int
) -> dict[str, Any]:
    """Compare `push` with a given and with a held region to `classify` with that region."""
    frames = screens(*screen)
    found = classifier.stream(region="auto")
    for frame in [*frames, *frames, *frames]:
        region = found.push(frame).region
    assert region is not None
    given = classifier.stream(region=region)
    calls: dict[str, Call] = {
        "classify": lambda frame: classifier.classify(frame.with_region(region)),
        "push_given": given.push,
        "push_found": found.push,
    }
    return {"screen": screen, **turn_about(calls, frames, rounds)}


def novelty_cost(rounds: int) -> dict[str, Any]:
    """Compare the shipped student to itself without its novelty."""
    path = student_path(None, "fp32")
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        plain.write_bytes(_without_novelty(Path(path)))
        calls: dict[str, Call] = {
            "plain": sdk.Classifier(plain).classify,
            "novelty": sdk.Classifier(path).classify,
        }
    return turn_about(calls, screens(640, 480, "GRAY8"), rounds)


def _without_novelty(path: Path) -> bytes:
    metadata = replace(parse_model_file(path.read_bytes()).metadata, novelty=None)
    return sealed(without_novelty(strip(onnx.load(str(path)))), metadata)


def main() -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    classifier = sdk.Classifier(precision="fp32")
    record = {
        "command": f"python -m benchmarks.streams.cost --rounds {asked.rounds}",
        "cpu": machine_facts().cpu_model,
        "model_id": classifier.model_id,
        "streams": [stream_cost(classifier, screen, asked.rounds) for screen in SCREENS],
        "novelty": novelty_cost(asked.rounds),
    }
    show(record, asked.output)


if __name__ == "__main__":
    main()

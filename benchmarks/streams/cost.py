"""What a stream costs over `classify`, and a student's `novelty` over a student without it.

Turn about in one process. Each call meets a frame that no call has touched for eight calls, so that
all find the caches alike.

`python -m benchmarks.streams.cost [--rounds N] [-o FILE]`
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
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
from export.packaging.novelty import Prototypes, pooled_features, with_novelty
from export.packaging.packaging import ModelCard, package, strip
from sdk.novelty import OUTPUT_NAME, Novelty
from sdk.precision import student_path

SCREENS = ((640, 480, "GRAY8"), (1920, 1080, "GRAY8"), (1920, 1080, "BGRA32"))
_FRAMES = 8
_WARM_UP = 40  # a region is held from the 22nd frame on
_DIRECTIONS = 16
_FAR = 1e9

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
    """Compare a student with random prototypes to the same student without any."""
    with TemporaryDirectory() as folder:
        paths = _students(Path(folder))
        plain, told = (sdk.Classifier(path) for path in paths)
    calls: dict[str, Call] = {"plain": plain.classify, "novelty": told.classify}
    return turn_about(calls, screens(640, 480, "GRAY8"), rounds)


def _students(folder: Path) -> list[Path]:
    path = student_path(None, "fp32")
    metadata = sdk.Classifier(path).metadata
    model = _without_novelty(strip(onnx.load(str(path))))
    recipe = metadata.preprocessing
    columns = pooled_features(model, np.zeros((1, 1, recipe.height, recipe.width), np.float32))
    rng = np.random.default_rng(0)
    shapes = ((len(metadata.labels), columns.shape[1]), (_DIRECTIONS, columns.shape[1]))
    means, directions = (0.1 * rng.standard_normal(shape) for shape in shapes)
    models = {"plain": model, "novelty": with_novelty(model, Prototypes(means, directions, 1.0))}
    files = []
    for name, one in models.items():
        novelty = Novelty(_FAR, len(means)) if name == "novelty" else None
        card = ModelCard(
            student_id=name,
            precision="fp32",
            labels=metadata.labels,
            preprocessing=recipe,
            temperature=metadata.calibration.temperature,
            abstain_below=metadata.calibration.abstain_below,
            provenance=metadata.provenance,
            attribution=metadata.attribution,
            novelty=novelty,
        )
        files.append(folder / f"{name}.onnx")
        files[-1].write_bytes(package(one, card))
    return files


def _without_novelty(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = model.graph
    for items, names in (
        (graph.node, [node.output[0] for node in graph.node]),
        (graph.output, [item.name for item in graph.output]),
        (graph.initializer, [item.name for item in graph.initializer]),
    ):
        kept = [i for i, name in zip(items, names, strict=True) if not name.startswith(OUTPUT_NAME)]
        del items[:]
        items.extend(kept)
    return model


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

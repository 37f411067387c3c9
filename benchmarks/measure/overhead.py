"""What the SDK costs over its two unavoidable parts, and how near the whole is to the read bound.

In one process and turn about, frame by frame: describing the frame and `Classifier.classify`; the
compiled kernel and then `session.run`, bare, with nothing of the SDK's Python around them; and
plain reads of a frame's bytes, one before each side, so that both meet the same cache and clock.

Then the same once more with all caches hot: a frame small enough to stay in them, each call timed
right after an untimed one of its own.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.record.jobs import FrameShape
from benchmarks.record.outcomes import Overhead
from benchmarks.subjects.chain import make_frame
from benchmarks.subjects.spec import Subject
from benchmarks.worker_input import WorkerInput

if TYPE_CHECKING:
    from sdk import Frame

Action = Callable[[np.ndarray], object]

#: A frame of so many pixels (0.5 MB), which the caches of a core hold: 480x270 of 1920x1080.
_HOT_PIXELS = 480 * 270
_TURN = 4  # frames that a turn reads


def run(given: WorkerInput) -> Overhead:
    """Return nanoseconds of each query: ``sdk``, ``kernel``, ``inference`` and two ways to read.

    Those with hot caches have ``hot_`` before their names.
    """
    shape = given.shown
    ring = list(np.load(given.ring))
    return Overhead({**_cold(given, shape, ring), **_hot(given, shape, ring)})


def _cold(given: WorkerInput, shape: FrameShape, ring: list[np.ndarray]) -> dict[str, list[int]]:
    subject, threads = given.measured, given.job.threads
    kernel, infer = _bare_parts(subject, threads, make_frame(ring[1], shape))
    # Each way has a frame of its own in a turn, so that all meet it equally long untouched.
    read_sum, read_copy = _readers(shape)
    actions: dict[str, tuple[Action, int]] = {
        "read_sum": (read_sum, 2),
        "sdk": (_whole(subject, threads, shape, ring[0]), 0),
        "read_copy": (read_copy, 3),
        "kernel": (kernel, 1),
        "inference": (infer, 1),
    }
    parts_ns: dict[str, list[int]] = {name: [] for name in actions}
    for turn in range(given.job.queries):
        for name, (action, place) in actions.items():
            pixels = ring[(place + _TURN * turn) % len(ring)]
            start = time.monotonic_ns()
            action(pixels)
            parts_ns[name].append(time.monotonic_ns() - start)
    return parts_ns


def _hot(given: WorkerInput, shape: FrameShape, ring: list[np.ndarray]) -> dict[str, list[int]]:
    subject, threads = given.measured, given.job.threads
    step = math.ceil(math.sqrt(shape.width * shape.height / _HOT_PIXELS))
    pixels = np.ascontiguousarray(ring[0][::step, ::step])
    small = FrameShape(width=pixels.shape[1], height=pixels.shape[0], format=shape.format)
    kernel, infer = _bare_parts(subject, threads, make_frame(pixels, small))
    actions = {
        "hot_sdk": _whole(subject, threads, small, pixels),
        "hot_kernel": kernel,
        "hot_inference": infer,
    }
    parts_ns: dict[str, list[int]] = {name: [] for name in actions}
    for _ in range(given.job.queries):
        for name, action in actions.items():
            action(pixels)
            start = time.monotonic_ns()
            action(pixels)
            parts_ns[name].append(time.monotonic_ns() - start)
    return parts_ns


def _whole(subject: Subject, threads: int, shape: FrameShape, pixels: np.ndarray) -> Action:
    """Return the SDK from pixels to result.

    Raises:
        ValueError: the frame is rejected, so that there would be no inference in the figure.
    """
    import sdk

    classifier = sdk.Classifier(subject.path, threads=threads)
    result = classifier.classify(make_frame(pixels, shape))
    if result.probabilities is None:
        raise ValueError(f"frame rejected ({', '.join(result.reasons)}): nothing to time")
    return lambda data: classifier.classify(make_frame(data, shape))


def _bare_parts(subject: Subject, threads: int, frame: Frame) -> tuple[Action, Action]:
    """Return the compiled kernel into a reused buffer and the session on it: one call each.

    The session has the SDK's options and gives the same outputs; pixels, shape and buffer are
    those of a frame that was described before.
    """
    from benchmarks.subjects.runtimes import onnxruntime_session
    from sdk.preprocess import Preprocessing

    recipe = Preprocessing.from_dict(subject.recipe)
    buffer = np.zeros((1, 1, recipe.height, recipe.width), np.float32)
    plan, _ = recipe._prepare(frame)
    session = onnxruntime_session(subject.path, threads)
    outputs = [output.name for output in session.get_outputs()]
    name = session.get_inputs()[0].name
    return (
        lambda pixels: plan.run(pixels, buffer),
        lambda _pixels: session.run(outputs, {name: buffer}),
    )


def _readers(shape: FrameShape) -> list[Action]:
    """Return plain reads of a whole frame's bytes: summed in registers, and copied by memcpy."""
    from sdk import _kernels

    layout = make_frame(np.zeros((shape.height, shape.width, 4), np.uint8), shape)._layout
    return [
        lambda pixels: _kernels.sum_region(layout, pixels, True),
        lambda pixels: _kernels.memcpy_region(layout, pixels, True),
    ]

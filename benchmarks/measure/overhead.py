"""What the SDK costs over its two unavoidable parts, and how near the whole is to the read bound.

In one process and turn about, frame by frame, so that both sides meet the same cache and clock:
`Classifier.classify`, then kernel and `session.run` bare, then a plain read of the frame's bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

Job = dict[str, Any]


def run(job: Job) -> dict[str, Any]:
    """Return nanoseconds of each query: ``sdk``, ``kernel``, ``inference``, ``read``."""
    from benchmarks.subjects.chain import FrameShape, sdk_query
    from benchmarks.subjects.spec import Subject

    subject, shape = Subject.from_dict(job["subject"]), FrameShape(**job["frame"])
    ring = list(np.load(job["ring"]))
    classify = sdk_query(subject, job["threads"], shape)
    kernel, infer = _bare_parts(subject, job["threads"], shape)
    read = reader()
    found: dict[str, list[int]] = {"sdk": [], "kernel": [], "inference": [], "read": []}
    actions: list[tuple[str, Callable[[np.ndarray], object]]] = [
        ("sdk", classify),
        ("kernel", kernel),
        ("inference", infer),
        ("read", read),
    ]
    for index in range(job["queries"]):
        for offset, (name, action) in enumerate(actions):
            # each action meets a frame that none touched for a whole round of the ring
            pixels = ring[(index * len(actions) + offset) % len(ring)]
            start = time.monotonic_ns()
            action(pixels)
            found[name].append(time.monotonic_ns() - start)
    return {"parts_ns": found}


def _bare_parts(
    subject: Any, threads: int, shape: Any
) -> tuple[Callable[[np.ndarray], object], Callable[[np.ndarray], object]]:
    """Return the kernel into a reused buffer and the session on it, nothing around them."""
    import onnxruntime

    import sdk
    from sdk.preprocess import Preprocessing

    recipe = Preprocessing.from_dict(subject.preprocessing)
    buffer = np.zeros((1, 1, recipe.height, recipe.width), np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        subject.path, options, providers=["CPUExecutionProvider"]
    )
    outputs = [output.name for output in session.get_outputs()]
    name = session.get_inputs()[0].name

    def kernel(pixels: np.ndarray) -> None:
        frame = sdk.Frame(pixels, width=shape.width, height=shape.height, format=shape.format)
        recipe.tensor_into(frame, buffer)

    return kernel, lambda _pixels: session.run(outputs, {name: buffer})


def reader() -> Callable[[np.ndarray], object]:
    """Return the fastest plain read of a frame at hand: every byte is loaded once and combined."""

    def read(pixels: np.ndarray) -> object:
        return np.bitwise_or.reduce(pixels.reshape(-1).view(np.uint64))

    return read

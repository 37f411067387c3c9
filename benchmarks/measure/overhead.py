"""What the SDK costs over its two unavoidable parts, and how near the whole is to the read bound.

In one process and turn about, frame by frame, so that both sides meet the same cache and clock:
`Classifier.classify`, then kernel and `session.run` bare, then plain reads of the frame's bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

Job = dict[str, Any]


def run(job: Job) -> dict[str, Any]:
    """Return nanoseconds of each query: ``sdk``, ``kernel``, ``inference`` and two ways to read."""
    from benchmarks.subjects.chain import FrameShape, sdk_query
    from benchmarks.subjects.spec import Subject

    subject, shape = Subject.from_dict(job["subject"]), FrameShape(**job["frame"])
    ring = list(np.load(job["ring"]))
    kernel, infer = _bare_parts(subject, job["threads"], shape)
    # Each way has a frame of its own, so that all meet it equally long untouched.
    actions: dict[str, tuple[Callable[[np.ndarray], object], np.ndarray]] = {
        "sdk": (sdk_query(subject, job["threads"], shape), ring[0]),
        "kernel": (kernel, ring[1]),
        "inference": (infer, ring[1]),
    }
    for name, read in _readers(shape).items():
        actions[name] = (read, ring[len(actions) - 1])
    found: dict[str, list[int]] = {name: [] for name in actions}
    for _ in range(job["queries"]):
        for name, (action, pixels) in actions.items():
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


def _readers(shape: Any) -> dict[str, Callable[[np.ndarray], object]]:
    """Return plain reads of a whole frame's bytes: summed in registers, and copied by memcpy."""
    import sdk
    from sdk import _kernels

    blank = np.zeros((shape.height, shape.width, 4), np.uint8)
    frame = sdk.Frame(blank, width=shape.width, height=shape.height, format=shape.format)
    layout = frame._layout
    return {
        "read_sum": lambda pixels: _kernels.sum_region(layout, pixels, True),
        "read_copy": lambda pixels: _kernels.memcpy_region(layout, pixels, True),
    }

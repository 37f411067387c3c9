"""From a frame's pixels to probabilities, with the time of each stage."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.record.jobs import FrameShape
from benchmarks.subjects.runtimes import INFER, Infer
from benchmarks.subjects.spec import Subject
from benchmarks.worker_input import WorkerInput

if TYPE_CHECKING:
    from sdk import Frame

Stages = dict[str, int]
#: From pixels to nanoseconds of each stage.
StagedQuery = Callable[[np.ndarray], Stages]


def make_frame(pixels: np.ndarray, shape: FrameShape) -> Frame:
    """Return the SDK's frame over pixels."""
    import sdk

    return sdk.Frame(pixels, width=shape.width, height=shape.height, format=shape.format)


def chain_query(subject: Subject, threads: int, shape: FrameShape) -> StagedQuery:
    """Return a query of preprocessing, inference and softmax in one of the bare runtimes."""
    from export.evaluation import softmax
    from sdk.preprocess import Preprocessing

    recipe = Preprocessing.from_dict(subject.recipe)
    infer = INFER[subject.runtime](subject, threads)

    def query(pixels: np.ndarray) -> Stages:
        start = time.monotonic_ns()
        tensor = fed(recipe.tensor(make_frame(pixels, shape)), subject)
        middle = time.monotonic_ns()
        scores = infer(tensor)
        end = time.monotonic_ns()
        if subject.scores:
            softmax(scores)
        return {"preprocess": middle - start, "inference": end - middle}

    return query


def made_up_query(subject: Subject, threads: int) -> StagedQuery:
    """Return a query of inference alone on made-up inputs: the model takes no frame."""
    infer = INFER[subject.runtime](subject, threads)

    def query(_pixels: np.ndarray) -> Stages:
        start = time.monotonic_ns()
        infer(None)
        return {"inference": time.monotonic_ns() - start}

    return query


def sdk_query(subject: Subject, threads: int, shape: FrameShape) -> StagedQuery:
    """Return a query through `sdk.Classifier`, stages as its own `Result.timing` tells them."""
    import sdk

    classifier = sdk.Classifier(subject.path, threads=threads)

    def query(pixels: np.ndarray) -> Stages:
        result = classifier.classify(make_frame(pixels, shape))
        if result.probabilities is None:
            raise ValueError(f"frame rejected ({', '.join(result.reasons)}): nothing to time")
        timing = result.timing
        return {
            "preprocess": int(timing.preprocess_us * 1000),
            "inference": int(timing.inference_us * 1000),
        }

    return query


def tensor_query(subject: Subject, threads: int, tensor: np.ndarray) -> Callable[[Any], object]:
    """Return a query of inference alone on a ready tensor: nothing of the SDK is imported."""
    infer: Infer = INFER[subject.runtime](subject, threads)
    ready = fed(tensor, subject)
    return lambda _pixels: infer(ready)


def ready_query(given: WorkerInput, tensor: np.ndarray | None) -> Callable[[Any], object]:
    """Return what memory and cold start are measured of: the SDK whole, else inference alone."""
    subject, threads = given.measured, given.job.threads
    if tensor is None or subject.runtime == "sdk":
        return sdk_query(subject, threads, given.shown)
    return tensor_query(subject, threads, tensor)


def make_query(subject: Subject, threads: int, shape: FrameShape) -> StagedQuery:
    """Return the end-to-end query of a subject: pixels of a frame in, stages in nanoseconds out."""
    if not subject.takes_frames:
        return made_up_query(subject, threads)
    maker = sdk_query if subject.runtime == "sdk" else chain_query
    return maker(subject, threads, shape)


def fed(tensor: np.ndarray, subject: Subject) -> np.ndarray:
    """Return a grey tensor `(1,1,H,W)` as the subject's own input wants it."""
    if subject.feed is None or not subject.feed.frame:
        return tensor
    from benchmarks.onnx_facts.feeds import frame_tensor

    return frame_tensor(tensor, subject.feed)

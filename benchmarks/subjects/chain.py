"""From a frame's pixels to probabilities, with the time of each stage."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.subjects.runtimes import INFER, Infer
from benchmarks.subjects.spec import Subject

Stages = dict[str, int]


@dataclass(frozen=True)
class FrameShape:
    """Size in pixels and format name of the frames in a ring."""

    width: int
    height: int
    format: str


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of float logits over the last axis, in float64."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def _make_frame(pixels: np.ndarray, shape: FrameShape) -> Any:
    import sdk

    return sdk.Frame(pixels, width=shape.width, height=shape.height, format=shape.format)


def chain_query(
    subject: Subject, threads: int, shape: FrameShape
) -> Callable[[np.ndarray], Stages]:
    """Return a query of preprocessing, inference and softmax in one of the bare runtimes."""
    from sdk.preprocess import Preprocessing

    recipe = Preprocessing.from_dict(subject.preprocessing)
    infer = INFER[subject.runtime](subject, threads)

    def query(pixels: np.ndarray) -> Stages:
        start = time.monotonic_ns()
        tensor = with_channels(recipe.tensor(_make_frame(pixels, shape)), subject.channels)
        middle = time.monotonic_ns()
        logits = infer(tensor)
        end = time.monotonic_ns()
        softmax(logits)
        return {"preprocess": middle - start, "inference": end - middle}

    return query


def sdk_query(subject: Subject, threads: int, shape: FrameShape) -> Callable[[np.ndarray], Stages]:
    """Return a query through `sdk.Classifier`, stages as its own `Result.timing` tells them."""
    import sdk

    classifier = sdk.Classifier(subject.path, threads=threads)

    def query(pixels: np.ndarray) -> Stages:
        result = classifier.classify(_make_frame(pixels, shape))
        if result.probabilities is None:
            raise ValueError(f"frame rejected ({', '.join(result.reasons)}): nothing to time")
        timing = result.timing
        return {
            "preprocess": int(timing.preprocess_us * 1000),
            "inference": int(timing.inference_us * 1000),
        }

    return query


def tensor_query(subject: Subject, threads: int, tensor: np.ndarray) -> Callable[[Any], None]:
    """Return a query of inference alone on a ready tensor: nothing of the SDK is imported."""
    infer: Infer = INFER[subject.runtime](subject, threads)
    ready = with_channels(tensor, subject.channels)

    def query(_pixels: Any) -> None:
        infer(ready)

    return query


def make_query(subject: Subject, threads: int, shape: FrameShape) -> Callable[[np.ndarray], Stages]:
    """Return the end-to-end query of a subject: pixels of a frame in, stages in nanoseconds out."""
    maker = sdk_query if subject.runtime == "sdk" else chain_query
    return maker(subject, threads, shape)


def with_channels(tensor: np.ndarray, channels: int) -> np.ndarray:
    """Return a grey tensor `(1,1,H,W)` repeated to ``channels``."""
    return tensor if channels == 1 else np.repeat(tensor, channels, axis=1)

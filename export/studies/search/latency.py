"""The time of one inference of each candidate, in both precisions, beside each other."""

import statistics
import time
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import onnx
import torch

from export.display import Progress, quiet
from export.models.student import build_student
from export.packaging.convert import INPUT, to_onnx
from export.packaging.quantize import Scheme, quantize
from export.packaging.sessions import open_session
from export.recipe.settings import StudentConfig
from export.studies.search.space import Latency

K = TypeVar("K")
WARM_UP_RUNS = 20
Times = dict[str, float]  # by precision, milliseconds


def latencies_ms(
    networks: Mapping[str, StudentConfig],
    classes: int,
    settings: Latency,
    float_layers: tuple[str, ...],
    progress: Progress = quiet,
) -> dict[str, Times]:
    """Return the median time of an inference by candidate and precision, on one thread.

    Weights are random, which no time depends on. Every round runs each file once, so that what
    slows the machine for a while slows all of them.
    """
    files: dict[tuple[str, str], bytes] = {}
    for done, (name, network) in enumerate(networks.items(), 1):
        for precision, model in _models(network, classes, settings, float_layers).items():
            files[name, precision] = model.SerializeToString()
        progress(done, len(networks))
    frame = np.zeros((1, 1, settings.height, settings.width), np.float32)
    times = medians_ms(files, frame, settings.runs)
    return {name: {p: times[name, p] for p in ("fp32", "int8")} for name in networks}


def medians_ms(files: Mapping[K, bytes], frame: np.ndarray, runs: int) -> dict[K, float]:
    """Return the median time of an inference by each file, in turn, on one thread."""
    sessions = {key: open_session(data) for key, data in files.items()}
    times: dict[K, list[float]] = {key: [] for key in files}
    for number in range(WARM_UP_RUNS + runs):
        for key, session in sessions.items():
            start = time.perf_counter()
            session.run(None, {INPUT: frame})
            if number >= WARM_UP_RUNS:
                times[key].append(1000 * (time.perf_counter() - start))
    return {key: statistics.median(values) for key, values in times.items()}


def _models(
    network: StudentConfig, classes: int, settings: Latency, float_layers: tuple[str, ...]
) -> dict[str, onnx.ModelProto]:
    torch.manual_seed(0)
    student = build_student(classes, network).eval()
    fp32 = to_onnx(student, settings.height, settings.width)
    frames = np.random.default_rng(0).normal(size=(1, 1, settings.height, settings.width))
    int8 = quantize(fp32, frames.astype(np.float32), Scheme(float_layers=float_layers))
    return {"fp32": fp32, "int8": int8}

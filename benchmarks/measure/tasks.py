"""The tasks that a worker knows. Each takes what the worker was given and returns its outcome.

Heavy imports stay inside the functions: a process pays for its own task alone.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.measure.clock import SystemClock, resolution_ns
from benchmarks.measure.counters import joules_between, read_energy, read_memory
from benchmarks.measure.scenarios import Query, Trace, missed_deadlines, paced, single_stream
from benchmarks.measure.soak import growth_kib_per_1000, soak
from benchmarks.measure.streams import multi_stream
from benchmarks.onnx_facts.types import Probe
from benchmarks.record.outcomes import (
    Logits,
    Memory,
    Outcome,
    Overhead,
    Pixels,
    Predictions,
    Soak,
    Timing,
)
from benchmarks.worker_input import WorkerInput


@dataclass(frozen=True)
class Probed(Outcome):
    """What a user's model is, or why onnxruntime does not run it; it is no part of the record."""

    probe: Probe | None = None
    refused: str = ""


def _ring_query(given: WorkerInput) -> Query:
    """Return the query over the ring of frames: index -> stages."""
    import numpy as np

    from benchmarks.subjects.chain import make_query

    ring = list(np.load(given.ring))
    query = make_query(given.measured, given.job.threads, given.shown)
    return lambda index: query(ring[index % len(ring)])


def _warm_query(given: WorkerInput) -> Query:
    """Return the query after ``warm`` queries back to back that are not part of the trace."""
    query = _ring_query(given)
    for index in range(given.job.warm):
        query(index)
    return query


def _traced(run: Callable[[], Trace]) -> Timing:
    before = read_energy()
    trace = run()
    return Timing(
        service_ns=trace.service_ns,
        response_ns=trace.response_ns,
        stages_ns=trace.stages_ns,
        cpu_ns=trace.cpu_ns,
        wall_ns=trace.wall_ns,
        clock_ns=resolution_ns(SystemClock.now_ns),
        energy_j=joules_between(before, read_energy()),
    )


def _with_missed(timing: Timing, fps: float) -> Timing:
    return replace(timing, missed=missed_deadlines(timing.response_ns, fps))


def run_single_stream(given: WorkerInput) -> Timing:
    """Back to back; the first queries are in the trace, so that warm-up can be seen."""
    query, job = _ring_query(given), given.job
    limits = (job.queries, job.max_seconds, job.min_queries)
    return _traced(lambda: single_stream(query, SystemClock(), *limits))


def run_paced(given: WorkerInput) -> Timing:
    """At ``fps``."""
    query, job = _warm_query(given), given.job
    return _with_missed(_traced(lambda: paced(query, SystemClock(), job.queries, job.fps)), job.fps)


def run_multi_stream(given: WorkerInput) -> Timing:
    """``streams`` paced threads on one model."""
    query, job = _warm_query(given), given.job
    timing = _traced(lambda: multi_stream(query, SystemClock(), job.streams, job.queries, job.fps))
    return _with_missed(timing, job.fps)


def run_memory(given: WorkerInput) -> Memory:
    """Load the model and run ``queries``; without a subject, only import ``imports``."""
    for module in given.imports:
        importlib.import_module(module)
    if given.subject is None:
        return Memory()
    import numpy as np

    from benchmarks.subjects.chain import ready_query

    pixels = np.load(given.screen)
    # the SDK takes the frame itself, and a tensor would be memory that is not its own
    tensor = None if given.subject.runtime == "sdk" else np.load(given.tensor)
    query = ready_query(given, tensor)
    for _ in range(given.job.queries):
        query(pixels)
    return Memory(int(pixels.nbytes))


def run_soak(given: WorkerInput) -> Soak:
    """Run for ``seconds`` and follow the resident set."""
    trace = soak(_ring_query(given), SystemClock(), read_memory, given.job.seconds)
    slope = growth_kib_per_1000(trace.frames, trace.rss_kib)
    return Soak(trace.frames, trace.rss_kib, slope)


def run_overhead(given: WorkerInput) -> Overhead:
    """See `benchmarks.measure.overhead`."""
    from benchmarks.measure.overhead import run

    return run(given)


def run_logits(given: WorkerInput) -> Logits:
    """Return the logits of each tensor in the file ``tensors``, float32 `(N,1,H,W)`.

    Raises:
        ValueError: a logit is not finite.
    """
    import numpy as np

    from benchmarks.subjects.chain import fed
    from benchmarks.subjects.runtimes import INFER

    subject = given.measured
    infer = INFER[subject.runtime](subject, given.job.threads)
    logits = [infer(fed(t[None], subject))[0] for t in np.load(given.tensors)]
    if not np.isfinite(logits).all():
        raise ValueError("the model's output holds NaN or Infinity")
    return Logits([row.tolist() for row in logits])


def run_probe(given: WorkerInput) -> Probed:
    """Say what a user's model is and how it is fed, or why onnxruntime does not run it."""
    from pathlib import Path

    from benchmarks.errors import BenchError
    from benchmarks.onnx_facts.facts import probe

    try:
        return Probed(probe(Path(given.model), given.shapes))
    except BenchError as error:
        return Probed(refused=str(error))


def run_quality(given: WorkerInput) -> Predictions:
    """See `benchmarks.quality.predict`."""
    from benchmarks.quality.predict import run

    return run(given)


def run_preprocess(given: WorkerInput) -> Pixels:
    """Time the pixel kernel on one frame size against reading, OpenCV and NumPy."""
    from benchmarks.suites.pixels.timing import run

    return run(given.job.formats, (given.job.size,), given.job.samples)


Task = Callable[[WorkerInput], Outcome]

TASKS: dict[str, Task] = {
    "single_stream": run_single_stream,
    "paced": run_paced,
    "multi_stream": run_multi_stream,
    "memory": run_memory,
    "soak": run_soak,
    "overhead": run_overhead,
    "logits": run_logits,
    "probe": run_probe,
    "quality": run_quality,
    "preprocess": run_preprocess,
}

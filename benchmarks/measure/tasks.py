"""The tasks that a worker knows. Each takes its job and returns JSON-ready data."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from benchmarks.measure.clock import SystemClock, resolution_ns
from benchmarks.measure.counters import joules_between, read_energy, read_memory
from benchmarks.measure.scenarios import Query, Trace, missed_deadlines, paced, single_stream
from benchmarks.measure.soak import growth_kib_per_1000, soak
from benchmarks.measure.streams import multi_stream

Job = dict[str, Any]


def _ring_query(job: Job) -> Query:
    """Return the query over the ring of frames: index -> stages."""
    import numpy as np

    from benchmarks.subjects.chain import FrameShape, make_query
    from benchmarks.subjects.spec import Subject

    ring = list(np.load(job["ring"]))
    query = make_query(
        Subject.from_dict(job["subject"]), job["threads"], FrameShape(**job["frame"])
    )
    return lambda index: query(ring[index % len(ring)])


def _trace_result(trace: Trace, joules: float | None) -> dict[str, Any]:
    return {
        "service_ns": trace.service_ns,
        "response_ns": trace.response_ns,
        "stages_ns": trace.stages_ns,
        "cpu_ns": trace.cpu_ns,
        "wall_ns": trace.wall_ns,
        "clock_ns": resolution_ns(SystemClock.now_ns),
        "energy_j": joules,
    }


def _traced(run: Callable[[], Trace]) -> dict[str, Any]:
    before = read_energy()
    trace = run()
    return _trace_result(trace, joules_between(before, read_energy()))


def run_single_stream(job: Job) -> dict[str, Any]:
    """Back to back; the first queries are in the trace, so that warm-up can be seen."""
    query = _ring_query(job)
    limits = (job["queries"], job["max_seconds"], job["min_queries"])
    return _traced(lambda: single_stream(query, SystemClock(), *limits))


def run_paced(job: Job) -> dict[str, Any]:
    """At ``fps``, after ``warm`` queries back to back that are not part of the trace."""
    query = _ring_query(job)
    for index in range(job["warm"]):
        query(index)
    result = _traced(lambda: paced(query, SystemClock(), job["queries"], job["fps"]))
    result["missed"] = missed_deadlines(result["response_ns"], job["fps"])
    return result


def run_multi_stream(job: Job) -> dict[str, Any]:
    """``streams`` paced threads on one model."""
    query = _ring_query(job)
    for index in range(job["warm"]):
        query(index)
    result = _traced(
        lambda: multi_stream(query, SystemClock(), job["streams"], job["queries"], job["fps"])
    )
    result["missed"] = missed_deadlines(result["response_ns"], job["fps"])
    return result


def run_memory(job: Job) -> dict[str, Any]:
    """Load the model and run ``queries``; without a subject, only import ``imports``."""
    for module in job["imports"]:
        importlib.import_module(module)
    if not job.get("subject"):
        return {}
    import numpy as np

    from benchmarks.subjects.chain import FrameShape, sdk_query, tensor_query
    from benchmarks.subjects.spec import Subject

    subject, pixels = Subject.from_dict(job["subject"]), np.load(job["screen"])
    query: Callable[[Any], Any]
    if subject.runtime == "sdk":
        query = sdk_query(subject, job["threads"], FrameShape(**job["frame"]))
    else:
        query = tensor_query(subject, job["threads"], np.load(job["tensor"]))
    for _ in range(job["queries"]):
        query(pixels)
    return {"frame_bytes": int(pixels.nbytes)}


def run_soak(job: Job) -> dict[str, Any]:
    """Run for ``seconds`` and follow the resident set."""
    query = _ring_query(job)
    found = soak(query, SystemClock(), read_memory, job["seconds"])
    return {
        "frames": found.frames,
        "rss_kib": found.rss_kib,
        "growth_kib_per_1000": growth_kib_per_1000(found.frames, found.rss_kib),
    }


def run_overhead(job: Job) -> dict[str, Any]:
    """See `benchmarks.measure.overhead`."""
    from benchmarks.measure.overhead import run

    return run(job)


def run_logits(job: Job) -> dict[str, Any]:
    """Return the logits of each tensor in the file ``tensors``, float32 `(N,1,H,W)`."""
    import numpy as np

    from benchmarks.subjects.chain import fed
    from benchmarks.subjects.runtimes import INFER
    from benchmarks.subjects.spec import Subject

    subject = Subject.from_dict(job["subject"])
    infer = INFER[subject.runtime](subject, job["threads"])
    tensors = np.load(job["tensors"])
    logits = [infer(fed(t[None], subject))[0] for t in tensors]
    if not np.isfinite(logits).all():
        raise ValueError("the model's output holds NaN or Infinity")
    return {"logits": [row.tolist() for row in logits]}


def run_probe(job: Job) -> dict[str, Any]:
    """Say what a foreign model is and how it is fed, or why onnxruntime does not run it."""
    from dataclasses import asdict
    from pathlib import Path

    from benchmarks.errors import BenchError
    from benchmarks.onnx_facts.facts import probe

    try:
        return {"probe": asdict(probe(Path(job["path"]), job["shapes"]))}
    except BenchError as error:
        return {"refused": str(error)}


def run_quality(job: Job) -> dict[str, Any]:
    """See `benchmarks.quality.predict`."""
    from benchmarks.quality.predict import run

    return run(job)


def run_preprocess(job: Job) -> dict[str, Any]:
    """Time the pixel kernel on one frame size against reading, OpenCV and NumPy."""
    from benchmarks.preprocess.suite import run

    found = run(tuple(job["formats"]), (tuple(job["size"]),), job["samples"])
    return {"isa": found["isa"], "cases": found["cases"]}


TASKS: dict[str, Callable[[Job], dict[str, Any]]] = {
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

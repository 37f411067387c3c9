"""Which fresh processes a run starts, in random order."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.frames import SCREEN
from benchmarks.subjects.spec import IMPORTS, Subject

Job = dict[str, Any]


@dataclass(frozen=True)
class Effort:
    """How much a mode measures.

    Attributes:
        mode: ``quick`` or ``full``.
        processes: fresh processes per figure, never below 5.
        queries: most queries of a back-to-back process.
        queries_least: its least, however slow; five processes of it carry a p99.
        seconds: after which it stops, once it has its least.
        paced_seconds: length of a paced process.
        paced_fps: frames a second.
        streams: numbers of simultaneous streams.
        soak_seconds: length of the memory-growth run.
        all_threads: whether all cores are measured beside one thread.
    """

    mode: str
    processes: int
    queries: int
    queries_least: int
    seconds: float
    paced_seconds: float
    paced_fps: tuple[float, ...]
    streams: tuple[int, ...]
    soak_seconds: float
    all_threads: bool


QUICK = Effort("quick", 5, 500, 130, 1.0, 3.4, (30.0, 60.0), (2,), 5.0, False)
FULL = Effort("full", 5, 1000, 160, 2.0, 7.0, (30.0, 60.0), (2, 4), 40.0, True)

#: Seconds after which a worker is taken for hung.
_TIMEOUT_S = 180.0
_WARM = 50


@dataclass(frozen=True)
class Files:
    """What the harness prepared in ``folder``, as .npy files."""

    folder: Path

    @property
    def ring(self) -> Path:
        """The ring of screens."""
        return self.folder / "ring.npy"

    @property
    def screen(self) -> Path:
        """One of the screens alone."""
        return self.folder / "screen.npy"

    def tensor(self, recipe: Mapping[str, Any]) -> Path:
        """One frame through a subject's preprocessing."""
        return self.folder / f"tensor-{_digest(recipe)}.npy"

    def tensors(self, recipe: Mapping[str, Any]) -> Path:
        """All sample frames through a subject's preprocessing."""
        return self.folder / f"tensors-{_digest(recipe)}.npy"


def _digest(recipe: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]


def make_plan(
    subjects: Sequence[Subject], files: Files, effort: Effort, seed: int = 0
) -> list[Job]:
    """Return all timing and memory jobs, shuffled: slow minutes of the machine hit all alike."""
    jobs: list[Job] = []
    for repeat in range(effort.processes):
        for subject in subjects:
            jobs += [{**job, "process": repeat} for job in _jobs_of(subject, files, effort)]
        jobs += [{**job, "process": repeat} for job in _imports_jobs(subjects)]
    jobs += [job for s in subjects if s.runtime == "sdk" for job in _soak(s, files, effort)]
    random.Random(seed).shuffle(jobs)
    return [{**job, "order": order} for order, job in enumerate(jobs)]


def thread_counts(effort: Effort) -> list[int]:
    """Return 1, and the usable cores where the mode asks for them."""
    cores = len(os.sched_getaffinity(0))
    return [1, cores] if effort.all_threads and cores > 1 else [1]


def base_job(task: str, subject: Subject | None, threads: int, **more: Any) -> Job:
    """Return a job with what every worker needs."""
    return {
        "task": task,
        "subject": subject.to_dict() if subject else None,
        "name": subject.name if subject else None,
        "threads": threads,
        "timeout_s": _TIMEOUT_S,
        "process": 0,
        **more,
    }


def _jobs_of(subject: Subject, files: Files, effort: Effort) -> list[Job]:
    inputs = {"ring": str(files.ring), "frame": vars(SCREEN)}
    tensor = {
        "tensor": str(files.tensor(subject.preprocessing)),
        "imports": IMPORTS[subject.runtime],
    }
    limits = {
        "queries": effort.queries,
        "min_queries": effort.queries_least,
        "max_seconds": effort.seconds,
    }
    jobs = [
        base_job("single_stream", subject, n, **limits, **inputs) for n in thread_counts(effort)
    ]
    alone = {**inputs, **tensor, "screen": str(files.screen)}
    jobs.append(base_job("memory", subject, 1, queries=30, **alone))
    jobs.append(base_job("cold_start", subject, 1, **alone))
    if subject.runtime == "sdk":
        jobs += _device_jobs(subject, inputs, effort)
    return jobs


def _device_jobs(subject: Subject, inputs: dict[str, Any], effort: Effort) -> list[Job]:
    """Return what only the whole SDK is asked: pacing, several streams, overhead."""
    jobs = [
        base_job(
            "paced",
            subject,
            1,
            fps=fps,
            warm=_WARM,
            queries=int(effort.paced_seconds * min(fps, 30.0)),
            **inputs,
        )
        for fps in effort.paced_fps
    ]
    jobs += [
        base_job(
            "multi_stream",
            subject,
            1,
            fps=30.0,
            warm=_WARM,
            streams=streams,
            queries=int(effort.paced_seconds * 30 / streams),
            **inputs,
        )
        for streams in effort.streams
    ]
    jobs.append(base_job("overhead", subject, 1, queries=effort.queries // 2, **inputs))
    return jobs


def _imports_jobs(subjects: Sequence[Subject]) -> list[Job]:
    runtimes = sorted({subject.runtime for subject in subjects})
    return [
        {**base_job("memory", None, 1, imports=IMPORTS[runtime]), "name": f"imports/{runtime}"}
        for runtime in runtimes
    ]


def _soak(subject: Subject, files: Files, effort: Effort) -> list[Job]:
    inputs = {"ring": str(files.ring), "frame": vars(SCREEN)}
    return [base_job("soak", subject, 1, seconds=effort.soak_seconds, **inputs)]

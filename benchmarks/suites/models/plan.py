"""Which fresh processes a run starts, in random order."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchmarks.input_files import Files
from benchmarks.record.jobs import Job
from benchmarks.subjects.spec import IMPORTS, Subject
from benchmarks.worker_input import WorkerInput


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

    mode: Literal["quick", "full"]
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

_WARM = 50
_MEMORY_QUERIES = 30
_STREAM_FPS = 30.0


def make_plan(
    subjects: Sequence[Subject], files: Files, effort: Effort, seed: int = 0
) -> list[WorkerInput]:
    """Return all timing and memory jobs, shuffled: a slow minute hits every subject."""
    once = [job for subject in subjects for job in _jobs_of(subject, files, effort)]
    once += _import_jobs(subjects)
    jobs = [
        replace(given, job=replace(given.job, process=process))
        for process in range(effort.processes)
        for given in once
    ]
    jobs += [_soak(one, files, effort) for one in subjects if one.runtime == "sdk"]
    random.Random(seed).shuffle(jobs)
    return jobs


def thread_counts(effort: Effort) -> tuple[int, ...]:
    """Return 1, and the usable cores where the mode asks for them."""
    cores = len(os.sched_getaffinity(0))
    return (1, cores) if effort.all_threads and cores > 1 else (1,)


def _jobs_of(subject: Subject, files: Files, effort: Effort) -> list[WorkerInput]:
    timed = _timed(subject, files)
    stream = Job(
        task="single_stream",
        name=subject.name,
        queries=effort.queries,
        min_queries=effort.queries_least,
        max_seconds=effort.seconds,
    )
    jobs = [replace(timed, job=replace(stream, threads=n)) for n in thread_counts(effort)]
    alone = replace(
        timed,
        tensor=str(files.tensor(subject.recipe)),
        screen=str(files.screen),
        imports=IMPORTS[subject.runtime],
    )
    memory = Job(task="memory", name=subject.name, queries=_MEMORY_QUERIES)
    jobs.append(replace(alone, job=memory))
    jobs.append(replace(alone, job=Job(task="cold_start", name=subject.name)))
    if subject.runtime == "sdk":
        jobs += [replace(timed, job=job) for job in _device_jobs(subject.name, effort)]
    return jobs


def _timed(subject: Subject, files: Files) -> WorkerInput:
    """Return the input of a job on the ring; each job replaces the one in it."""
    job = Job(task="single_stream", name=subject.name)
    return WorkerInput(job, subject, frame=files.screens, ring=str(files.ring))


def _device_jobs(name: str, effort: Effort) -> list[Job]:
    """Return what only the whole SDK is asked: pacing, several streams, overhead."""
    jobs = [
        Job(
            task="paced",
            name=name,
            fps=fps,
            warm=_WARM,
            queries=int(effort.paced_seconds * min(fps, _STREAM_FPS)),
        )
        for fps in effort.paced_fps
    ]
    jobs += [
        Job(
            task="multi_stream",
            name=name,
            fps=_STREAM_FPS,
            warm=_WARM,
            streams=streams,
            queries=int(effort.paced_seconds * _STREAM_FPS / streams),
        )
        for streams in effort.streams
    ]
    return [*jobs, Job(task="overhead", name=name, queries=effort.queries // 2)]


def _import_jobs(subjects: Sequence[Subject]) -> list[WorkerInput]:
    return [
        WorkerInput(Job(task="memory", name=f"imports/{runtime}"), imports=IMPORTS[runtime])
        for runtime in sorted({subject.runtime for subject in subjects})
    ]


def _soak(subject: Subject, files: Files, effort: Effort) -> WorkerInput:
    job = Job(task="soak", name=subject.name, seconds=effort.soak_seconds)
    return replace(_timed(subject, files), job=job)

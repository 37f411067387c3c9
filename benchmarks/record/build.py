"""Put a record together from what was measured so far."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from benchmarks.frames import SCREEN, FrameSet
from benchmarks.machine.facts import machine_facts
from benchmarks.machine.software import software_facts
from benchmarks.record.jobs import Run
from benchmarks.record.machine import State
from benchmarks.record.store import VERSION
from benchmarks.record.types import (
    Budget,
    Difference,
    Figure,
    Identity,
    Input,
    Quality,
    Record,
    RunWarning,
    SubjectEntry,
)
from benchmarks.record.warnings import all_warnings


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Everything a run came to, complete or not."""

    kind: Literal["models", "preprocess"]
    mode: Literal["quick", "full"]
    seed: int
    planned: int
    complete: bool
    runs: Sequence[Run]
    subjects: Sequence[SubjectEntry]
    frames: Input
    state: State
    figures: Sequence[Figure]
    quality: Sequence[Quality] = ()
    numerics: Sequence[Difference] = ()
    notes: Sequence[RunWarning] = ()
    identity: Identity = field(default_factory=Identity)
    budget: Budget | None = None


def build_record(measured: Measured) -> Record:
    """Return the record of the processes that ran, with the facts of this machine and warnings."""
    record = Record(
        version=VERSION,
        kind=measured.kind,
        status="complete" if measured.complete else "interrupted",
        mode=measured.mode,
        created_utc=utc_now(),
        seed=measured.seed,
        planned=measured.planned,
        identity=measured.identity,
        machine=machine_facts(),
        state=measured.state,
        software=software_facts(measured.runs),
        input=measured.frames,
        budget=measured.budget,
        subjects=measured.subjects,
        figures=measured.figures,
        quality=measured.quality,
        numerics=measured.numerics,
        warnings=(),
        runs=measured.runs,
    )
    return replace(record, warnings=[*measured.notes, *all_warnings(record)])


def input_facts(frames: FrameSet, ring: np.ndarray) -> Input:
    """Return where the frames came from and the digest of the ring that was timed."""
    digest = hashlib.sha256(ring.tobytes()).hexdigest()
    _, height, width, _ = ring.shape
    shape = replace(SCREEN, width=width, height=height)
    return Input(frames.kind, frames.description, shape, digest)


def utc_now() -> str:
    """Return the time in UTC to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

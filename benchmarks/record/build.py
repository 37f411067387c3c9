"""Put a record together from what was measured so far."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.frames import SCREEN, FrameSet
from benchmarks.machine.facts import machine_facts
from benchmarks.machine.kernel import available_isas
from benchmarks.machine.software import software_facts
from benchmarks.record.cautions import all_cautions
from benchmarks.record.scenarios import all_figures
from benchmarks.record.store import VERSION

#: Entries of a job that say where the harness put its files: no matter for a reader.
_PRIVATE = {
    "ring",
    "screen",
    "tensor",
    "tensors",
    "subject",
    "frame",
    "imports",
    "timeout_s",
    "frames",
}


@dataclass(frozen=True)
class Measured:
    """Everything a run came to, complete or not; JSON-ready.

    ``figures`` None means that they are worked out from ``runs``.
    """

    mode: str
    seed: int
    planned: int
    complete: bool
    runs: Sequence[dict[str, Any]]
    subjects: Sequence[dict[str, Any]]
    frames: dict[str, Any]
    state: dict[str, Any]
    quality: Sequence[dict[str, Any]] = ()
    numerics: Sequence[dict[str, Any]] = ()
    notes: Sequence[dict[str, str]] = ()
    kind: str = "models"
    figures: Sequence[dict[str, Any]] | None = None
    identity: Mapping[str, str | None] = field(default_factory=dict)
    budget: Mapping[str, Any] | None = None


def build_record(measured: Measured) -> dict[str, Any]:
    """Return the record of the processes that ran, with figures and warnings."""
    runs = [{"job": _public(run["job"]), "result": run["result"]} for run in measured.runs]
    record: dict[str, Any] = {
        "format": "sonogaze-bench",
        "version": VERSION,
        "kind": measured.kind,
        "status": "complete" if measured.complete else "interrupted",
        "mode": measured.mode,
        "created_utc": utc_now(),
        "seed": measured.seed,
        "planned": measured.planned,
        "identity": {"device_serial": None, "operator": None, **measured.identity},
        "machine": machine_facts(),
        "state": measured.state,
        "software": {**software_facts(), "kernel": kernel_facts(runs)},
        "input": measured.frames,
        "budget": None if measured.budget is None else dict(measured.budget),
        "subjects": list(measured.subjects),
        "figures": all_figures(runs) if measured.figures is None else list(measured.figures),
        "quality": list(measured.quality),
        "numerics": list(measured.numerics),
        "warnings": [],
        "runs": runs,
    }
    record["warnings"] = [*measured.notes, *all_cautions(record)]
    return record


def kernel_facts(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the instruction set that the workers said they ran, None where none or not one."""
    told = {run["result"]["isa"] for run in runs if run["result"].get("isa")}
    return {
        "isa": told.pop() if len(told) == 1 else None,
        "available": available_isas(),
        "asked": os.environ.get("SONOGAZE_ISA"),
    }


def input_facts(frames: FrameSet, ring: np.ndarray) -> dict[str, Any]:
    """Return where the frames came from and the digest of the ring that was timed."""
    return {
        "kind": frames.kind,
        "description": frames.description,
        "frame": vars(SCREEN).copy(),
        "sha256": hashlib.sha256(ring.tobytes()).hexdigest(),
    }


def utc_now() -> str:
    """Return the time in UTC to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _public(job: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in job.items() if key not in _PRIVATE}

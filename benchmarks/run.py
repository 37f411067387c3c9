"""A whole run: prepare, measure in fresh processes, score, write the record and the report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.frames import FrameSet, load_frames, make_ring
from benchmarks.machine.facts import state_at_start, throttle_count
from benchmarks.machine.speed import reference_ms
from benchmarks.measure.clock import SystemClock
from benchmarks.measure.counters import read_energy
from benchmarks.onnx_facts.facts import model_facts
from benchmarks.plan import Effort, Files, Job, make_plan, thread_counts
from benchmarks.processes import Launcher
from benchmarks.quality.collect import numerics_jobs, quality_jobs, score_numerics, score_quality
from benchmarks.quality.teacher_logits import read_teacher
from benchmarks.record.build import Measured, build_record, input_facts
from benchmarks.record.cautions import caution
from benchmarks.subjects.assemble import assemble
from benchmarks.subjects.catalogue import automatic_precision
from benchmarks.subjects.prepare import tensors_of
from benchmarks.subjects.spec import Subject
from benchmarks.subjects.watch import Watch
from export.evidence.known import TeacherEvidence

Advance = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Request:
    """What the user asked for; ``budget`` as it stands in the record."""

    effort: Effort
    models: Sequence[str] = ()
    frames: Path | None = None
    seed: int = 0
    quality: bool = True
    shapes: Mapping[str, list[int]] = field(default_factory=dict)
    identity: Mapping[str, str | None] = field(default_factory=dict)
    budget: Mapping[str, Any] | None = None


@dataclass
class Session:
    """A run in progress: everything that a partial record needs."""

    request: Request
    frames: FrameSet
    subjects: list[dict[str, Any]]
    input: dict[str, Any]
    state: dict[str, Any]
    watch: Watch
    paths: dict[str, str]
    planned: int = 0
    changed: list[str] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    complete: bool = False


def run(request: Request, launcher: Launcher, advance: Advance) -> dict[str, Any]:
    """Measure and return the record; after Ctrl-C a valid partial one, ``interrupted``.

    Args:
        request: what to measure.
        launcher: runs one job in a fresh process.
        advance: told what comes next, how many processes are done, and how many there are.

    Raises:
        BenchError: frames or models that are not there.
        KeyboardInterrupt: interrupted before anything was measured.
    """
    with tempfile.TemporaryDirectory(prefix="sonogaze-bench-") as name:
        folder = Path(name)
        advance("prepare frames and models", 0, 0)
        frames = load_frames(request.frames)
        subjects, files, session = _prepare(request, frames, folder)
        jobs = make_plan(subjects, files, request.effort, request.seed)
        jobs += numerics_jobs(subjects, files)
        if request.quality:
            jobs += quality_jobs(subjects, frames, folder)
        session.planned = len(jobs)
        _measure(session, jobs, launcher, advance)
        session.changed = _changed(session)  # while the folder with the teacher's file is there
    advance("score", len(session.runs), session.planned)
    return _finish(session)


def _prepare(
    request: Request, frames: FrameSet, folder: Path
) -> tuple[list[Subject], Files, Session]:
    subjects = assemble(request.models, request.effort.mode, frames.samples, folder, request.shapes)
    files = Files(folder)
    ring = make_ring(frames.samples)
    write_inputs(files, ring, frames.samples, subjects)
    clock = SystemClock()
    state = {
        "start": state_at_start(),
        "throttle_start": throttle_count(),
        "reference_start_ms": reference_ms(clock),
        "energy": "available" if read_energy() else "not available: no readable RAPL counter",
    }
    facts = {s.path: s.facts or model_facts(s.path).to_dict() for s in subjects if s.path}
    entries = subject_entries(subjects, request.effort, facts)
    watch = Watch([{"path": path, **found} for path, found in facts.items()])
    paths = {subject.name: subject.path for subject in subjects}
    session = Session(request, frames, entries, input_facts(frames, ring), state, watch, paths)
    return subjects, files, session


def write_inputs(
    files: Files, ring: np.ndarray, samples: list[np.ndarray], subjects: Sequence[Subject]
) -> None:
    """Write what the workers read: the ring, a screen, and tensors of each subject's own recipe."""
    np.save(files.ring, ring)
    np.save(files.screen, ring[0])
    for subject in subjects:
        recipe = subject.preprocessing
        if not files.tensors(recipe).exists():
            tensors = tensors_of(samples, recipe)
            np.save(files.tensors(recipe), tensors)
            np.save(files.tensor(recipe), tensors[:1])


def subject_entries(
    subjects: Sequence[Subject], effort: Effort, facts: Mapping[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what the record says of each subject; a model without a file has no file's bytes.

    ``facts`` are those of each subject's path. What is unknown stands with its reason.
    """
    twins = {(s.model, s.precision): facts[s.path] for s in subjects if s.path}
    entries = []
    for subject in subjects:
        counted = dict(facts.get(subject.path) or twins.get((subject.model, subject.precision), {}))
        if not subject.path:
            for key in ("file_bytes", "sha256", "files"):
                counted.pop(key, None)
        entry = {
            "name": subject.name,
            "family": subject.family,
            "runtime": subject.runtime,
            "precision": subject.precision,
            "weights": subject.weights,
            "threads": thread_counts(effort),
            "preprocessing": subject.preprocessing if subject.takes_frames else None,
            "feed": subject.feed or None,
            "auto": subject.runtime == "sdk" and subject.precision == automatic_precision(),
        }
        entries.append({**entry, **counted, "unknown": _unknown(subject, counted)})
    return entries


def _unknown(subject: Subject, counted: Mapping[str, Any]) -> dict[str, str]:
    reasons = dict(counted.get("unknown", {}))
    if subject.weights == "unknown":
        reasons["weights"] = "a user's file does not say whether it was trained"
    return reasons


def _measure(session: Session, jobs: Sequence[Job], launcher: Launcher, advance: Advance) -> None:
    try:
        for index, job in enumerate(jobs):
            advance(f"{job['task']}  {job['name']}", index, len(jobs))
            result = launcher(job)
            if session.watch.changed((job.get("subject") or {}).get("path", "")):
                result = {"ok": False, "error": "the model's file changed during the run"}
            session.runs.append({"job": {"order": index, **job}, "result": result})
        session.complete = True
    except KeyboardInterrupt:
        if not session.runs:
            raise


def _changed(session: Session) -> list[str]:
    """Return the subjects whose file is no longer that of the run's beginning."""
    return [e["name"] for e in session.subjects if session.watch.changed(session.paths[e["name"]])]


def _finish(session: Session) -> dict[str, Any]:
    request, notes = session.request, []
    teacher = read_teacher()
    if request.quality and session.frames.kind == "data-set" and teacher is None:
        notes.append(caution("quality-not-measured", "the teacher's committed logits are missing"))
    if session.changed:
        notes.append(caution("model-changed", ", ".join(session.changed)))
    reference = reference_ms(SystemClock()) if session.complete else None
    state = {
        **session.state,
        "teacher_sha256": teacher.teacher_sha256 if teacher else None,
        "throttle_end": throttle_count(),
        "reference_end_ms": reference,
        "wall_s": round(time.monotonic() - session.started, 1),
    }
    quality = _score(session, teacher) if request.quality else []
    measured = Measured(
        mode=request.effort.mode,
        seed=request.seed,
        planned=session.planned,
        complete=session.complete,
        runs=session.runs,
        subjects=session.subjects,
        frames=session.input,
        state=state,
        quality=quality,
        numerics=score_numerics(session.runs),
        notes=notes,
        identity=request.identity,
        budget=request.budget,
    )
    return build_record(measured)


def _score(session: Session, teacher: TeacherEvidence | None) -> list[dict[str, Any]]:
    """Score the answers; Ctrl-C here costs the scores alone, not the measurements."""
    try:
        return score_quality(session.runs, session.frames, teacher, session.request.seed)
    except KeyboardInterrupt:
        session.complete = False
        return []

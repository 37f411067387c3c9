"""The models suite: prepare, measure in fresh processes, score, and put the record together."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.budget import check_subjects
from benchmarks.frames import SCREEN, FrameSet, load_frames, make_ring
from benchmarks.input_files import Files, write_inputs
from benchmarks.measure.counters import read_energy
from benchmarks.onnx_facts.facts import model_facts
from benchmarks.onnx_facts.types import ModelFacts, Shapes
from benchmarks.processes import Launcher
from benchmarks.quality.collect import numerics_jobs, quality_jobs, score_numerics, score_quality
from benchmarks.quality.teacher_logits import read_teacher
from benchmarks.record.build import Measured, build_record, input_facts
from benchmarks.record.jobs import FrameShape
from benchmarks.record.types import (
    Budget,
    Identity,
    Input,
    Quality,
    Record,
    RunWarning,
    SubjectEntry,
)
from benchmarks.record.warnings import warning
from benchmarks.session import Advance, Session
from benchmarks.subjects.assemble import assemble
from benchmarks.subjects.spec import Subject
from benchmarks.subjects.watch import Watch
from benchmarks.suites.models.entries import subject_entries
from benchmarks.suites.models.figures import all_figures
from benchmarks.suites.models.plan import Effort, make_plan, thread_counts
from benchmarks.suites.models.timing_figures import with_warmup
from benchmarks.worker_input import WorkerInput
from export.evidence.known import TeacherEvidence


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    effort: Effort
    models: Sequence[str] = ()
    frames: Path | None = None
    seed: int = 0
    quality: bool = True
    shapes: Shapes = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    budget: Budget | None = None
    screen: FrameShape = SCREEN


@dataclass(frozen=True)
class _Prepared:
    """What stands before the first process."""

    frames: FrameSet
    subjects: list[Subject]
    entries: list[SubjectEntry]
    input: Input
    files: Files
    watch: Watch

    def changed(self, path: str) -> bool:
        """Return whether a model's file is no longer that of the run's beginning."""
        return self.watch.changed(path)


def run(request: Request, launcher: Launcher, advance: Advance) -> Record:
    """Measure and return the record; after Ctrl-C a valid partial one, ``interrupted``.

    Args:
        request: what to measure.
        launcher: runs one job in a fresh process.
        advance: told what comes next, how many processes are done, and how many there are.

    Raises:
        BenchError: frames or models that are not there.
        KeyboardInterrupt: interrupted before anything was measured.
    """
    energy = "available" if read_energy() else "not available: no readable RAPL counter"
    session = Session(energy)
    with tempfile.TemporaryDirectory(prefix="sonogaze-bench-") as name:
        advance("prepare frames and models", 0, 0)
        prepared = _prepare(request, Path(name))
        session.begin()

        def objection(given: WorkerInput) -> str:
            path = given.subject.path if given.subject else ""
            return "the model's file changed during the run" if prepared.changed(path) else ""

        session.measure(_jobs(request, prepared, Path(name)), launcher, advance, objection)
        # while the folder with the teacher's file is there
        changed = [one.name for one in prepared.subjects if prepared.changed(one.path)]
    advance("score", len(session.runs), session.planned)
    return _finish(request, prepared, session, changed)


def _prepare(request: Request, folder: Path) -> _Prepared:
    frames, effort = load_frames(request.frames), request.effort
    subjects = assemble(request.models, effort.mode, frames.samples, folder, request.shapes)
    check_subjects(request.budget, [subject.name for subject in subjects])
    files = Files(folder, request.screen)
    ring = make_ring(frames.samples, files.screens)
    write_inputs(files, ring, frames.samples, subjects)
    facts: dict[str, ModelFacts] = {
        one.path: one.facts or model_facts(one.path) for one in subjects if one.path
    }
    entries = subject_entries(subjects, thread_counts(effort), facts)
    return _Prepared(frames, subjects, entries, input_facts(frames, ring), files, Watch(facts))


def _jobs(request: Request, prepared: _Prepared, folder: Path) -> list[WorkerInput]:
    subjects, files = prepared.subjects, prepared.files
    jobs = make_plan(subjects, files, request.effort, request.seed)
    jobs += numerics_jobs(subjects, files)
    return jobs + (quality_jobs(subjects, prepared.frames, folder) if request.quality else [])


def _finish(
    request: Request, prepared: _Prepared, session: Session, changed: Sequence[str]
) -> Record:
    teacher = read_teacher()
    state = session.state()
    runs = [with_warmup(one) for one in session.runs]
    quality = _score(request, prepared, session, teacher) if request.quality else []
    return build_record(
        Measured(
            kind="models",
            mode=request.effort.mode,
            seed=request.seed,
            planned=session.planned,
            complete=session.complete,
            runs=runs,
            subjects=prepared.entries,
            frames=prepared.input,
            state=replace(state, teacher_sha256=teacher.teacher_sha256 if teacher else None),
            figures=all_figures(runs),
            quality=quality,
            numerics=score_numerics(runs),
            notes=_notes(request, prepared, teacher, changed),
            identity=request.identity,
            budget=request.budget,
        )
    )


def _notes(
    request: Request,
    prepared: _Prepared,
    teacher: TeacherEvidence | None,
    changed: Sequence[str],
) -> list[RunWarning]:
    notes = []
    if request.quality and prepared.frames.kind == "data-set" and teacher is None:
        notes.append(warning("quality-not-measured", "the teacher's committed logits are missing"))
    if changed:
        notes.append(warning("model-changed", ", ".join(changed)))
    return notes


def _score(
    request: Request, prepared: _Prepared, session: Session, teacher: TeacherEvidence | None
) -> list[Quality]:
    """Score the predictions; Ctrl-C here costs the scores alone, not the measurements."""
    try:
        return score_quality(session.runs, prepared.frames, teacher, request.seed)
    except KeyboardInterrupt:
        session.complete = False
        return []

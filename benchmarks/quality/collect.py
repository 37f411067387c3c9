"""The quality and numerics processes of a run, and the scores of their outputs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.frames import FrameSet, LabelledFrame
from benchmarks.input_files import Files
from benchmarks.quality.evaluate import Outputs, evaluate
from benchmarks.quality.numerics import differences
from benchmarks.quality.teacher_logits import outputs_for
from benchmarks.record.jobs import Job, Run
from benchmarks.record.outcomes import Logits, Predictions
from benchmarks.record.types import Difference, Quality
from benchmarks.subjects.spec import Subject
from benchmarks.worker_input import WorkerInput
from export.evaluation import softmax
from export.evidence.known import TeacherEvidence

TEACHER = "teacher (committed logits)"
#: Parts whose every opening is logged, so that no choice is made by them unseen.
_GUARDED = {"test", "external"}


def quality_jobs(subjects: Sequence[Subject], frames: FrameSet, folder: Path) -> list[WorkerInput]:
    """Return one process for each file behind the SDK and each part of the data."""
    jobs = []
    for part, members in frames.parts.items():
        if not members:
            continue
        table = folder / f"frames-{part}.json"
        table.write_text(json.dumps([frame.path for frame in members]))
        for subject in subjects:
            if subject.runtime == "sdk":
                job = Job(task="quality", name=subject.name, part=part)
                jobs.append(WorkerInput(job, subject, images=str(table)))
    return jobs


def numerics_jobs(subjects: Sequence[Subject], files: Files) -> list[WorkerInput]:
    """Return one process for each bare runtime, all of a model on the same tensors."""
    return [
        WorkerInput(
            Job(task="logits", name=subject.name),
            subject,
            tensors=str(files.tensors(subject.recipe)),
        )
        for subject in subjects
        if subject.runtime != "sdk" and subject.takes_frames and subject.scores
    ]


def score_quality(
    runs: Sequence[Run], frames: FrameSet, teacher: TeacherEvidence | None, seed: int
) -> list[Quality]:
    """Return the quality entries of all parts, the teacher's own among them."""
    entries = []
    for part, members in frames.parts.items():
        teachers, known = outputs_for(teacher, [frame.id for frame in members])
        if teachers is not None:
            scored = [members[index] for index in known]
            entries.append(evaluate(TEACHER, part, scored, teachers, None, seed))
        complete = teachers if len(known) == len(members) else None
        for run in runs:
            outcome = run.result.outcome
            if run.job.part == part and isinstance(outcome, Predictions):
                entry = _score(run.job, outcome, members, complete, seed)
                entries += [entry] if entry else []
    return entries


def _score(
    job: Job,
    predictions: Predictions,
    members: Sequence[LabelledFrame],
    teacher: Outputs | None,
    seed: int,
) -> Quality | None:
    """Return a subject's entry over the frames whose label it knows; None without any."""
    outputs = outputs_of(predictions)
    kept = [index for index, frame in enumerate(members) if frame.label in outputs.labels]
    if not kept:
        return None
    scored = [members[index] for index in kept]
    teachers = _rows(teacher, kept) if teacher else None
    entry = evaluate(job.name, job.part, scored, _rows(outputs, kept), teachers, seed)
    if job.part in _GUARDED and entry.accuracy.value is not None:
        _log(job.part, job.name, entry.accuracy.value)
    return entry


def _rows(outputs: Outputs, rows: list[int]) -> Outputs:
    def pick(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else np.asarray(values[rows])

    return replace(
        outputs,
        logits=outputs.logits[rows],
        probabilities=pick(outputs.probabilities),
        accepted=pick(outputs.accepted),
    )


def outputs_of(predictions: Predictions) -> Outputs:
    """Return a worker's predictions as arrays; probabilities at the file's own temperature."""
    logits = np.asarray(predictions.logits, np.float64)
    accepted = np.array([decision == "accept" for decision in predictions.decisions])
    probabilities = softmax(logits, predictions.temperature)
    return Outputs(tuple(predictions.labels), logits, probabilities, accepted)


def _log(part: str, name: str, accuracy: float) -> None:
    from export.evaluation import log_evaluation

    log_evaluation(part, f"benchmark of {name}", accuracy)


def score_numerics(runs: Sequence[Run]) -> list[Difference]:
    """Return how far each bare runtime is from its model's reference."""
    return differences(
        {
            run.job.name: np.asarray(run.result.outcome.logits)
            for run in runs
            if isinstance(run.result.outcome, Logits)
        }
    )

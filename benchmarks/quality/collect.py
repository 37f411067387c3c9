"""Run the quality and numerics processes of a run and score what they say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.frames import FrameSet, LabelledFrame
from benchmarks.plan import Files, Job, base_job
from benchmarks.quality.evaluate import Answers, evaluate
from benchmarks.quality.numerics import differences
from benchmarks.quality.teacher_logits import answers_for
from benchmarks.subjects.spec import Subject
from export.evidence.known import TeacherEvidence

_TEACHER = "teacher (committed logits)"
#: Parts whose every opening is logged, so that no choice is made by them unseen.
_GUARDED = {"test", "external"}


def quality_jobs(subjects: Sequence[Subject], frames: FrameSet, folder: Path) -> list[Job]:
    """Return one process for each file behind the SDK and each part of the data."""
    jobs = []
    for part, members in frames.parts.items():
        if not members:
            continue
        table = folder / f"frames-{part}.json"
        table.write_text(json.dumps([frame.path for frame in members]))
        for subject in subjects:
            if subject.runtime == "sdk":
                jobs.append(base_job("quality", subject, 1, part=part, frames=str(table)))
    return jobs


def numerics_jobs(subjects: Sequence[Subject], files: Files) -> list[Job]:
    """Return one process for each bare runtime, all of a model on the same tensors."""
    return [
        base_job("logits", subject, 1, tensors=str(files.tensors(subject.preprocessing)))
        for subject in subjects
        if subject.runtime != "sdk" and subject.takes_frames and subject.scores
    ]


def score_quality(
    runs: Sequence[dict[str, Any]],
    frames: FrameSet,
    teacher: TeacherEvidence | None,
    seed: int,
) -> list[dict[str, Any]]:
    """Return the quality entries of all parts, the teacher's own among them."""
    entries = []
    for part, members in frames.parts.items():
        said, known = answers_for(teacher, [frame.id for frame in members])
        if said is not None:
            mine = [members[index] for index in known]
            entries.append(evaluate(_TEACHER, part, mine, said, None, seed))
        complete = said if len(known) == len(members) else None
        for run in runs:
            if run["job"].get("part") != part or not run["result"].get("ok"):
                continue
            answers, kept = _known_labels(answers_of(run["result"]), members)
            if not kept:
                continue
            teachers = _rows(complete, kept) if complete else None
            chosen = [members[index] for index in kept]
            entry = evaluate(run["job"]["name"], part, chosen, answers, teachers, seed)
            entries.append(entry)
            if part in _GUARDED:
                _log_look(part, run["job"]["name"], entry["accuracy"]["value"])
    return entries


def _known_labels(answers: Answers, members: Sequence[LabelledFrame]) -> tuple[Answers, list[int]]:
    """Return the answers on frames whose label the model knows, and their positions."""
    kept = [index for index, frame in enumerate(members) if frame.label in answers.labels]
    return _rows(answers, kept), kept


def _rows(answers: Answers, rows: list[int]) -> Answers:
    def pick(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[rows]

    return replace(
        answers,
        logits=answers.logits[rows],
        probabilities=pick(answers.probabilities),
        accepted=pick(answers.accepted),
    )


def answers_of(result: dict[str, Any]) -> Answers:
    """Return a worker's quality result as arrays; probabilities at the file's own temperature."""
    logits = np.asarray(result["logits"], np.float64)
    scaled = logits / result["temperature"]
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    accepted = np.array([decision == "accept" for decision in result["decisions"]])
    return Answers(tuple(result["labels"]), logits, probabilities, accepted)


def _log_look(part: str, name: str, accuracy: float) -> None:
    from export.evaluation import log_look

    log_look(part, f"benchmark of {name}", accuracy)


def score_numerics(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how far each bare runtime is from its model's reference."""
    logits = {
        run["job"]["name"]: np.asarray(run["result"]["logits"])
        for run in runs
        if run["job"]["task"] == "logits" and run["result"].get("ok")
    }
    return differences(logits)

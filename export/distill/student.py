"""Students: trained by the recipe's losses on views, a teacher's word on them, and gaze."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from msgspec import structs

from export.data.view_bank import ViewBank
from export.distill.checkpoint import Checkpoint
from export.distill.inputs import normaliser
from export.distill.loop import train
from export.distill.losses import Objective
from export.distill.metric_log import MetricLog
from export.distill.task import DistillationTask
from export.distill.teacher import TeacherOutputs
from export.distill.validation import Validation
from export.models.student import Student, build_student
from export.recipe.digests import student_digest
from export.recipe.settings import ObjectiveConfig, Recipe
from export.runs import Report, claim, note_sources, save_weights

WEIGHTS = "weights.pt"


@dataclass(frozen=True)
class TrainingData:
    """What students learn from: views, the teacher's outputs for them, and gaze (N, h, w).

    `validation` and `header` are of the run's log.
    """

    bank: ViewBank
    taught: TeacherOutputs | None = None
    gaze: np.ndarray | None = None
    validation: Validation | None = None
    header: Mapping[str, object] = field(default_factory=dict)


def student_folder(out: Path, losses: str, seed: int) -> Path:
    """Return the folder of one student's run."""
    return out / f"student-{losses}-{seed}"


def load_student(recipe: Recipe, losses: str, run: Path) -> Student | None:
    """Return the finished student of the folder `run`, in eval mode; None where there is none.

    Raises:
        ExportError: `run-recipe` when the run is of other settings.
    """
    if losses not in recipe.objectives or not (run / WEIGHTS).exists():
        return None
    claim(run / WEIGHTS, student_digest(recipe, losses))
    student = build_student(len(recipe.labels), recipe.student.network)
    student.load_state_dict(torch.load(run / WEIGHTS, weights_only=True))
    return student.eval()


def train_student(
    recipe: Recipe,
    losses: str,
    seed: int,
    lessons: TrainingData,
    run: Path,
    report: Report = lambda epoch, parts: None,
) -> Student:
    """Train a student in the folder `run`, from where it was left.

    Raises:
        ExportError: `loss-teacher` when the losses need what the lessons lack, `run-recipe` when
            the folder holds a run of other settings.
    """
    digest = student_digest(recipe, losses)
    claim(run / WEIGHTS, digest)
    note_sources(run / WEIGHTS)
    torch.manual_seed(seed)
    student = build_student(len(recipe.labels), recipe.student.network)
    task = distillation_task(recipe, recipe.objectives[losses], lessons)
    learner = task.learner(student)
    config = structs.replace(recipe.student, seed=seed)
    # none of other settings is taken up
    checkpoint = Checkpoint(run / f"resume-{digest[:8]}.pt")
    log = MetricLog(run / "metrics.csv", lessons.header, lessons.validation)
    train(learner, lessons.bank, normaliser(recipe), task, config, checkpoint, report, log)
    save_weights(student, run / WEIGHTS)
    return student.eval()


def distillation_task(
    recipe: Recipe, config: ObjectiveConfig, lessons: TrainingData
) -> DistillationTask:
    """Return what a student learns from: the losses of `config` on the views of `lessons`."""
    taught = lessons.taught
    return DistillationTask(
        Objective(config.weights, recipe.student.temperature),
        lessons.bank,
        None if taught is None else taught.logits,
        None if taught is None else taught.maps,
        lessons.gaze,
    )

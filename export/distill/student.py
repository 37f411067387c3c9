"""Students: trained by an objective on views, a teacher's outputs for them, and gaze."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from msgspec import structs

from export.data.view_bank import ViewBank
from export.display import epochs_of
from export.distill.checkpoint import Checkpoint
from export.distill.inputs import normaliser
from export.distill.loop import train
from export.distill.losses import Objective
from export.distill.metric_log import MetricLog
from export.distill.task import DistillationTask
from export.distill.teacher_outputs import TeacherOutputs
from export.distill.validation import Validation
from export.models.student import Student, build_student
from export.recipe.digests import student_digest
from export.runs import claim, note_sources, save_weights
from export.workspace import StudentRun


@dataclass(frozen=True)
class TrainingData:
    """What students learn from: views, the teacher's outputs for them, and gaze (N, h, w).

    `validation` and `header` are of the run's log.
    """

    bank: ViewBank
    teacher: TeacherOutputs | None = None
    gaze: np.ndarray | None = None
    validation: Validation | None = None
    header: Mapping[str, object] = field(default_factory=dict)

    def task(self, weights: Mapping[str, float], temperature: float) -> DistillationTask:
        """Return these data under the losses of `weights`, logits softened by `temperature`."""
        return DistillationTask(
            Objective(weights, temperature),
            self.bank,
            None if self.teacher is None else self.teacher.logits,
            None if self.teacher is None else self.teacher.maps,
            self.gaze,
        )


def load_student(run: StudentRun) -> Student | None:
    """Return the finished student, in eval mode; None where there is none.

    Raises:
        ExportError: `run-recipe` when the run is of other settings.
    """
    if not run.weights.exists():
        return None
    claim(run.weights, student_digest(run.recipe, run.objective))
    student = build_student(len(run.recipe.labels), run.recipe.student.network)
    student.load_state_dict(torch.load(run.weights, weights_only=True))
    return student.eval()


def train_student(run: StudentRun, data: TrainingData) -> Student:
    """Train a student in its folder, from where it was left.

    Raises:
        ExportError: `loss-teacher` when a loss needs what the data lack, `run-recipe` when the
            folder holds a run of other settings.
    """
    recipe, digest = run.recipe, student_digest(run.recipe, run.objective)
    claim(run.weights, digest)
    note_sources(run.weights)
    # before it is built, which draws its first weights
    torch.manual_seed(run.seed)
    student = build_student(len(recipe.labels), recipe.student.network)
    task = data.task(run.config.weights, recipe.student.temperature)
    train(
        task.learner(student),
        data.bank,
        normaliser(recipe),
        task,
        structs.replace(recipe.student, seed=run.seed),
        Checkpoint(run.folder / f"resume-{digest[:8]}.pt"),  # none of other settings is taken up
        epochs_of(run.workspace.show, f"student {run.objective} {run.seed}", recipe.student.epochs),
        MetricLog(run.folder / "metrics.csv", data.header, data.validation),
    )
    save_weights(student, run.weights)
    return student.eval()

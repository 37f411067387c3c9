"""Students: trained by the recipe's losses on views, a teacher's word on them, and gaze."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from msgspec import structs
from torch import Tensor, nn
from torch.nn import functional

from export.data.view_bank import ViewBank
from export.distill.inputs import normaliser
from export.distill.loop import LossParts, train
from export.distill.losses import FEATURE_PARTS, Outputs, Targets, transfer_loss
from export.distill.teacher import TeacherOutputs
from export.models.student import Student
from export.recipe.digests import student_digest
from export.recipe.settings import ObjectiveConfig, Recipe
from export.runs import Report, claim, note_sources, save_weights

WEIGHTS = "weights.pt"


@dataclass(frozen=True)
class TrainingData:
    """What students learn from: views, what the teacher says of them, and gaze (N, h, w)."""

    bank: ViewBank
    taught: TeacherOutputs | None = None
    gaze: np.ndarray | None = None


class Learner(nn.Module):
    """A student with the adapter that its middle map is compared through; only it is kept."""

    def __init__(self, student: Student, grid: tuple[int, int, int] | None):
        super().__init__()
        self.student = student
        self.grid = grid
        channels = student.config.stages[-1].channels
        self.adapter = nn.Conv2d(channels, grid[0], 1) if grid else None

    def forward(self, x: Tensor) -> Outputs:
        """Return what the student says of inputs (batch, 1, height, width)."""
        trunk = self.student.trunk(x)
        logits, attention = self.student.decide(trunk)
        if self.adapter is None or self.grid is None:
            return Outputs(logits, attention)
        adapted = functional.adaptive_avg_pool2d(self.adapter(trunk), self.grid[1:])
        return Outputs(logits, attention, adapted)


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
    student = Student(len(recipe.labels), recipe.student.network)
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
    student = Student(len(recipe.labels), recipe.student.network)
    wanted = recipe.objectives[losses]
    taught_map = lessons.taught is not None and any(p in wanted.weights for p in FEATURE_PARTS)
    grid = lessons.taught.maps.shape[1:] if lessons.taught and taught_map else None
    learner = Learner(student, grid)
    loss = training_loss(recipe, wanted, lessons)
    config = structs.replace(recipe.student, seed=seed)
    resume = run / f"resume-{digest[:8]}.pt"  # none of other settings is taken up
    train(learner, lessons.bank, normaliser(recipe), loss, config, resume, report)
    save_weights(student, run / WEIGHTS)
    return student.eval()


def training_loss(
    recipe: Recipe, config: ObjectiveConfig, lessons: TrainingData
) -> Callable[[nn.Module, Tensor, np.ndarray], LossParts]:
    """Return the loss of a learner on a batch, by the views' indices."""
    taught, gaze = lessons.taught, lessons.gaze
    maps = taught.maps if taught and any(p in config.weights for p in FEATURE_PARTS) else None

    def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> LossParts:
        def batch(values: np.ndarray | None) -> Tensor | None:
            if values is None:
                return None
            return torch.from_numpy(values[indices].astype(np.float32)).to(inputs.device)

        wanted = Targets(
            targets=torch.from_numpy(lessons.bank.targets[indices]).to(inputs.device),
            teacher_logits=batch(taught.logits if taught else None),
            teacher_map=batch(maps),
            gaze=batch(gaze),
        )
        return transfer_loss(model(inputs), wanted, config.weights, recipe.student.temperature)

    return loss

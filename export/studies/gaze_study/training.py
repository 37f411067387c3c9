"""One arm's teacher and student, trained by the loops that all recipes use."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from math import ceil
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from export.data.view_bank import ViewBank
from export.distill.checkpoint import Checkpoint
from export.distill.formulas import soft_cross_entropy
from export.distill.inputs import shares_of
from export.distill.loop import train
from export.distill.losses import Objective
from export.distill.task import DistillationTask, Learner
from export.distill.training_run import Loss, LossParts
from export.models.student import Student, build_student
from export.models.teacher import TEACHERS, Teacher
from export.recipe.settings import LoopConfig
from export.studies.gaze_study.networks import (
    COMPACT,
    GAZE_OUTPUT,
    STUDENT,
    Rotation,
    rotation_loss,
)
from export.studies.gaze_study.plan import LABELS, Arm, Plan, Setting
from export.studies.gaze_study.views import Round
from sdk.preprocess import Preprocessing

_GRID = (1, 9, 12)  # of the student's map on 96x72, for a gaze output of its own
_LOSS_OF = {"attention": "attention", "auxiliary": GAZE_OUTPUT}


class Training:
    """The trainings of one setting in one round; teachers are trained when first needed."""

    def __init__(self, drawn: Round, setting: Setting, folder: Path):
        self.round, self.setting, self.folder = drawn, setting, folder
        self._taught: dict[Arm, tuple[ViewBank, np.ndarray]] = {}

    def student(self, arm: Arm) -> Student:
        """Return the trained student of an arm."""
        plan, bank_and_logits = self.round.plan, self._teaching(_teacher_of(arm))
        bank, logits = bank_and_logits
        torch.manual_seed(self.round.number)
        student = build_student(len(LABELS), STUDENT)
        if arm.way.startswith("start_"):
            self._start(student, arm, bank)
        weights = {"labels": 1.0, "logits": 1.0}
        if arm.way in _LOSS_OF:
            weights[_LOSS_OF[arm.way]] = plan.attention_weight
        task = DistillationTask(
            Objective(weights, plan.temperature),
            bank,
            logits,
            None,
            self.round.maps(arm.gaze) if arm.way in _LOSS_OF else None,
        )
        learner = Learner(student, _GRID if arm.way == "auxiliary" else None)
        self._train(learner, bank, task, plan.student_epochs, f"student-{arm.way}-{arm.gaze}")
        return student.eval()

    def _start(self, student: Student, arm: Arm, bank: ViewBank) -> None:
        """Train the trunk before, on all frames and by no label."""
        plan, model = self.round.plan, nn.Module()
        if arm.way == "start_rotation":
            model = Rotation(student)

            def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> LossParts:
                return {"total": rotation_loss(model, inputs)}

            chosen: Loss = loss
        else:
            model = Learner(student, _GRID)
            objective = Objective({GAZE_OUTPUT: 1.0}, plan.temperature)
            chosen = DistillationTask(objective, bank, gaze=self.round.maps(arm.gaze))
        self._train(model, bank, chosen, plan.start_epochs, f"start-{arm.way}-{arm.gaze}")

    def _teaching(self, arm: Arm) -> tuple[ViewBank, np.ndarray]:
        """Return the views that a teacher teaches on, and its logits for them."""
        if arm not in self._taught:
            bank = self.round.planted(self.setting, overlays=arm.way == "overlays")
            if arm.way == "erase":
                bank = self.round.erased(bank, arm.gaze)
            learned = np.arange(len(bank))
            if self.setting.name == "quarter":
                bank, learned = _few_labels(bank, self.round)
            maps = self.round.maps(arm.gaze) if arm.way == "modulate" else None
            teacher = self._teacher(arm, _part(bank, learned), None if maps is None else maps)
            self._taught[arm] = bank, _ask(teacher, bank, maps, self.round.plan)
        return self._taught[arm]

    def _teacher(self, arm: Arm, bank: ViewBank, maps: np.ndarray | None) -> Teacher:
        plan = self.round.plan
        torch.manual_seed(1000 + self.round.number)
        way = "none" if maps is None else "modulate"
        teacher = TEACHERS[COMPACT](
            classes=len(LABELS), mean=0.2, std=0.2, imagenet=False, gaze_way=way
        )

        def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> LossParts:
            gaze = None
            if maps is not None:
                kept = torch.rand(len(indices), 1, 1) >= plan.gaze_dropout
                gaze = torch.from_numpy(maps[indices].astype(np.float32)) * kept
            shares = shares_of(bank, indices, inputs.device)
            return {"total": soft_cross_entropy(model(inputs, gaze), *shares)}

        name = f"teacher-{arm.way}-{arm.gaze}"
        self._train(teacher, bank, loss, plan.teacher_epochs, name)
        return teacher.eval()

    def _train(self, model: nn.Module, bank: ViewBank, loss: Loss, epochs: int, name: str) -> None:
        plan = self.round.plan
        config = LoopConfig(
            epochs,
            plan.batch,
            plan.learning_rate,
            0.02,
            self.round.number,
            average=0.98,
            decay_gaze_gates=False,
        )
        unfinished = Checkpoint(self.folder / f"{name}.pt")
        train(model, bank, normaliser(plan.preprocessing), loss, config, unfinished)
        unfinished.path.unlink(missing_ok=True)


def _teacher_of(arm: Arm) -> Arm:
    """Return whose teacher an arm's student learns from: the plain one, unless it needs another."""
    return arm if arm.way in ("overlays", "erase", "modulate") else Arm("kd")


def _few_labels(bank: ViewBank, drawn: Round) -> tuple[ViewBank, np.ndarray]:
    """Return the bank with labels for a share of the patients alone, and those views' indices."""
    groups = sorted(
        {r.group for r in drawn.rows},
        key=lambda group: sha256(f"{drawn.number}:{group}".encode()).hexdigest(),
    )
    kept = set(groups[: ceil(drawn.plan.labelled_share * len(groups))])
    labelled = np.array([r.group in kept for r in drawn.rows])[bank.frame_index]
    return replace(bank, targets=bank.targets * labelled[:, None]), np.flatnonzero(labelled)


def _part(bank: ViewBank, views: np.ndarray) -> ViewBank:
    """Return some of a bank's views as a bank of its own; whole frames."""
    if len(views) == len(bank):
        return bank
    _, owners = np.unique(bank.frame_index[views], return_inverse=True)
    return ViewBank(
        bank.views[views],
        owners.astype(np.int32),
        bank.targets[views],
        bank.matrices[views],
        bank.partner_index[views],
        bank.share[views],
        None if bank.outlier is None else bank.outlier[views],
    )


@torch.no_grad()
def _ask(teacher: Teacher, bank: ViewBank, maps: np.ndarray | None, plan: Plan) -> np.ndarray:
    """Return the teacher's logits (N, classes) for every view, with its gaze where it takes any."""
    normalise, parts = normaliser(plan.preprocessing), []
    for start in range(0, len(bank), 256):
        chosen = slice(start, start + 256)
        gaze = None if maps is None else torch.from_numpy(maps[chosen].astype(np.float32))
        parts.append(teacher(normalise(bank.views[chosen]), gaze).numpy())
    return np.concatenate(parts)


def normaliser(prep: Preprocessing) -> Callable[[np.ndarray], Tensor]:
    """Return the map from 8-bit views (batch, h, w) to the networks' input (batch, 1, h, w)."""

    def normalise(views: np.ndarray) -> Tensor:
        grey = torch.from_numpy(np.ascontiguousarray(views)).float().unsqueeze(1)
        return grey.mul_(1 / (255 * prep.std)).sub_(prep.mean / prep.std)

    return normalise

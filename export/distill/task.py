"""What a student learns from a batch: one object that has the targets and the objective."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from export.data.view_bank import ViewBank
from export.distill.inputs import shares_of
from export.distill.losses import Objective
from export.distill.targets import Predictions, Targets
from export.models.student import Student


class Learner(nn.Module):
    """A student with the adapter that its middle map is compared through; only it is kept."""

    def __init__(self, student: Student, grid: tuple[int, int, int] | None):
        super().__init__()
        self.student = student
        self.grid = grid
        self.adapter = nn.Conv2d(student.trunk_channels, grid[0], 1) if grid else None

    def forward(self, x: Tensor) -> Predictions:
        """Return the student's predictions of inputs (batch, 1, height, width)."""
        trunk = self.student.trunk(x)
        logits, attention = self.student.decide(trunk)
        if self.adapter is None or self.grid is None:
            return Predictions(logits, attention)
        # teacher and student halve odd sides differently, so grids differ by a cell
        adapted = functional.adaptive_avg_pool2d(self.adapter(trunk), self.grid[1:])
        return Predictions(logits, attention, adapted)


@dataclass(frozen=True)
class DistillationTask:
    """An objective, and what it compares a student's predictions with on each view of a bank.

    Called by the training loop as its loss: (model, inputs, indices of views) -> parts.

    Attributes:
        objective: weighted losses.
        bank: the views, with the shares of labels and of none of them.
        teacher_logits: (N, classes), of each view.
        teacher_maps: (N, components, h, w), of each view.
        gaze: (N, h, w), on each view.
    """

    objective: Objective
    bank: ViewBank
    teacher_logits: np.ndarray | None = None
    teacher_maps: np.ndarray | None = None
    gaze: np.ndarray | None = None

    def learner(self, student: Student) -> Learner:
        """Return the module to train: with an adapter where a loss compares middle maps."""
        if self.teacher_maps is None or "teacher_map" not in self.objective.needs:
            return Learner(student, None)
        components, height, width = self.teacher_maps.shape[1:]
        return Learner(student, (components, height, width))

    def targets(self, indices: np.ndarray, device: torch.device) -> Targets:
        """Return the targets of a batch of views, by their indices, on `device`."""

        def rows(values: np.ndarray | None, need: str) -> Tensor | None:
            # maps lie on disk, about a gigabyte of them: not read where no loss compares them
            if values is None or need not in self.objective.needs:
                return None
            return torch.from_numpy(values[indices].astype(np.float32)).to(device)

        labels, outlier = shares_of(self.bank, indices, device)
        return Targets(
            labels=labels,
            outlier=outlier,
            teacher_logits=rows(self.teacher_logits, "teacher_logits"),
            teacher_map=rows(self.teacher_maps, "teacher_map"),
            gaze=rows(self.gaze, "gaze"),
        )

    def __call__(self, model: nn.Module, inputs: Tensor, indices: np.ndarray) -> dict[str, Tensor]:
        """Return the weighted losses of a batch by name, and their sum as `total`.

        `model` returns `Predictions` of inputs (batch, 1, height, width).
        """
        predictions: Any = model(inputs)
        return self.objective(predictions, self.targets(indices, inputs.device))

"""A committee: several teachers whose logits are averaged."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from export.models.teacher import Teacher


class Committee(nn.Module):
    """Teachers of one architecture, each trained by itself; their logits are averaged.

    A mean of logits is the normalised geometric mean of the members' probabilities (Hinton,
    Vinyals and Dean, 2015, arXiv:1503.02531, section 1: a cumbersome model may be an ensemble).
    The middle map is the first member's alone: those of different networks have no common axes.
    """

    def __init__(self, members: Sequence[Teacher]):
        super().__init__()
        self.members = nn.ModuleList(members)

    def logits_and_map(self, x: Tensor, gaze: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits (batch, classes) and a middle map, as `Teacher.logits_and_map`."""
        first, *others = self.members
        assert isinstance(first, Teacher)
        logits, middle = first.logits_and_map(x, gaze)
        return torch.stack([logits, *(member(x, gaze) for member in others)]).mean(0), middle

    def forward(self, x: Tensor, gaze: Tensor | None = None) -> Tensor:
        """Return logits (batch, classes)."""
        return self.logits_and_map(x, gaze)[0]

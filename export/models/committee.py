"""Several teachers that speak as one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from export.models.teacher import Teacher


class Committee(nn.Module):
    """Teachers of one architecture, each trained by itself; their logits are averaged.

    A mean of logits is the normalised geometric mean of what they hold likely (Hinton, Vinyals
    and Dean, 2015, arXiv:1503.02531, section 1: a cumbersome model may be an ensemble). Where
    they look within the frame is told by the first: middle maps of different networks have no
    common axes.
    """

    def __init__(self, members: Sequence[Teacher]):
        super().__init__()
        self.members = nn.ModuleList(members)

    def look(self, x: Tensor, gaze: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits (batch, classes), and the first member's middle map, as `Teacher.look`."""
        logits, middle = self.members[0].look(x, gaze)
        others = [member(x, gaze) for member in self.members[1:]]
        return torch.stack([logits, *others]).mean(0), middle

    def forward(self, x: Tensor, gaze: Tensor | None = None) -> Tensor:
        """Return logits (batch, classes)."""
        return self.look(x, gaze)[0]

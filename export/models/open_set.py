"""A second head on a student's trunk that says of each label alone whether the frame shows it.

The first head must choose among the labels; this one may deny them all, one against the rest
(OVANet: Saito and Saenko, ICCV 2021, arXiv:2104.03344, section 3.1). It looks through a few
attention maps of its own, since the first head's attention goes where labels differ, and not to
what must be there.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_CERTAIN = 40.0
"""A logit whose sigmoid is 1 in float32."""


class OpenSetHead(nn.Module):
    """`trunk` (batch, channels, height, width) -> logits (batch, labels), one against the rest."""

    scale: Tensor

    def __init__(self, channels: int, labels: int, maps: int, hidden: int, scale: float = 1.0):
        super().__init__()
        self.attention = nn.Conv2d(channels, maps, 1)
        self.mix = nn.Linear(channels * maps, hidden)
        self.decide = nn.Linear(hidden, labels)
        # a trunk's values have any size, and initial weights expect one near 1
        self.register_buffer("scale", torch.tensor(scale))

    @torch.no_grad()
    def claim_always(self, labels: Sequence[int]) -> None:
        """Give each of `labels`, by number, the claim 1, whatever the frame shows."""
        for label in labels:
            self.decide.weight[label] = 0
            self.decide.bias[label] = _CERTAIN

    def forward(self, trunk: Tensor) -> Tensor:
        """Return one logit a label; all may be negative."""
        trunk = trunk * self.scale
        shares = torch.softmax(self.attention(trunk).flatten(2), dim=2)
        looked_at = shares @ trunk.flatten(2).transpose(1, 2)
        logits: Tensor = self.decide(torch.relu(self.mix(looked_at.flatten(1))))
        return logits

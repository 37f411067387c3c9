"""How a run does on frames that it doesn't train on, while it trains."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

BATCH = 64
POINTS = 12  # of a run's curve: with frames a sixth of those trained on, 1 to 2 % of its time


@dataclass(frozen=True, eq=False)
class Validation:
    """Frames as the cart sees them, and their labels.

    Attributes:
        inputs: (N, 1, height, width) float32.
        labels: (N,) integers, index of each frame's label.
    """

    inputs: np.ndarray
    labels: np.ndarray

    def is_due(self, epoch: int, epochs: int) -> bool:
        """Return whether to score after `epoch` (from 1): at about `POINTS` of a run's `epochs`."""
        return epoch == epochs or epoch % max(1, round(epochs / POINTS)) == 0

    @torch.no_grad()
    def scores(self, model: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, float]:
        """Return accuracy (0 to 1) and mean cross-entropy of `model` with other `weights`.

        The model is left in eval mode and otherwise as it was: its own weights are set aside, and
        nothing is drawn at random, so that a run that is scored ends with the same weights.
        """
        model.eval()
        device = next(iter(weights.values())).device
        parts = []
        for start in range(0, len(self.inputs), BATCH):
            inputs = torch.from_numpy(self.inputs[start : start + BATCH]).to(device)
            # without touching the weights that are trained
            output = functional_call(model, dict(weights), (inputs,))
            parts.append(output if isinstance(output, Tensor) else output[0])  # logits come first
        logits, labels = torch.cat(parts).float().cpu(), torch.from_numpy(self.labels)
        return {
            "validation_accuracy": (logits.argmax(1) == labels).float().mean().item(),
            "validation_loss": functional.cross_entropy(logits, labels).item(),
        }

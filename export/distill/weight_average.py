"""The moving average of a run's weights, which is what the run returns."""

import torch
from torch import nn


class WeightAverage:
    """Exponential moving average of weights and of batch norm's running statistics.

    Polyak and Juditsky, 1992, as an exponential window; its start is timm's and TensorFlow's, so
    that a short run isn't an average over its untrained weights.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.steps = 0
        self.state = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Fold the model's weights in; early steps average over what there is so far."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                self.state[name].lerp_(value, 1 - decay)
            else:  # batch norm's counter of batches
                self.state[name].copy_(value)

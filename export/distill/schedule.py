"""What a run does when: the order of views, the learning rate, and what weight decay acts on."""

from __future__ import annotations

import math

import numpy as np
from torch import nn

from export.models.gaze_gate import GazeGate
from export.recipe.settings import LoopConfig


def batches(frames: int, views: int, config: LoopConfig, epoch: int) -> list[np.ndarray]:
    """Return an epoch's order: bank indices of one random view of each frame, whole batches.

    It depends on the seed and the epoch alone, so that a run can go on from any epoch.
    """
    rng = np.random.default_rng([config.seed, epoch])
    indices = rng.permutation(frames) * views + (rng.integers(0, views, frames) + epoch) % views
    size = config.batch
    # sorted: the bank lies on disk in this order
    return [np.sort(indices[i * size : (i + 1) * size]) for i in range(frames // size)]


def learning_rate(config: LoopConfig, epoch: float) -> float:
    """Return the rate at a point of the run, in epochs: linear warm-up, then half a cosine.

    Loshchilov and Hutter, ICLR 2017 (SGDR), eq. 5, with a single period.
    """
    if epoch < config.warmup_epochs:
        # not from 0, or the first step would move nothing
        return config.learning_rate * (epoch + 0.02) / (config.warmup_epochs + 0.02)
    share = (epoch - config.warmup_epochs) / max(1e-9, config.epochs - config.warmup_epochs)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def parameter_groups(model: nn.Module, config: LoopConfig) -> list[dict[str, object]]:
    """Return AdamW's groups: matrices and kernels decay; biases, norms and scales do not."""
    spared: set[nn.Parameter] = set()
    if not config.decay_gaze_gates:
        for module in model.modules():
            if isinstance(module, GazeGate):
                spared.update(module.parameters())
    decays = [p for p in model.parameters() if p.ndim > 1 and p not in spared]
    stays = [p for p in model.parameters() if p.ndim <= 1 or p in spared]
    return [
        {"params": decays, "weight_decay": config.weight_decay},
        {"params": stays, "weight_decay": 0.0},
    ]

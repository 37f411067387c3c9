"""One training loop for teacher and student: AdamW, cosine schedule, weight average, resume.

Every epoch's order is drawn from (seed, epoch), so a run that was killed goes on from its last
epoch and ends with the same weights.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from export.data.view_bank import ViewBank

LossParts = dict[str, Tensor]


@dataclass(frozen=True)
class LoopConfig:
    """Schedule of one run; an epoch shows one view of each frame."""

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    seed: int
    average: float = 0.999
    warmup_epochs: float = 1.0


class WeightAverage:
    """Exponential moving average of weights; buffers (batch norm) are copied."""

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
            else:
                self.state[name].copy_(value)


def train(
    model: nn.Module,
    bank: ViewBank,
    normalise: Callable[[np.ndarray], Tensor],
    loss: Callable[[nn.Module, Tensor, np.ndarray], LossParts],
    config: LoopConfig,
    checkpoint: Path,
    report: Callable[[int, dict[str, float]], None] = lambda epoch, parts: None,
) -> nn.Module:
    """Train `model` on `bank` and return it with averaged weights, in eval mode.

    Args:
        model: any module; kept in channels-last memory format.
        bank: views; a frame's views are contiguous and equal in number.
        normalise: 8-bit views (batch, height, width) -> the model's input tensor.
        loss: (model, input, bank indices) -> parts, of which `total` is minimised.
        config: the schedule.
        checkpoint: written after each epoch (temporary file, then rename) and resumed from.
        report: called after each epoch with the mean of each part.
    """
    model = model.to(memory_format=torch.channels_last)
    views = len(bank) // (int(bank.frame_index[-1]) + 1)
    frames = len(bank) // views
    optimiser = torch.optim.AdamW(_groups(model, config.weight_decay), lr=config.learning_rate)
    average = WeightAverage(model, config.average)
    start = _resume(checkpoint, model, optimiser, average)
    for epoch in range(start, config.epochs):
        batches = _batches(frames, views, config, epoch)
        sums: dict[str, float] = {}
        model.train()
        for step, chosen in enumerate(batches):
            for group in optimiser.param_groups:
                group["lr"] = _rate(config, epoch + step / len(batches))
            inputs = normalise(bank.views[chosen]).contiguous(memory_format=torch.channels_last)
            parts = loss(model, inputs, chosen)
            optimiser.zero_grad(set_to_none=True)
            parts["total"].backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            average.update(model)
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + value.item() / len(batches)
        _save(checkpoint, epoch + 1, model, optimiser, average)
        report(epoch + 1, sums)
    model.load_state_dict(average.state)
    return model.eval()


def _batches(frames: int, views: int, config: LoopConfig, epoch: int) -> list[np.ndarray]:
    """Draw the epoch's order: bank indices of one random view of each frame, whole batches."""
    torch.manual_seed(config.seed * 100_003 + epoch)
    rng = np.random.default_rng([config.seed, epoch])
    indices = rng.permutation(frames) * views + (rng.integers(0, views, frames) + epoch) % views
    size = config.batch
    return [np.sort(indices[i * size : (i + 1) * size]) for i in range(frames // size)]


def _groups(model: nn.Module, decay: float) -> list[dict[str, object]]:
    """Weights decay; biases and norms do not."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]


def _rate(config: LoopConfig, epoch: float) -> float:
    if epoch < config.warmup_epochs:
        return config.learning_rate * (epoch + 0.02) / (config.warmup_epochs + 0.02)
    share = (epoch - config.warmup_epochs) / max(1e-9, config.epochs - config.warmup_epochs)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def _save(
    path: Path,
    epoch: int,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: WeightAverage,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save(
        {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "average": average.state,
            "average_steps": average.steps,
        },
        unfinished,
    )
    unfinished.rename(path)


def _resume(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, average: WeightAverage
) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    average.state = state["average"]
    average.steps = state["average_steps"]
    return int(state["epoch"])

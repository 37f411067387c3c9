"""One training loop for teacher and student: AdamW, cosine schedule, weight average, resume.

Every epoch's order is drawn from (seed, epoch), so a run that was killed goes on from its last
epoch and ends with the same weights, on any number of processes (export/parallel.py).
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from export import compiler_cache, parallel
from export.data.view_bank import ViewBank
from export.errors import ExportError
from export.files import atomic_write
from export.recipe.settings import LoopConfig

LossParts = dict[str, Tensor]
Loss = Callable[[nn.Module, Tensor, np.ndarray], LossParts]


def check_fills_a_batch(frames: int, batch: int) -> None:
    """Refuse fewer frames than a batch has: no step could be made.

    Raises:
        ExportError: `data-few`.
    """
    if frames < batch:
        raise ExportError(
            "data-few",
            f"{frames} frames to train on are fewer than a batch of {batch}; lower the recipe's "
            "batch, or bring more frames",
        )


class WeightAverage:
    """Exponential moving average of weights and of batch norm's running statistics."""

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
    loss: Loss,
    config: LoopConfig,
    checkpoint: Path,
    report: Callable[[int, dict[str, float]], None] = lambda epoch, parts: None,
) -> nn.Module:
    """Train `model` on `bank` and return it with averaged weights, in eval mode, on the CPU.

    Under torchrun every process calls this with the same arguments, takes its share of every
    batch and returns the same weights. On machines with CUDA it trains there.

    Args:
        model: any module; kept in channels-last memory format.
        bank: views; a frame's views are contiguous and equal in number.
        normalise: 8-bit views (batch, height, width) -> the model's input tensor.
        loss: (model, input, bank indices) -> parts, of which `total` is minimised. Each is a mean
            over the batch; what it makes itself belongs on the input's device.
        config: the schedule.
        checkpoint: written after each epoch (temporary file, then rename) and resumed from.
        report: called by the leader after each epoch with the mean of each part.

    Raises:
        ExportError: `parallel-batch` when there are more processes than frames in a batch,
            `data-few` when a batch has more frames than there are, `training-diverged` when a
            loss is not finite.
    """
    parallel.check_batch(config.batch)
    model = model.to(memory_format=torch.channels_last)
    run = _Run.start(model, loss, config)
    views = bank.views_per_frame
    frames = len(bank) // views
    check_fills_a_batch(frames, config.batch)
    for epoch in range(run.resume(checkpoint), config.epochs):
        batches = _batches(frames, views, config, epoch)
        sums: dict[str, float] = {}
        run.model.train()
        for step, chosen in enumerate(batches):
            mine, weight = parallel.share(chosen), parallel.share_weight(chosen)
            inputs = normalise(bank.views[mine]).contiguous(memory_format=torch.channels_last)
            parts = run.step(inputs, mine, _rate(config, epoch + step / len(batches)), weight)
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + value.item() * weight / len(batches)
        sums = parallel.mean(sums)
        _check_finite(sums, epoch + 1)
        if parallel.is_leader():
            run.save(checkpoint, epoch + 1)
            report(epoch + 1, sums)
    averaged = {name: value.cpu() for name, value in run.average.state.items()}
    model.load_state_dict(parallel.from_leader(averaged))
    return model.cpu().eval()


def _check_finite(parts: dict[str, float], epoch: int) -> None:
    """Stop where a loss is NaN, before it is written over the last good checkpoint."""
    if not all(map(math.isfinite, parts.values())):
        raise ExportError(
            "training-diverged",
            f"in epoch {epoch} the loss was {parts}; lower the recipe's learning_rate and run the "
            "same command in another --out",
        )


@dataclass
class _Run:
    """What changes from step to step, and goes into a checkpoint."""

    model: nn.Module
    objective: nn.Module
    optimiser: torch.optim.Optimizer
    average: WeightAverage

    @classmethod
    def start(cls, model: nn.Module, loss: Loss, config: LoopConfig) -> "_Run":
        trained = _synchronised(model).to(parallel.device())
        objective = parallel.spread(parallel.ModelWithLoss(trained, loss))
        groups = _groups(trained, config.weight_decay)
        compiler_cache.begin()
        optimiser = torch.optim.AdamW(groups, lr=config.learning_rate)
        return cls(trained, objective, optimiser, WeightAverage(trained, config.average))

    def step(self, inputs: Tensor, indices: np.ndarray, rate: float, weight: float) -> LossParts:
        """Follow the gradient of one batch; `weight` is what this process's share counts."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        parts: LossParts = self.objective(inputs.to(parallel.device()), indices)
        self.optimiser.zero_grad(set_to_none=True)
        (parts["total"] * weight).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        self.average.update(self.model)
        return parts

    def save(self, path: Path, epochs: int) -> None:
        """Write the checkpoint whole, or not at all."""
        state = {
            "epoch": epochs,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.state,
            "average_steps": self.average.steps,
        }
        with atomic_write(path) as unfinished:
            torch.save(state, unfinished)

    def resume(self, path: Path) -> int:
        """Take up the leader's checkpoint in every process; return how many epochs are done."""
        leads = parallel.is_leader() and path.exists()
        found = torch.load(path, weights_only=True, map_location="cpu") if leads else None
        state = parallel.from_leader(found)
        if state is None:
            return 0
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        device = parallel.device()
        self.average.state = {name: value.to(device) for name, value in state["average"].items()}
        self.average.steps = state["average_steps"]
        return int(state["epoch"])


def _synchronised(model: nn.Module) -> nn.Module:
    """Return the module to train: on several GPUs a copy whose batch norms see every share."""
    if parallel.size() == 1 or parallel.device().type != "cuda":
        return model
    return nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(model))


def _batches(frames: int, views: int, config: LoopConfig, epoch: int) -> list[np.ndarray]:
    """Draw the epoch's order: bank indices of one random view of each frame, whole batches."""
    # dropout differs from process to process, the order does not
    torch.manual_seed(config.seed * 100_003 + epoch + (parallel.rank() << 32))
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

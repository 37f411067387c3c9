"""One run's model, optimiser and weight average, from epoch to epoch."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from export import compiler_cache, parallel
from export.data.view_bank import ViewBank
from export.distill.metric_log import MetricLog
from export.distill.schedule import batches, learning_rate, parameter_groups
from export.distill.weight_average import WeightAverage
from export.errors import ExportError
from export.recipe.settings import LoopConfig

LossParts = dict[str, Tensor]
Loss = Callable[[nn.Module, Tensor, np.ndarray], LossParts]
Normalise = Callable[[np.ndarray], Tensor]


@dataclass
class Metrics:
    """Means over an epoch's steps, and its last learning rate."""

    started: float = field(default_factory=time.monotonic)
    parts: dict[str, float] = field(default_factory=dict)
    gradient_norm: float = 0.0
    learning_rate: float = 0.0

    def row(self) -> dict[str, float]:
        """Return what a log's row holds; call it at the end of the epoch."""
        return {
            "learning_rate": self.learning_rate,
            "gradient_norm": self.gradient_norm,
            "seconds": time.monotonic() - self.started,
            **self.parts,
        }


@dataclass
class TrainingRun:
    """What changes from step to step, and goes into a checkpoint."""

    model: nn.Module
    with_loss: nn.Module
    optimiser: torch.optim.Optimizer
    average: WeightAverage
    max_gradient_norm: float

    @classmethod
    def start(cls, model: nn.Module, loss: Loss, config: LoopConfig) -> TrainingRun:
        """Return a run at its beginning, on this process's device."""
        trained = _synchronised(model).to(parallel.device())
        with_loss = parallel.spread(parallel.ModelWithLoss(trained, loss))
        compiler_cache.begin()
        optimiser = torch.optim.AdamW(parameter_groups(trained, config), lr=config.learning_rate)
        average = WeightAverage(trained, config.average)
        return cls(trained, with_loss, optimiser, average, config.max_gradient_norm)

    def epoch(
        self, bank: ViewBank, normalise: Normalise, config: LoopConfig, epoch: int
    ) -> Metrics:
        """Make an epoch's steps; in every process."""
        # dropout differs from process to process, the order of views does not
        torch.manual_seed(config.seed * 100_003 + epoch + (parallel.rank() << 32))
        views = bank.views_per_frame
        order = batches(len(bank) // views, views, config, epoch)
        metrics, sums = Metrics(), dict[str, float]()
        self.model.train()
        for step, chosen in enumerate(order):
            mine, weight = parallel.share(chosen), parallel.share_weight(chosen)
            # indexing copies the batch out of the mapped file
            inputs = normalise(bank.views[mine]).contiguous(memory_format=torch.channels_last)
            metrics.learning_rate = learning_rate(config, epoch + step / len(order))
            parts, norm = self.step(inputs, mine, metrics.learning_rate, weight)
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + value.item() * weight / len(order)
            metrics.gradient_norm += norm / len(order)
        # over processes before the check, or one would stop and the others wait for it
        metrics.parts = parallel.mean(sums)
        _check_finite(metrics.parts, epoch + 1)
        return metrics

    def step(
        self, inputs: Tensor, indices: np.ndarray, rate: float, weight: float
    ) -> tuple[LossParts, float]:
        """Follow the gradient of one batch; return the loss's parts and the gradient's norm.

        `weight` is what this process's share counts.
        """
        # set by hand: a rate that follows from the epoch needs no state of a scheduler to resume
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        parts: LossParts = self.with_loss(inputs.to(parallel.device()), indices)
        self.optimiser.zero_grad(set_to_none=True)
        (parts["total"] * weight).backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.max_gradient_norm)
        self.optimiser.step()
        self.average.update(self.model)
        return parts, norm.item()

    def validated(self, log: MetricLog, epoch: int, config: LoopConfig) -> dict[str, float]:
        """Return the averaged weights' scores, where it is their turn."""
        if log.validation is None or not log.validation.is_due(epoch, config.epochs):
            return {}
        return log.validation.scores(self.model, self.average.state)

    def state(self, epochs: int) -> dict[str, Any]:
        """Return what a checkpoint holds after so many epochs."""
        return {
            "epoch": epochs,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.state,
            "average_steps": self.average.steps,
        }

    def resume(self, state: dict[str, Any] | None) -> int:
        """Take up a checkpoint's state; return how many epochs are done."""
        if state is None:
            return 0
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        device = parallel.device()
        self.average.state = {name: value.to(device) for name, value in state["average"].items()}
        self.average.steps = state["average_steps"]
        return int(state["epoch"])


def _check_finite(parts: dict[str, float], epoch: int) -> None:
    """Stop where a loss is NaN, before it is written over the last good checkpoint."""
    if not all(map(math.isfinite, parts.values())):
        raise ExportError(
            "training-diverged",
            f"in epoch {epoch} the loss was {parts}; lower the recipe's learning_rate and run the "
            "same command in another --out",
        )


def _synchronised(model: nn.Module) -> nn.Module:
    """Return the module to train: on several GPUs a copy whose batch norms see every share."""
    if parallel.size() == 1 or parallel.device().type != "cuda":
        return model
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(  # type: ignore[no-untyped-call]
        copy.deepcopy(model)
    )
    return converted

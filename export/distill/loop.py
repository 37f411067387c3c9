"""One training loop for teacher and student: AdamW, cosine schedule, weight average, resume.

Every epoch's order is drawn from (seed, epoch), so a run that was killed goes on from its last
checkpoint and ends with the same weights, on any number of processes (export/parallel.py).
"""

from collections.abc import Callable

import torch
from torch import nn

from export import parallel
from export.data.view_bank import ViewBank
from export.distill.checkpoint import Checkpoint
from export.distill.metric_log import MetricLog
from export.distill.training_run import Loss, Metrics, Normalise, TrainingRun
from export.errors import ExportError
from export.recipe.settings import LoopConfig


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


def train(
    model: nn.Module,
    bank: ViewBank,
    normalise: Normalise,
    loss: Loss,
    config: LoopConfig,
    checkpoint: Checkpoint,
    report: Callable[[int, dict[str, float]], None] = lambda epoch, parts: None,
    log: MetricLog | None = None,
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
        checkpoint: resumed from, and written every few minutes, at the end and on an interrupt.
        report: called by the leader after each epoch with the mean of each part.
        log: takes a row of metrics after each epoch; without effect on the weights.

    Raises:
        ExportError: `parallel-batch` when there are more processes than frames in a batch,
            `data-few` when a batch has more frames than there are, `training-diverged` when a
            loss is not finite.
    """
    parallel.check_batch(config.batch)
    check_fills_a_batch(len(bank) // bank.views_per_frame, config.batch)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = TrainingRun.start(model, loss, config)
    done = _resume(run, checkpoint, log)
    try:
        for epoch in range(done, config.epochs):
            metrics = run.epoch(bank, normalise, config, epoch)
            if parallel.is_leader():
                _record(run, metrics, epoch + 1, config, checkpoint, log)
                report(epoch + 1, metrics.parts)
    finally:
        # also after Ctrl-C and errors; where nothing is left to write it does nothing
        checkpoint.flush()
    if log is not None and parallel.is_leader():
        log.draw()
    return _averaged(model, run)


def _resume(run: TrainingRun, checkpoint: Checkpoint, log: MetricLog | None) -> int:
    """Bring run and log to where the checkpoint stands; return how many epochs are done."""
    done = run.resume(checkpoint.load())
    if log is not None:
        log.resume(done)
    return done


def _averaged(model: nn.Module, run: TrainingRun) -> nn.Module:
    """Give the model the run's averaged weights, on the CPU and in eval mode."""
    # the leader's, as batch norms on CPUs keep statistics of their own process
    averaged = {name: value.cpu() for name, value in run.average.state.items()}
    model.load_state_dict(parallel.from_leader(averaged))
    return model.cpu().eval()


def _record(
    run: TrainingRun,
    metrics: Metrics,
    epochs: int,
    config: LoopConfig,
    checkpoint: Checkpoint,
    log: MetricLog | None,
) -> None:
    """Log an epoch and keep its state: the log first, as rows beyond the checkpoint are dropped."""
    if log is not None:
        log.add(epochs, {**metrics.row(), **run.validated(log, epochs, config)})
    if checkpoint.keep(run.state(epochs)) and log is not None:
        log.draw()

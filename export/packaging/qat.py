"""int8 by the recipe: static quantisation, or fine-tuning with rounding in the forward pass."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from export.data.view_bank import ViewBank
from export.display import Report
from export.distill.checkpoint import Checkpoint
from export.distill.inputs import normaliser
from export.distill.loop import train
from export.distill.losses import LOSSES
from export.distill.student import TrainingData
from export.distill.task import Learner
from export.distill.training_run import Loss
from export.models.student import Student
from export.packaging.convert import to_onnx
from export.packaging.fake_quant import QuantisedStudent
from export.packaging.quantize import Scheme, quantize
from export.recipe.digests import quantisation_digest
from export.recipe.settings import LoopConfig, Quantisation
from export.workspace import StudentRun


@dataclass(frozen=True)
class Task:
    """What fine-tuning minimises, and on what.

    Attributes:
        bank: views of the transfer material.
        normalise: 8-bit views (batch, height, width) -> input tensor.
        loss: (model, input, bank indices) -> parts with `total`.
        batch: views a step.
        wrap: puts a student into the module that `loss` takes.
    """

    bank: ViewBank
    normalise: Callable[[np.ndarray], Tensor]
    loss: Loss
    batch: int
    wrap: Callable[[Student], nn.Module] = lambda student: student


def task_of(run: StudentRun, data: TrainingData) -> Task:
    """Return the student's own task again, less what needs an adapter: none was kept."""
    weights = {
        name: weight
        for name, weight in run.config.weights.items()
        if "teacher_map" not in LOSSES[name].needs
    }
    return Task(
        bank=data.bank,
        normalise=normaliser(run.recipe),
        loss=data.task(weights or {"labels": 1.0}, run.recipe.student.temperature),
        batch=run.recipe.student.batch,
        wrap=lambda student: Learner(student, None),
    )


def quantise(
    student: Student,
    size: tuple[int, int],
    settings: Quantisation,
    calibration: np.ndarray,
    task: Callable[[], Task],
    run: Path,
    report: Report = lambda epoch, parts: None,
) -> onnx.ModelProto:
    """Return the student as int8 QDQ by the recipe's `[quantise]`.

    Args:
        student: trained.
        size: height and width of its input.
        settings: the recipe's.
        calibration: input tensors (N, 1, height, width) of training frames.
        task: called only where the method trains.
        run: the student's folder; a fine-tuning keeps its resume point there.
        report: called after each epoch of it.
    """
    if settings.method == "static":
        scheme = Scheme(float_layers=settings.float_layers)
        return quantize(to_onnx(student, *size), calibration, scheme)
    # of this very student: another one that was trained in the folder begins anew
    checkpoint = run / f"qat-{quantisation_digest(settings)[:8]}-{_weights_digest(student)}.pt"
    return fine_tune(student, settings, calibration, task(), checkpoint, report).to_onnx(*size)


def _weights_digest(student: Student) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(student.state_dict().items()):
        digest.update(name.encode() + value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:8]


def fine_tune(
    student: Student,
    settings: Quantisation,
    calibration: np.ndarray,
    task: Task,
    checkpoint: Path,
    report: Report = lambda epoch, parts: None,
) -> QuantisedStudent:
    """Return `student` trained on with rounding in its forward pass, from calibrated ranges."""
    torch.manual_seed(settings.seed)
    rounded = QuantisedStudent(student, task.wrap, settings.float_layers)
    rounded.calibrate(calibration)
    config = LoopConfig(
        epochs=settings.epochs,
        batch=task.batch,
        learning_rate=settings.learning_rate,
        weight_decay=0.0,
        seed=settings.seed,
        average=settings.average,
    )
    train(rounded, task.bank, task.normalise, task.loss, config, Checkpoint(checkpoint), report)
    return rounded

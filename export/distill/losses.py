"""Losses of transfer, each returned apart so that a run can plot its parts."""

import torch
from torch import Tensor
from torch.nn import functional

from export.errors import ExportError


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits (batch, classes) against label shares.

    `targets` (batch, classes) holds each class's share; a row of zeros is a frame without label
    and adds nothing. The mean is over the whole batch.

    Raises:
        ExportError: `loss-shape` when the two shapes differ.
    """
    _same_shape(logits, targets)
    return -(targets * functional.log_softmax(logits, dim=1)).sum(1).mean()


def softened_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Return T^2 KL(teacher || student) of softened outputs, mean over the batch.

    Hinton, Vinyals and Dean, 2015 (arXiv:1503.02531), section 2: the factor T^2 keeps the
    gradient's size independent of the temperature. Both are logits (batch, classes).

    Raises:
        ExportError: `loss-shape` when the two shapes differ.
    """
    _same_shape(student, teacher)
    log_student = functional.log_softmax(student / temperature, dim=1)
    log_teacher = functional.log_softmax(teacher / temperature, dim=1)
    divergence = functional.kl_div(log_student, log_teacher, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def _same_shape(left: Tensor, right: Tensor) -> None:
    if left.shape != right.shape:
        raise ExportError(
            "loss-shape",
            f"shapes differ: {tuple(left.shape)} against {tuple(right.shape)}; "
            "both must be (batch, classes)",
        )


def transfer_loss(
    logits: Tensor,
    targets: Tensor,
    teacher_logits: Tensor | None,
    weights: dict[str, float],
    temperature: float,
) -> dict[str, Tensor]:
    """Return the weighted parts by name, and their sum as `total`.

    `weights` names the parts that count: `labels` (cross-entropy), `logits` (softened outputs).

    Raises:
        ExportError: `loss-weight` for an unknown part, `loss-teacher` when the teacher is missing.
    """
    parts: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if name == "labels":
            parts[name] = weight * soft_cross_entropy(logits, targets)
        elif name == "logits":
            if teacher_logits is None:
                raise ExportError("loss-teacher", "the part 'logits' needs a teacher's logits")
            parts[name] = weight * softened_divergence(logits, teacher_logits, temperature)
        else:
            raise ExportError("loss-weight", f"unknown loss {name!r}; known: labels, logits")
    parts["total"] = torch.stack(list(parts.values())).sum()
    return parts

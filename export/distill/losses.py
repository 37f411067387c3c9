"""Losses of transfer, each returned apart so that a run can plot its parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from export.errors import ExportError


class Outputs(NamedTuple):
    """What a student said of a batch.

    Attributes:
        logits: (batch, classes).
        attention: (batch, h, w), each summing to 1.
        adapted: (batch, components, h, w), its own middle map behind an adapter; None without.
    """

    logits: Tensor
    attention: Tensor
    adapted: Tensor | None = None


@dataclass(frozen=True)
class Targets:
    """What it is held against; None where a run has no such thing.

    Attributes:
        targets: (batch, classes), label shares; a row of zeros has no label.
        teacher_logits: (batch, classes).
        teacher_map: (batch, components, h, w), the teacher's middle map.
        gaze: (batch, any, any), not negative; zeros where nobody looked.
    """

    targets: Tensor
    teacher_logits: Tensor | None = None
    teacher_map: Tensor | None = None
    gaze: Tensor | None = None


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


def feature_distance(student: Tensor, teacher: Tensor, gaze: Tensor | None = None) -> Tensor:
    """Return the mean squared difference of feature maps (batch, components, h, w).

    FitNets (Romero et al., ICLR 2015, eq. 3), the student behind its adapter. With `gaze`
    (batch, any, any), places count by it: half of the weight is spread evenly, half as gaze lies;
    a frame without gaze counts evenly.

    Raises:
        ExportError: `loss-shape` when the two shapes differ.
    """
    _same_shape(student, teacher)
    squares = (student - teacher).square().mean(1)
    if gaze is None:
        return squares.mean()
    share, looked = gaze_shares(gaze, *squares.shape[-2:])
    weight = torch.where(looked[:, None, None], 0.5 + 0.5 * share * share[0].numel(), 1.0)
    return (squares * weight).mean()


def attention_divergence(attention: Tensor, gaze: Tensor) -> Tensor:
    """Return KL(gaze || attention), mean over the frames that somebody looked at; 0 for none.

    `attention` (batch, h, w) sums to 1 over places; `gaze` (batch, any, any) is brought onto its
    grid. Attention follows human fixations as in Patra et al., MICCAI 2019.
    """
    share, looked = gaze_shares(gaze, *attention.shape[-2:])
    ratio = torch.log(share.clamp_min(1e-8)) - torch.log(attention.clamp_min(1e-8))
    divergence = (share * ratio).sum((1, 2))
    return (divergence * looked).sum() / looked.sum().clamp_min(1)


def gaze_shares(gaze: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return gaze (batch, any, any) as shares (batch, height, width), and who was looked at."""
    cells = functional.adaptive_avg_pool2d(gaze.unsqueeze(1), (height, width)).squeeze(1)
    total = cells.sum((1, 2), keepdim=True)
    return cells / total.clamp_min(1e-12), total[:, 0, 0] > 0


def _same_shape(left: Tensor, right: Tensor) -> None:
    if left.shape != right.shape:
        raise ExportError(
            "loss-shape",
            f"shapes differ: {tuple(left.shape)} against {tuple(right.shape)}; both must agree",
        )


def _labels(said: Outputs, wanted: Targets, temperature: float) -> Tensor:
    return soft_cross_entropy(said.logits, wanted.targets)


def _logits(said: Outputs, wanted: Targets, temperature: float) -> Tensor:
    taught = _needed("logits", "a teacher's logits", wanted.teacher_logits)
    return softened_divergence(said.logits, taught, temperature)


def _features(said: Outputs, wanted: Targets, temperature: float) -> Tensor:
    taught = _needed("features", "a teacher's middle map", wanted.teacher_map)
    return feature_distance(_needed("features", "an adapter", said.adapted), taught)


def _features_at_gaze(said: Outputs, wanted: Targets, temperature: float) -> Tensor:
    taught = _needed("features_at_gaze", "a teacher's middle map", wanted.teacher_map)
    adapted = _needed("features_at_gaze", "an adapter", said.adapted)
    return feature_distance(adapted, taught, _needed("features_at_gaze", "gaze", wanted.gaze))


def _attention(said: Outputs, wanted: Targets, temperature: float) -> Tensor:
    return attention_divergence(said.attention, _needed("attention", "gaze", wanted.gaze))


def _needed(part: str, what: str, value: Tensor | None) -> Tensor:
    if value is None:
        raise ExportError("loss-teacher", f"the part {part!r} needs {what}, and there is none")
    return value


PARTS: dict[str, Callable[[Outputs, Targets, float], Tensor]] = {
    "labels": _labels,
    "logits": _logits,
    "features": _features,
    "features_at_gaze": _features_at_gaze,
    "attention": _attention,
}
FEATURE_PARTS = ("features", "features_at_gaze")
GAZE_PARTS = ("features_at_gaze", "attention")
TEACHER_PARTS = ("logits", *FEATURE_PARTS)


def transfer_loss(
    said: Outputs, wanted: Targets, weights: dict[str, float], temperature: float
) -> dict[str, Tensor]:
    """Return the weighted parts by name, and their sum as `total`.

    `weights` names the parts that count, of `PARTS`.

    Raises:
        ExportError: `loss-weight` for an unknown part or none, `loss-teacher` when what a part
            needs is missing.
    """
    unknown = [name for name in weights if name not in PARTS]
    if unknown or not weights:
        raise ExportError("loss-weight", f"unknown losses {unknown}; name some of {list(PARTS)}")
    parts = {name: weight * PARTS[name](said, wanted, temperature)
             for name, weight in weights.items()}  # fmt: skip
    return {**parts, "total": torch.stack(list(parts.values())).sum()}

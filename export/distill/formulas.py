"""The formulas that losses are made of: tensors in, a scalar out.

Each is a mean over the whole batch, so that a learning rate keeps its meaning whatever is in it.
"""

import torch
from torch import Tensor
from torch.nn import functional

from export.errors import ExportError


def soft_cross_entropy(logits: Tensor, labels: Tensor, outlier: Tensor | None = None) -> Tensor:
    """Return the cross-entropy of logits (batch, classes) with label shares, mean over the batch.

    `labels` (batch, classes) holds each label's share; a row of zeros is a view without label and
    adds nothing. An outlier's target is uniform over the classes (Hendrycks, Mazeika and
    Dietterich, ICLR 2019, arXiv:1812.04606, section 4.3): `outlier` (batch,) is the share of it.

    Raises:
        ExportError: `loss-shape` when shapes differ.
    """
    _same_shape(logits, labels)
    if outlier is not None:
        _same_shape(outlier, labels[:, 0])
        labels = labels + outlier[:, None] / labels.shape[1]
    return -(labels * functional.log_softmax(logits, dim=1)).sum(1).mean()


def one_against_rest(logits: Tensor, labels: Tensor, outlier: Tensor | None = None) -> Tensor:
    """Return the sum over classes of each one's binary cross-entropy, mean over the batch.

    Each logit (batch, classes) says alone whether its class is there, so that an outlier is a row
    that no class claims (one-vs-all as in Padhy et al., 2020, arXiv:2007.05134, here for shares
    too). `labels` and `outlier` as in `soft_cross_entropy`; what has neither adds nothing.

    Raises:
        ExportError: `loss-shape` when shapes differ.
    """
    _same_shape(logits, labels)
    known = labels.sum(1)
    if outlier is not None:
        _same_shape(outlier, known)
        known = known + outlier
    # log(1 - sigmoid(z)) as log sigmoid(-z): finite for any logit
    claimed, denied = functional.logsigmoid(logits), functional.logsigmoid(-logits)
    return -(labels * claimed + (known[:, None] - labels) * denied).sum(1).mean()


def softened_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Return T^2 KL(teacher || student) of softened outputs, mean over the batch.

    Hinton, Vinyals and Dean, 2015 (arXiv:1503.02531), section 2: the factor T^2 keeps the
    gradient's size independent of the temperature. Both are logits (batch, classes).

    Raises:
        ExportError: `loss-shape` when shapes differ.
    """
    _same_shape(student, teacher)
    log_student = functional.log_softmax(student / temperature, dim=1)
    log_teacher = functional.log_softmax(teacher / temperature, dim=1)
    # `batchmean`: the default divides by the number of elements, and shrinks with the classes
    divergence = functional.kl_div(log_student, log_teacher, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def feature_distance(student: Tensor, teacher: Tensor, gaze: Tensor | None = None) -> Tensor:
    """Return the mean squared difference of feature maps (batch, components, h, w).

    FitNets (Romero et al., ICLR 2015, eq. 3), the student behind its adapter. With `gaze`
    (batch, any, any), places count by it: half of the weight is spread evenly, half as gaze lies;
    a frame without gaze counts evenly.

    Raises:
        ExportError: `loss-shape` when shapes differ.
    """
    _same_shape(student, teacher)
    squares = (student - teacher).square().mean(1)
    if gaze is None:
        return squares.mean()
    share, has_gaze = gaze_shares(gaze, *squares.shape[-2:])
    # evenly for a half: where nobody looked, the teacher's map still has something to teach
    weight = torch.where(has_gaze[:, None, None], 0.5 + 0.5 * share * share[0].numel(), 1.0)
    return (squares * weight).mean()


def attention_divergence(attention: Tensor, gaze: Tensor) -> Tensor:
    """Return KL(gaze || attention), mean over the frames that have gaze; 0 for none.

    `attention` (batch, h, w) sums to 1 over places; `gaze` (batch, any, any) is brought onto its
    grid. Attention follows human fixations as in Patra et al., MICCAI 2019.
    """
    share, has_gaze = gaze_shares(gaze, *attention.shape[-2:])
    # cells that nobody looked at, or that attention left, would give log(0)
    ratio = torch.log(share.clamp_min(1e-8)) - torch.log(attention.clamp_min(1e-8))
    divergence = (share * ratio).sum((1, 2))
    return (divergence * has_gaze).sum() / has_gaze.sum().clamp_min(1)


def gaze_shares(gaze: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return gaze (batch, any, any) as shares (batch, height, width), and which rows have any."""
    cells = functional.adaptive_avg_pool2d(gaze.unsqueeze(1), (height, width)).squeeze(1)
    total = cells.sum((1, 2), keepdim=True)
    # a row of zeros stays zeros: 0 / 0 would send NaN into every gradient
    return cells / total.clamp_min(1e-12), total[:, 0, 0] > 0


def _same_shape(left: Tensor, right: Tensor) -> None:
    if left.shape != right.shape:
        raise ExportError(
            "loss-shape",
            f"shapes differ: {tuple(left.shape)} against {tuple(right.shape)}; both must agree",
        )

"""What a batch of views is: a network's predictions, and the targets they are compared with."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class Predictions(NamedTuple):
    """What a student predicts of a batch.

    Attributes:
        logits: (batch, classes).
        attention: (batch, h, w), each summing to 1.
        adapted: (batch, components, h, w), its middle map behind an adapter; None without.
    """

    logits: Tensor
    attention: Tensor
    adapted: Tensor | None = None


@dataclass(frozen=True)
class Targets:
    """What predictions are compared with; None where a run has no such thing.

    A view's shares sum to 1 at most. Whatever neither a label nor `outlier` has is without label:
    losses of labels ignore that share, losses of the teacher's outputs don't. Shares and not kinds
    of rows, because a view can be mixed from two frames.

    Attributes:
        labels: (batch, classes), the share of each label; a row of zeros has none.
        outlier: (batch,), the share that is none of the labels; None: nothing is.
        teacher_logits: (batch, classes).
        teacher_map: (batch, components, h, w), principal components of the teacher's middle map.
        gaze: (batch, any, any), not negative; zeros where nobody looked.
    """

    labels: Tensor
    outlier: Tensor | None = None
    teacher_logits: Tensor | None = None
    teacher_map: Tensor | None = None
    gaze: Tensor | None = None

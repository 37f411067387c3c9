"""Networks small enough to be trained by the dozen, and the loss of an auxiliary gaze output."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.distill.formulas import attention_divergence
from export.distill.losses import register_loss
from export.distill.targets import Predictions, Targets
from export.models.gaze_gate import GazeGate
from export.models.reparameterised import convolution
from export.models.student import Student
from export.models.teacher import TEACHERS, Teacher
from export.recipe.settings import DENSE, StageConfig, StudentConfig

COMPACT, GAZE_OUTPUT = "compact", "gaze_output"
STUDENT = StudentConfig(
    stem=16,
    stages=(StageConfig(0, 32, 3, 2), StageConfig(0, 48, 3, 1)),
    head=48,
    architecture=DENSE,
)
_TEACHER_CHANNELS, _PATCH = (24, 48, 64, 64, 96), 4


class CompactTeacher(nn.Module):
    """A patch stem and four convolutions; gaze modulates the last three maps, as in `Teacher`."""

    def __init__(self, classes: int, gaze_way: str):
        super().__init__()
        self.gaze_way = gaze_way
        stem, *widths = _TEACHER_CHANNELS
        self.stem = nn.Sequential(
            convolution(1, stem, _PATCH, _PATCH, padding=0), nn.ReLU(inplace=True)
        )
        kernels, strides = (3, 3, 3, 1), (2, 1, 1, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(i, o, kernel, stride), nn.ReLU(inplace=True))
            for i, o, kernel, stride in zip((stem, *widths), widths, kernels, strides, strict=False)
        )
        gated = range(1, len(widths)) if gaze_way == "modulate" else ()
        self.gates = nn.ModuleDict({str(i): GazeGate(widths[i]) for i in gated})
        self.classifier = nn.Linear(widths[-1], classes)

    def logits_and_map(self, x: Tensor, gaze: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits (batch, classes) and the last map; `gaze` (batch, h, w) or None."""
        x = self.stem(x)
        for index, block in enumerate(self.blocks):
            x = block(x)
            if str(index) in self.gates:
                x = self.gates[str(index)](x, gaze)
        logits: Tensor = self.classifier(functional.dropout(x.mean((2, 3)), 0.2, self.training))
        return logits, x

    def forward(self, x: Tensor, gaze: Tensor | None = None) -> Tensor:
        """Return logits (batch, classes)."""
        return self.logits_and_map(x, gaze)[0]


@TEACHERS.register(COMPACT)
def build_compact(
    *, classes: int, mean: float, std: float, imagenet: bool, gaze_way: str
) -> Teacher:
    """Return an untrained compact teacher, which sees frames as the student does."""
    # a registered architecture offers what `Teacher` does, whatever is inside
    return cast(Teacher, CompactTeacher(classes, gaze_way))


@register_loss(GAZE_OUTPUT, needs=["gaze"])
def _gaze_output(predictions: Predictions, targets: Targets, temperature: float) -> Tensor:
    """Compare gaze with an output of its own, read off the student's map, not its attention."""
    assert predictions.adapted is not None
    assert targets.gaze is not None
    places = predictions.adapted[:, 0]
    shares = places.flatten(1).softmax(1).view_as(places)
    return attention_divergence(shares, targets.gaze)


class Rotation(nn.Module):
    """A student's trunk that tells by how many right angles a view was turned.

    Gidaris, Singh and Komodakis, ICLR 2018 (arXiv:1803.07728).
    """

    def __init__(self, student: Student):
        super().__init__()
        self.student = student
        self.turned = nn.Linear(student.trunk_channels, 4)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (batch, 4) of square views (batch, 1, side, side)."""
        turned: Tensor = self.turned(self.student.trunk(x).mean((2, 3)))
        return turned


def rotation_loss(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return the cross-entropy of telling the turns of the inputs' inner squares, drawn here."""
    side = min(inputs.shape[-2:])
    top, left = ((inputs.shape[axis] - side) // 2 for axis in (-2, -1))
    square = inputs[:, :, top : top + side, left : left + side]
    turns = torch.randint(4, (len(square),))
    turned = torch.stack([
        torch.rot90(view, int(turn), (1, 2)) for view, turn in zip(square, turns, strict=True)
    ])  # fmt: skip
    return functional.cross_entropy(model(turned), turns)

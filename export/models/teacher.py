"""Teachers: EfficientNet-Lite from ImageNet weights, on grey ultrasound frames."""

from functools import partial
from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional

from export.models.efficientnet import HEAD, LITE0, LITE2, STEM, SameConv2d, Variant, blocks, norm
from export.models.gaze_gate import GazeGate, foveate
from export.models.imagenet import MEAN, STD, load_imagenet
from export.recipe.constants import MAP_PROJECTION
from export.recipe.settings import EFFICIENTNET_LITE0, EFFICIENTNET_LITE2
from export.registry import Registry

MIDDLE_STAGE = LITE0.stage_of(MAP_PROJECTION.block)  # students are compared with its output
GATED_STAGES = (2, MIDDLE_STAGE, 6)  # whose outputs gaze modulates
VARIANTS = {EFFICIENTNET_LITE0: LITE0, EFFICIENTNET_LITE2: LITE2}


class Teacher(nn.Module):
    """An EfficientNet-Lite with one grey input and its own normalisation.

    Input: the student's tensor, float32 (batch, 1, height, width), normalised by `mean` and
    `std` of the student's recipe, which are undone here. Output: logits (batch, classes).

    With `gaze_way` other than `none` it takes a gaze map (batch, h, w) beside the frame; without
    one (None, or rows of zeros) it sees the frame alone.
    """

    def __init__(
        self,
        classes: int,
        mean: float,
        std: float,
        dropout: float,
        drop_path: float,
        gaze_way: str = "none",
        variant: Variant = LITE0,
    ):
        super().__init__()
        self.gaze_way = gaze_way
        self.mean, self.std = mean, std
        self.dropout, self.drop_path = dropout, drop_path
        # the ImageNet checkpoint's names; their order is that in which weights are drawn
        self._conv_stem = SameConv2d(3, STEM, 3, 2, bias=False)
        self._bn0 = norm(STEM)
        self._blocks = blocks(variant)
        self._middle = variant.last_block(MIDDLE_STAGE)
        self._conv_head = SameConv2d(variant.channels_after(6), HEAD, 1, bias=False)
        self._bn1 = norm(HEAD)
        self._fc = nn.Linear(HEAD, classes)
        gated = GATED_STAGES if gaze_way == "modulate" else ()
        self.gates = nn.ModuleDict(
            {str(variant.last_block(s)): GazeGate(variant.channels_after(s)) for s in gated}
        )

    def logits_and_map(self, x: Tensor, gaze: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits (batch, classes) and the middle map (batch, channels, h / 16, w / 16)."""
        if self.gaze_way == "foveate":
            x = foveate(x, gaze)
        grey = x * self.std + self.mean
        x = ((grey - MEAN) / STD).expand(-1, 3, -1, -1)
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        middle = x
        # deeper blocks are dropped more often: linear decay (Huang et al. 2016, eq. 4)
        for index, block in enumerate(self._blocks):
            x = block(x, keep=1 - self.drop_path * index / len(self._blocks))
            if str(index) in self.gates:
                x = self.gates[str(index)](x, gaze)
            if index == self._middle:
                middle = x
        pooled = functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
        logits: Tensor = self._fc(functional.dropout(pooled, self.dropout, self.training))
        return logits, middle

    def forward(self, x: Tensor, gaze: Tensor | None = None) -> Tensor:
        """Return logits (batch, classes)."""
        return self.logits_and_map(x, gaze)[0]


class TeacherBuilder(Protocol):
    """Builds a teacher that offers what `Teacher` does, whatever is inside.

    `mean` and `std` are those of the student's recipe; `imagenet` starts from pretrained weights.
    """

    def __call__(
        self, *, classes: int, mean: float, std: float, imagenet: bool, gaze_way: str
    ) -> Teacher:
        """Return it."""


TEACHERS: Registry[TeacherBuilder] = Registry("teacher architecture", "sonogaze.teachers")


def build_efficientnet(
    architecture: str,
    classes: int = 4,
    mean: float = 0.2,
    std: float = 0.2,
    imagenet: bool = False,
    dropout: float = 0.2,
    drop_path: float = 0.1,
    gaze_way: str = "none",
) -> Teacher:
    """Return a teacher, untrained unless `imagenet`; then its body starts from ImageNet.

    Raises:
        ExportError: `weights-hash` or `weights-keys` when the ImageNet file is not the known one.
    """
    variant = VARIANTS[architecture]
    teacher = Teacher(classes, mean, std, dropout, drop_path, gaze_way, variant)
    if imagenet:
        load_imagenet(teacher, architecture)
    return teacher


build_teacher = partial(build_efficientnet, EFFICIENTNET_LITE0)
TEACHERS.register(EFFICIENTNET_LITE0)(build_teacher)
TEACHERS.register(EFFICIENTNET_LITE2)(partial(build_efficientnet, EFFICIENTNET_LITE2))

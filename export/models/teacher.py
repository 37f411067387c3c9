"""Teachers: EfficientNet-Lite0 from ImageNet weights, on grey ultrasound frames."""

from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional

from export.models.efficientnet import HEAD, STEM, SameConv2d, blocks, norm
from export.models.gaze_gate import GazeGate, foveate
from export.models.imagenet import MEAN, STD, load_imagenet
from export.recipe.constants import MAP_PROJECTION
from export.recipe.settings import EFFICIENTNET_LITE0
from export.registry import Registry

# block whose output, 112 channels at a 16th of the size, students are compared with
MIDDLE = MAP_PROJECTION.block
GATED = {4: 40, MIDDLE: 112, 15: 320}  # blocks that gaze modulates, and their channels


class Teacher(nn.Module):
    """EfficientNet-Lite0 with one grey input and its own normalisation.

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
    ):
        super().__init__()
        self.gaze_way = gaze_way
        self.mean, self.std = mean, std
        self.dropout, self.drop_path = dropout, drop_path
        # the ImageNet checkpoint's names; their order is that in which weights are drawn
        self._conv_stem = SameConv2d(3, STEM, 3, 2, bias=False)
        self._bn0 = norm(STEM)
        self._blocks = blocks()
        self._conv_head = SameConv2d(320, HEAD, 1, bias=False)
        self._bn1 = norm(HEAD)
        self._fc = nn.Linear(HEAD, classes)
        gated = GATED if gaze_way == "modulate" else {}
        self.gates = nn.ModuleDict({str(i): GazeGate(channels) for i, channels in gated.items()})

    def logits_and_map(self, x: Tensor, gaze: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits (batch, classes) and the middle map (batch, 112, h / 16, w / 16)."""
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
            if index == MIDDLE:
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


@TEACHERS.register(EFFICIENTNET_LITE0)
def build_teacher(
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
    teacher = Teacher(classes, mean, std, dropout, drop_path, gaze_way)
    if imagenet:
        load_imagenet(teacher)
    return teacher

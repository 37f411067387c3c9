"""Students: a tiny network of depthwise convolutions with attention pooling.

A block is depthwise-separable (MobileNet: Howard et al., 2017, arXiv:1704.04861) or, with an
expansion, an inverted residual (MobileNetV2: Sandler et al., CVPR 2018); the shipped recipes take
the former. Pooling is a learned spatial attention (Ilse et al., ICML 2018, eq. 7, with one linear
score a place) instead of a plain mean, so that the network shows which places counted. The
attention starts uniform: training begins as a mean.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from export.recipe.settings import DEPTHWISE, StageConfig, StudentConfig
from export.registry import Registry


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Module:
    # without bias: batch norm has one, and both fold into one convolution at export
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class StudentBlock(nn.Module):
    """Expand (from expansion 1), depthwise, project; a residual where shapes allow."""

    def __init__(self, inputs: int, stage: StageConfig):
        super().__init__()
        hidden = inputs * max(1, stage.expansion)
        layers: list[nn.Module] = []
        if stage.expansion:
            layers += [_conv(inputs, hidden, 1), nn.ReLU(inplace=True)]
        layers += [
            _conv(hidden, hidden, stage.kernel, stage.stride, groups=hidden),
            nn.ReLU(inplace=True),
            # linear: a ReLU in few channels loses what it cuts (MobileNetV2, section 3.2)
            _conv(hidden, stage.channels, 1),
        ]
        self.layers = nn.Sequential(*layers)
        self.residual = stage.stride == 1 and inputs == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, channels, height / stride, width / stride)."""
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class Student(nn.Module):
    """Tiny classifier: `frame` (batch, 1, height, width) -> `logits`, `attention`."""

    def __init__(self, classes: int, config: StudentConfig):
        super().__init__()
        self.config = config
        self.stem = nn.Sequential(_conv(1, config.stem, 3, 2), nn.ReLU(inplace=True))
        inputs = config.stem
        blocks = []
        for stage in config.stages:
            blocks.append(StudentBlock(inputs, stage))
            inputs = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(_conv(inputs, config.head, 1), nn.ReLU(inplace=True))
        self.score = nn.Conv2d(config.head, 1, 1, bias=False)  # softmax cancels a bias
        self.classifier = nn.Linear(config.head, classes)
        nn.init.zeros_(self.score.weight)  # attention starts uniform

    @property
    def trunk_channels(self) -> int:
        """Channels of the map that `trunk` returns."""
        return self.config.stages[-1].channels

    def trunk(self, x: Tensor) -> Tensor:
        """Return the map (batch, channels, height / 16, width / 16), rounded up, before the head.

        (A 16th for four strides of two; other architectures, other shares.)
        """
        trunk: Tensor = self.blocks(self.stem(x))
        return trunk

    def decide(self, trunk: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (batch, classes) and attention (batch, h, w), which sums to 1."""
        features = self.head(trunk)
        batch, _, height, width = features.shape
        attention = torch.softmax(self.score(features).flatten(2), dim=2)
        pooled = (features.flatten(2) * attention).sum(2)
        return self.classifier(pooled), attention.view(batch, height, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (batch, classes) and attention (batch, h, w)."""
        return self.decide(self.trunk(x))


StudentBuilder = Callable[[int, StudentConfig], Student]
# One that is built otherwise offers what `Student` does, whatever is inside: `trunk`, its
# channels, `decide`. `folded` and quantisation-aware training know the layers of `Student` alone.
STUDENTS: Registry[StudentBuilder] = Registry("student architecture", "sonogaze.students")
STUDENTS.add(DEPTHWISE, Student)


def build_student(classes: int, config: StudentConfig) -> Student:
    """Return an untrained student of the architecture that `config` names.

    Raises:
        ExportError: `registry-name` for an architecture that isn't in `STUDENTS`.
    """
    return STUDENTS[config.architecture](classes, config)


def folded_parameters(student: nn.Module) -> int:
    """Count the parameters that inference needs: each batch norm folds into its convolution."""
    count = 0
    for module in student.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            count += module.weight.numel() + (module.bias.numel() if module.bias is not None else 0)
        elif isinstance(module, nn.BatchNorm2d):
            count += module.num_features
    return count


@torch.no_grad()
def student_logits(student: Student, inputs: np.ndarray) -> np.ndarray:
    """Return the student's logits (N, classes) of inputs (N, 1, height, width), in PyTorch."""
    return np.asarray(student(torch.from_numpy(inputs))[0].numpy())

"""Students: a tiny network with attention pooling, of depthwise or of dense convolutions.

`depthwise`: a block is depthwise-separable (MobileNet: Howard et al., 2017, arXiv:1704.04861) or,
with an expansion, an inverted residual (MobileNetV2: Sandler et al., CVPR 2018). `dense`: whole
convolutions behind a stem that reads patches, which a CPU with 8-bit dot products computes faster
though it is more arithmetic.

Pooling is a learned spatial attention (Ilse et al., ICML 2018, eq. 7, with one linear score a
place) instead of a plain mean, so that the network shows which places counted. The attention starts
uniform: training begins as a mean.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from export.models.reparameterised import Branches, convolution
from export.recipe.settings import DENSE, DEPTHWISE, StageConfig, StudentConfig
from export.registry import Registry


class StudentBlock(nn.Module):
    """Expand (from expansion 1), depthwise, project; a residual where shapes allow."""

    def __init__(self, inputs: int, stage: StageConfig):
        super().__init__()
        hidden = inputs * max(1, stage.expansion)
        layers: list[nn.Module] = []
        if stage.expansion:
            layers += [convolution(inputs, hidden, 1), nn.ReLU(inplace=True)]
        layers += [
            convolution(hidden, hidden, stage.kernel, stage.stride, groups=hidden),
            nn.ReLU(inplace=True),
            # linear: a ReLU in few channels loses what it cuts (MobileNetV2, section 3.2)
            convolution(hidden, stage.channels, 1),
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
        self.stem = nn.Sequential(self._stem(), nn.ReLU(inplace=True))
        inputs = config.stem
        blocks = []
        for stage in config.stages:
            blocks.append(self._block(inputs, stage))
            inputs = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(convolution(inputs, config.head, 1), nn.ReLU(inplace=True))
        self.score = nn.Conv2d(config.head, 1, 1, bias=False)  # softmax cancels a bias
        self.classifier = nn.Linear(config.head, classes)
        nn.init.zeros_(self.score.weight)  # attention starts uniform

    def _stem(self) -> nn.Module:
        return convolution(1, self.config.stem, 3, 2)

    def _block(self, inputs: int, stage: StageConfig) -> nn.Module:
        return StudentBlock(inputs, stage)

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


class DenseStudent(Student):
    """Patches, then dense convolutions with a ReLU each; wide in training where so configured."""

    def _stem(self) -> nn.Module:
        patch = self.config.patch
        return convolution(1, self.config.stem, patch, patch, padding=0)

    def _block(self, inputs: int, stage: StageConfig) -> nn.Module:
        shape = (inputs, stage.channels, stage.kernel, stage.stride)
        branches = self.config.branches
        made = Branches(*shape, branches) if branches else convolution(*shape)
        return nn.Sequential(made, nn.ReLU(inplace=True))


StudentBuilder = Callable[[int, StudentConfig], Student]
# One that is built otherwise offers what `Student` does, whatever is inside: `trunk`, its
# channels, `decide`. `folded` and quantisation-aware training know the layers of `Student` alone.
STUDENTS: Registry[StudentBuilder] = Registry("student architecture", "sonogaze.students")
STUDENTS.add(DEPTHWISE, Student)
STUDENTS.add(DENSE, DenseStudent)


def build_student(classes: int, config: StudentConfig) -> Student:
    """Return an untrained student of the architecture that `config` names.

    Raises:
        ExportError: `registry-name` for an architecture that isn't in `STUDENTS`.
    """
    return STUDENTS[config.architecture](classes, config)


def folded_parameters(student: nn.Module) -> int:
    """Count the parameters that inference needs: each batch norm folds into its convolution."""
    wide = [module for module in student.modules() if isinstance(module, Branches)]
    count = sum(branches.merged_parameters for branches in wide)
    for module in set(student.modules()) - {
        part for branches in wide for part in branches.modules()
    }:
        if isinstance(module, nn.Conv2d | nn.Linear):
            count += module.weight.numel() + (module.bias.numel() if module.bias is not None else 0)
        elif isinstance(module, nn.BatchNorm2d):
            count += module.num_features
    return count


@torch.no_grad()
def student_logits(student: Student, inputs: np.ndarray) -> np.ndarray:
    """Return the student's logits (N, classes) of inputs (N, 1, height, width), in PyTorch."""
    return np.asarray(student(torch.from_numpy(inputs))[0].numpy())

"""EfficientNet-Lite's layers, named as their ImageNet checkpoints name them.

Tan and Le, ICML 2019 (arXiv:1905.11946), in their Lite variants: no squeeze-and-excitation, ReLU6,
fixed stem and head.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

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
STEM, HEAD = 32, 1280  # channels


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
            # even pads need no padded copy of the input
            padding = (pads[2], pads[0])
            return functional.conv2d(
                x, self.weight, self.bias, self.stride, padding, groups=self.groups
            )
        return super().forward(functional.pad(x, pads))


def norm(channels: int) -> nn.BatchNorm2d:
    """Return a batch norm with the constants that the ImageNet weights were trained with."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Block(nn.Module):
    """Inverted residual block (MobileNetV2: Sandler et al., CVPR 2018)."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int):
        super().__init__()
        hidden = inputs * expansion
        self.expands = expansion != 1
        self.residual = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = SameConv2d(inputs, hidden, 1, bias=False)
            self._bn0 = norm(hidden)
        self._depthwise_conv = SameConv2d(hidden, hidden, kernel, stride, groups=hidden, bias=False)
        self._bn1 = norm(hidden)
        self._project_conv = SameConv2d(hidden, outputs, 1, bias=False)
        self._bn2 = norm(outputs)

    def forward(self, x: Tensor, keep: float = 1.0) -> Tensor:
        """Return the block's output; in training its branch survives with probability `keep`."""
        y: Tensor = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        if not self.residual:
            return y
        if self.training and keep < 1.0:  # stochastic depth, Huang et al. 2016, eq. 2
            mask = torch.rand(len(y), 1, 1, 1, device=y.device) < keep
            y = y * mask / keep
        return x + y


@dataclass(frozen=True)
class Variant:
    """One of the family: the table above, its channels times `width`, its repeats times `depth`."""

    width: float
    depth: float

    def stages(self) -> list[tuple[int, int, int, int, int]]:
        """Return the scaled table; the first and the last stage keep their single block."""
        last = len(STAGES) - 1
        return [
            (expansion, self._channels(channels), kernel, stride, repeats)
            if number in (0, last)
            else (expansion, self._channels(channels), kernel, stride, self._repeats(repeats))
            for number, (expansion, channels, kernel, stride, repeats) in enumerate(STAGES)
        ]

    def last_block(self, stage: int) -> int:
        """Return the number, from 0, of a stage's last block."""
        return sum(repeats for *_, repeats in self.stages()[: stage + 1]) - 1

    def stage_of(self, block: int) -> int:
        """Return the stage that a block, from 0, is in."""
        return next(stage for stage in range(len(STAGES)) if block <= self.last_block(stage))

    def channels_after(self, stage: int) -> int:
        """Return the channels of a stage's output."""
        return self.stages()[stage][1]

    def _channels(self, channels: int) -> int:
        # to the nearest multiple of 8 that isn't more than a tenth below (the authors' code)
        scaled = channels * self.width
        rounded = max(8, int(scaled + 4) // 8 * 8)
        return rounded + 8 if rounded < 0.9 * scaled else rounded

    def _repeats(self, repeats: int) -> int:
        return math.ceil(repeats * self.depth)


LITE0, LITE2 = Variant(1.0, 1.0), Variant(1.1, 1.2)


def blocks(variant: Variant) -> nn.ModuleList:
    """Return the network's blocks, from the stem's channels to the head's input."""
    made, inputs = [], STEM
    for expansion, outputs, kernel, stride, repeats in variant.stages():
        for repeat in range(repeats):
            made.append(Block(inputs, outputs, expansion, kernel, stride if repeat == 0 else 1))
            inputs = outputs
    return nn.ModuleList(made)

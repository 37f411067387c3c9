"""Convolutions that train as several parallel branches and run as one.

RepVGG (Ding et al., CVPR 2021, arXiv:2101.03697, section 3.3) adds a 1x1 convolution and the input
itself to a convolution, each behind its own batch norm; MobileOne (Vasu et al., CVPR 2023,
arXiv:2206.04040, section 3.2) repeats the convolution. All are linear, so that they fold into one
kernel.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, padding: int = -1
) -> nn.Sequential:
    """Return a convolution and its batch norm; padded to keep the size, unless `padding` is set."""
    # without bias: batch norm has one, and both fold into one convolution at export
    sides = kernel // 2 if padding < 0 else padding
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, sides, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Branches(nn.Module):
    """A convolution of odd kernel as `count` parallel ones, a 1x1 one, and the input where it fits.

    Args:
        inputs, outputs: channels.
        kernel: side, odd.
        stride: of all branches.
        count: of branches with the whole kernel, at least 1.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, count: int):
        super().__init__()
        sides = [kernel] * count + ([1] if kernel > 1 else [])
        self.kernel = kernel
        self.convolutions = nn.ModuleList(
            convolution(inputs, outputs, side, stride) for side in sides
        )
        keeps_shape = stride == 1 and inputs == outputs
        self.skip = nn.BatchNorm2d(inputs) if keeps_shape else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the branches' sum (batch, outputs, height / stride, width / stride)."""
        y: Tensor = self.convolutions[0](x)
        for branch in self.convolutions[1:]:
            y = y + branch(x)
        return y if self.skip is None else y + self.skip(x)

    @property
    def merged_parameters(self) -> int:
        """Weights and biases of `merged`."""
        whole = self._pairs()[0][0]
        return whole.weight.numel() + whole.out_channels

    @torch.no_grad()
    def merged(self) -> nn.Conv2d:
        """Return the one convolution that computes the same, batch norms folded; in eval mode."""
        parts = [fuse_conv_bn_eval(conv, norm) for conv, norm in self._pairs()]
        if self.skip is not None:
            parts.append(self._skip_as_convolution(self.skip))
        whole = parts[0]
        pads = [(self.kernel - part.kernel_size[0]) // 2 for part in parts]
        kernels = [functional.pad(p.weight, [n] * 4) for p, n in zip(parts, pads, strict=True)]
        biases = [part.bias for part in parts if part.bias is not None]
        whole.weight.copy_(torch.stack(kernels).sum(0))
        whole.bias = nn.Parameter(torch.stack(biases).sum(0))
        return whole

    def _pairs(self) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
        return [
            (m, n)
            for m, n in (branch.children() for branch in self.convolutions)
            if isinstance(m, nn.Conv2d) and isinstance(n, nn.BatchNorm2d)
        ]

    def _skip_as_convolution(self, norm: nn.BatchNorm2d) -> nn.Conv2d:
        channels = norm.num_features
        identity = nn.Conv2d(channels, channels, 1, bias=False).eval()
        identity.weight.copy_(torch.eye(channels).view(channels, channels, 1, 1))
        return fuse_conv_bn_eval(identity, norm)

"""How a network takes gaze: by modulating its feature maps, or by a foveated view.

A gaze map is (batch, h, w), not negative; a row of zeros is a frame that nobody looked at, and
leaves the network as it is without gaze.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def relative_gaze(gaze: Tensor, height: int, width: int) -> Tensor:
    """Return gaze (batch, h, w) on another grid, (batch, 1, height, width), each peak at 1."""
    resized = functional.interpolate(
        gaze.unsqueeze(1), (height, width), mode="bilinear", antialias=True
    )
    return resized / resized.amax((2, 3), keepdim=True).clamp_min(1e-8)


class GazeGate(nn.Module):
    """Feature-wise modulation that varies over places: y = x (1 + a g) + b g.

    After FiLM (Perez et al., AAAI 2018, eq. 1), with the gaze map g, less its mean, in the place
    of the conditioning network; a and b, one a channel, start at 0: training begins as the network
    without gaze.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(channels, 1, 1))
        self.shift = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor, gaze: Tensor | None) -> Tensor:
        """Return x (batch, channels, h, w) modulated by gaze (batch, any, any), or x itself."""
        if gaze is None:
            return x
        shape = relative_gaze(gaze, *x.shape[-2:])
        # less its mean: a gate moves weight between places, it does not raise a whole channel
        shape = shape - shape.mean((2, 3), keepdim=True)
        return x + x * (self.scale * shape) + self.shift * shape


def foveate(x: Tensor, gaze: Tensor | None, blur: int = 9) -> Tensor:
    """Return frames (batch, 1, h, w) sharp where gaze went and blurred elsewhere.

    `blur` is the side of the box filter, pixels, applied twice. Frames without gaze stay sharp.
    """
    if gaze is None:
        return x
    soft = x
    for _ in range(2):  # a box twice is a triangle: smooth enough, and cheap
        soft = functional.avg_pool2d(soft, blur, 1, blur // 2, count_include_pad=False)
    # the root widens what is sharp beyond the peak itself
    sharp = relative_gaze(gaze, *x.shape[-2:]).sqrt()
    has_gaze = (gaze.flatten(1).sum(1) > 0).view(-1, 1, 1, 1)
    return torch.where(has_gaze, soft + sharp * (x - soft), x)

"""A student that computes in PyTorch what its int8 file will compute: fake quantisation.

Jacob et al., CVPR 2018 (arXiv:1712.05877), section 3: weights and activations are rounded to
their 8-bit grid in the forward pass, gradients pass the rounding straight through. Rounding
stands exactly where onnxruntime's static QDQ quantisation (export/packaging/quantize.py) puts it:

- weights of every convolution and of the classifier: signed, one scale a channel, zero at 0;
- activations, unsigned, one range a tensor: the frame, each convolution's output (after its ReLU,
  where it has one), each residual sum, the pooled features and the logits.

Layers that stay fp32 are left alone, and so is what only they read and write.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.func import functional_call

from export.errors import ExportError
from export.models.student import Student, build_student
from export.packaging.convert import folded, to_onnx
from export.packaging.quantize import Scheme, is_inside, quantize
from export.packaging.rounding_sites import feeding_sites, rounded_sites, tensor_names

LEVELS = 255
WEIGHT_LEVELS = 127  # on each side of 0
MOMENTUM = 0.01  # of a range's moving average over batches


class Range(nn.Module):
    """Rounds a tensor to 8 bits of the range it has seen, which follows in training."""

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))
        self.momentum = MOMENTUM

    @torch.no_grad()
    def _follow(self, x: Tensor) -> None:
        low, high = torch.aminmax(x)
        self.low.lerp_(low.clamp_max(0), self.momentum)
        self.high.lerp_(high.clamp_min(0), self.momentum)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` rounded to 256 levels from `low` to `high`."""
        if self.training:
            self._follow(x)
        exact = self._exact_scale()
        zero = torch.round(-self.low / exact).to(torch.int32)
        rounded: Tensor = torch.fake_quantize_per_tensor_affine(x, exact.float(), zero, 0, LEVELS)
        return rounded

    def scale(self) -> Tensor:
        """Return the distance of two levels, float32."""
        return self._exact_scale().float()

    def _exact_scale(self) -> Tensor:
        return (self.high.double() - self.low.double()).clamp_min(1e-30) / LEVELS

    def before(self, _module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Round a module's input; a forward pre-hook."""
        return (self(inputs[0]), *inputs[1:])

    def after(self, _module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        """Round a module's output; a forward hook."""
        rounded: Tensor = self(output)
        return rounded


def weight_scale(weights: Tensor) -> Tensor:
    """Return the distance of two levels of each channel of weights (channels, ...), float32."""
    scale = (weights.detach().flatten(1).abs().amax(1).double() / WEIGHT_LEVELS).float()
    return torch.where(scale < torch.finfo(torch.float32).tiny, torch.ones_like(scale), scale)


def rounded_weights(weights: Tensor) -> Tensor:
    """Return weights (channels, ...) rounded to 8 bits a channel; gradients pass unchanged.

    The very arithmetic of onnxruntime's quantiser: a channel's largest weight lies on the edge
    between two levels, so that another order of operations would round it elsewhere.
    """
    plain = weights.detach()
    scale = weight_scale(plain).view(-1, *[1] * (plain.ndim - 1))
    levels = torch.clamp(torch.round(plain / scale), -WEIGHT_LEVELS, WEIGHT_LEVELS)
    return weights + (levels * scale - plain)


def rounded_bias(bias: Tensor, scale: Tensor) -> Tensor:
    """Return a bias (channels,) rounded to multiples of `scale`, as int32 holds it."""
    plain = bias.detach()
    return bias + (torch.round(plain / scale) * scale - plain)


class QuantisedStudent(nn.Module):
    """A student, batch norms folded, that rounds as its int8 file will.

    Args:
        student: trained; a copy is taken.
        wrap: puts the copy into the module that a loss takes, such as one with adapters.
        float_layers: what stays fp32, by paths in the student.
    """

    def __init__(
        self,
        student: Student,
        wrap: Callable[[Student], nn.Module] = lambda s: s,
        float_layers: tuple[str, ...] = (),
    ):
        super().__init__()
        rounded = folded(student)
        self.inner = wrap(rounded)
        self._student = (rounded,)  # in a tuple: its weights are registered in `inner`
        self._float_layers = float_layers
        paths = {module: path for path, module in rounded.named_modules()}
        self._feeding = {
            module: site
            for module, site in feeding_sites(rounded).items()
            if not is_inside(paths[module], float_layers)
        }
        self.ranges = nn.ModuleDict()
        for site, (module, is_input) in rounded_sites(rounded, float_layers).items():
            rounding = self.ranges[site.replace(".", "/")] = Range()
            if is_input:
                module.register_forward_pre_hook(rounding.before)
            else:
                module.register_forward_hook(rounding.after)

    @property
    def student(self) -> Student:
        """The student inside; its weights are not rounded."""
        return self._student[0]

    def forward(self, *inputs: Tensor) -> Any:
        """Return what the wrapped student returns."""
        rounded = {}
        for name, module in self.inner.named_modules():
            feeding = self._feeding.get(module)
            if feeding is not None:
                rounded[f"{name}.weight"] = rounded_weights(module.weight)
            if feeding is not None and module.bias is not None:
                scale = self._range(feeding).scale() * weight_scale(module.weight)
                rounded[f"{name}.bias"] = rounded_bias(module.bias, scale)
        return functional_call(self.inner, rounded, inputs)

    def _range(self, site: str) -> Range:
        rounding = self.ranges[site.replace(".", "/")]
        assert isinstance(rounding, Range)
        return rounding

    def _rounding(self) -> dict[str, Range]:
        """Return what rounds at each site; a module can't be named with a dot."""
        names = [name.replace("/", ".") for name in self.ranges]
        return {name: self._range(name) for name in names}

    def limits(self) -> dict[str, tuple[float, float]]:
        """Return (low, high) of each site's range."""
        return {site: (float(r.low), float(r.high)) for site, r in self._rounding().items()}

    @torch.no_grad()
    def calibrate(self, frames: np.ndarray, batch: int = 64) -> None:
        """Set every range to the least and greatest value on `frames` (N, 1, height, width)."""
        self._momentum(1.0)  # ranges are those of the latest batch
        seen = []
        self.train()
        for start in range(0, len(frames), batch):
            self(torch.from_numpy(frames[start : start + batch]))
            seen.append(self.limits())
        self._momentum(MOMENTUM)
        for site, (low, high) in seen[0].items():
            rounding = self._range(site)
            rounding.low.fill_(min([low, *(batch[site][0] for batch in seen)]))
            rounding.high.fill_(max([high, *(batch[site][1] for batch in seen)]))

    def _momentum(self, momentum: float) -> None:
        for rounding in self._rounding().values():
            rounding.momentum = momentum

    def to_onnx(self, height: int, width: int) -> onnx.ModelProto:
        """Return the student as static QDQ int8, with the ranges learned here.

        Raises:
            ExportError: `export-mismatch` when the exported graph rounds elsewhere.
        """
        bare = folded(build_student(self.student.classifier.out_features, self.student.config))
        bare.load_state_dict(self.student.state_dict())
        model, limits = to_onnx(bare, height, width), self.limits()
        tensors = tensor_names(model, self._float_layers)
        if set(tensors) != set(limits):
            odd = sorted(set(tensors) ^ set(limits))
            raise ExportError("export-mismatch", f"graph and student round at other places: {odd}")
        ranges = {tensors[site]: limit for site, limit in limits.items()}
        # one frame: every range is given, but onnxruntime wants to see the graph run
        frame = np.zeros((1, 1, height, width), np.float32)
        return quantize(model, frame, Scheme(float_layers=self._float_layers), ranges)

"""The student in PyTorch with the architecture and the weights of its own .onnx file.

Batch norms were folded into their convolutions at export; here each becomes the identity plus the
convolution's bias, so the twin computes the same logits and attention from the same artefact. Other
outputs, as a novelty, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from export.recipe.settings import StudentConfig


@dataclass(frozen=True)
class Convolution:
    """One convolution of the file, `weight` (outputs, inputs / groups, kernel, kernel)."""

    weight: np.ndarray
    bias: np.ndarray
    stride: int

    @property
    def depthwise(self) -> bool:
        """Return whether each channel has its own kernel."""
        outputs, inputs = self.weight.shape[:2]
        return bool(inputs == 1 and outputs > 1) and not self.pointwise

    @property
    def pointwise(self) -> bool:
        """Return whether the kernel is one pixel."""
        return bool(self.weight.shape[2] == 1)


@dataclass(frozen=True)
class Layers:
    """The convolutions in order, and the classifier (labels, features) with its bias."""

    convolutions: list[Convolution]
    weight: np.ndarray
    bias: np.ndarray


def twin_of(path: str) -> Any:
    """Return `export.models.student.Student` carrying the weights of an fp32 .onnx file.

    Raises:
        ValueError: the file's layers are not those of a student of this project.
    """
    import torch

    from export.models.student import build_student

    layers = read_layers(Path(path))
    student = build_student(len(layers.weight), architecture(layers.convolutions))
    with torch.no_grad():
        _fill(student, layers.convolutions)
        student.classifier.weight.copy_(torch.from_numpy(layers.weight))
        student.classifier.bias.copy_(torch.from_numpy(layers.bias))
    return student.eval()


def read_layers(path: Path) -> Layers:
    """Return the layers with weights of an ONNX file, in the order in which they run.

    Raises:
        ValueError: its first output comes from no classifier (Gemm).
    """
    import onnx
    from onnx import numpy_helper

    from export.packaging.graph_places import without_novelty

    graph = without_novelty(onnx.load(path)).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    convolutions = []
    classifier = None
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Conv":
            weight = values[node.input[1]].copy()
            bias = _bias(values, node, len(weight))
            convolutions.append(Convolution(weight, bias, attributes.get("strides", [1])[0]))
        elif node.op_type == "Gemm" and node.output[0] == graph.output[0].name:
            weight = values[node.input[1]]
            rows = weight.copy() if attributes.get("transB") else weight.T.copy()
            classifier = rows, _bias(values, node, len(rows))
    if classifier is None:
        raise ValueError(f"{path}: no Gemm gives its first output; not a student of this project")
    return Layers(convolutions, *classifier)


def _bias(values: dict[str, np.ndarray], node: Any, size: int) -> np.ndarray:
    return values[node.input[2]].copy() if len(node.input) > 2 else np.zeros(size, np.float32)


def architecture(convolutions: list[Convolution]) -> StudentConfig:
    """Return the architecture whose layers these are; branches have folded into one kernel.

    Raises:
        ValueError: the convolutions are not stem, blocks, head and score.
    """
    from msgspec import convert

    from export.recipe.settings import DENSE, StudentConfig

    if len(convolutions) < 3 or not (convolutions[-1].pointwise and convolutions[-2].pointwise):
        raise ValueError(
            f"{len(convolutions)} convolutions in the file, not a student of this project"
        )
    stem, *body, head, _score = convolutions
    plain = {"stem": len(stem.weight), "head": len(head.weight)}
    patch = stem.weight.shape[-1]
    if patch == stem.stride:  # its patches don't overlap: a dense student
        rows = [[0, len(c.weight), c.weight.shape[-1], c.stride] for c in body]
        return convert(
            {**plain, "stages": rows, "architecture": DENSE, "patch": patch}, StudentConfig
        )
    return convert({**plain, "stages": _depthwise_rows(body, len(stem.weight))}, StudentConfig)


def _depthwise_rows(body: list[Convolution], inputs: int) -> list[list[int]]:
    """Return rows `[expansion, channels, kernel, stride]` of depthwise blocks."""
    rows = []
    while body:
        expand = None if body[0].depthwise else body.pop(0)
        if len(body) < 2 or not body[0].depthwise or not body[1].pointwise:
            raise ValueError("a block in the file is not expand, depthwise, project")
        depthwise, project = body.pop(0), body.pop(0)
        expansion = 0 if expand is None else len(expand.weight) // inputs
        kernel = depthwise.weight.shape[-1]
        rows.append([expansion, len(project.weight), kernel, depthwise.stride])
        inputs = len(project.weight)
    return rows


def _fill(student: Any, convolutions: list[Convolution]) -> None:
    import torch
    from torch import nn

    remaining = iter(convolutions)
    bias = torch.empty(0)
    for module in student.modules():
        if isinstance(module, nn.BatchNorm2d):
            variance = module.running_var
            if variance is None:
                raise ValueError("a batch norm of the student keeps no running variance")
            module.weight.copy_(torch.sqrt(variance + module.eps))
            module.bias.copy_(bias)
        elif isinstance(module, nn.Conv2d):
            convolution = next(remaining)
            module.weight.copy_(torch.from_numpy(convolution.weight))
            bias = torch.from_numpy(convolution.bias)
            if module.bias is not None:
                module.bias.copy_(bias)

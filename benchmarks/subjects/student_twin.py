"""The student in PyTorch with the weights of its own .onnx file.

Batch norms were folded into their convolutions at export; here each becomes the identity plus the
convolution's bias, so the twin computes the same function from the same artefact.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

#: Weight and bias.
Layer = tuple[np.ndarray, np.ndarray]


def twin_of(path: str) -> Any:
    """Return `export.models.student.Student` carrying the weights of an fp32 .onnx file.

    Raises:
        ValueError: the file's layers are not those of the default architecture.
    """
    import torch

    from export.models.student import Student

    convolutions, linear = _weights(Path(path))
    student = Student(classes=len(linear[0]))
    with torch.no_grad():
        _fill_convolutions(student, convolutions)
        student.classifier.weight.copy_(torch.from_numpy(linear[0]))
        student.classifier.bias.copy_(torch.from_numpy(linear[1]))
    return student.eval()


def _weights(path: Path) -> tuple[list[Layer], Layer]:
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    convolutions, linear = [], None
    for node in graph.node:
        if node.op_type not in {"Conv", "Gemm"}:
            continue
        weight = values[node.input[1]]
        rows = len(weight) if node.op_type == "Conv" else weight.shape[0]
        bias = values[node.input[2]] if len(node.input) > 2 else np.zeros(rows, np.float32)
        if node.op_type == "Conv":
            convolutions.append((weight.copy(), bias.copy()))
        else:
            flipped = any(a.name == "transB" and a.i for a in node.attribute)
            linear = (weight.copy() if flipped else weight.T.copy(), bias.copy())
    if linear is None:
        raise ValueError(f"{path}: no Gemm; not the default student's architecture")
    return convolutions, linear


def _fill_convolutions(student: Any, weights: list[Layer]) -> None:
    import torch
    from torch import nn

    modules = [m for m in student.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
    count = sum(isinstance(m, nn.Conv2d) for m in modules)
    if count != len(weights):
        raise ValueError(f"{len(weights)} convolutions in the file, {count} in the architecture")
    remaining = iter(weights)
    bias = torch.empty(0)
    for module in modules:
        if isinstance(module, nn.BatchNorm2d):
            module.weight.copy_(torch.sqrt(module.running_var + module.eps))
            module.bias.copy_(bias)
            continue
        weight, array = next(remaining)
        if tuple(weight.shape) != tuple(module.weight.shape):
            raise ValueError(f"convolution {weight.shape} in the file, {module.weight.shape} here")
        module.weight.copy_(torch.from_numpy(weight))
        bias = torch.from_numpy(array)
        if module.bias is not None:
            module.bias.copy_(bias)

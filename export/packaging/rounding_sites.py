"""Where a student rounds its activations, in PyTorch and in its ONNX graph, by the same names.

The places are those where onnxruntime's static QDQ quantisation puts them.
"""

from itertools import pairwise

import onnx
from torch import nn

from export.models.student import Student, StudentBlock
from export.packaging.convert import INPUT


def sites(student: Student) -> dict[str, tuple[nn.Module, bool]]:
    """Return where activations are rounded: name -> module, and whether at its input.

    A convolution's path names its output; with `+` behind it, the sum of it and the residual.
    """
    places: dict[str, tuple[nn.Module, bool]] = {
        "frame": (student.stem, True),
        "pooled": (student.classifier, True),
        "classifier": (student.classifier, False),
    }
    paths = {m: path for path, m in student.named_modules() if isinstance(m, nn.Conv2d)}
    places |= {path: (conv, False) for conv, path in paths.items()}
    for parent in student.modules():
        if isinstance(parent, nn.Sequential):
            for child, following in pairwise(parent):
                if isinstance(following, nn.ReLU):
                    places[paths[_last_convolution(child)]] = (following, False)
        elif isinstance(parent, StudentBlock) and parent.residual:
            places[paths[_last_convolution(parent)] + "+"] = (parent, False)
    return places


def feeding_sites(student: Student) -> dict[nn.Module, str]:
    """Return, for each layer with weights, the site that its input was rounded at."""
    feeding: dict[nn.Module, str] = {student.classifier: "pooled"}
    known, previous = sites(student), "frame"
    for path, module in student.named_modules():  # in the order of computation
        if isinstance(module, nn.Conv2d):
            feeding[module] = previous
            previous = f"{path}+" if f"{path}+" in known else path
    return feeding


def _last_convolution(module: nn.Module) -> nn.Conv2d:
    return [m for m in module.modules() if isinstance(m, nn.Conv2d)][-1]


def tensor_names(model: onnx.ModelProto) -> dict[str, str]:
    """Return the tensor of each site in a student's fp32 graph (`to_onnx` names its weights)."""
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    tensors = {"frame": INPUT}
    for node in model.graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        site, output = node.input[1].removesuffix(".weight"), node.output[0]
        if node.op_type == "Gemm":
            tensors["pooled"] = node.input[0]
        following = users.get(output, [])
        if [n.op_type for n in following] == ["Relu"]:
            output = following[0].output[0]
        tensors[site] = output
        for added in following:
            if added.op_type == "Add" and added.input[1] == node.output[0]:
                tensors[f"{site}+"] = added.output[0]
    return tensors

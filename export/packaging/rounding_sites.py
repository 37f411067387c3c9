"""Where a student rounds its activations, in PyTorch and in its ONNX graph, by the same names.

The places are those where onnxruntime's static QDQ quantisation puts them.
"""

from collections.abc import Collection
from itertools import pairwise

import onnx
from torch import nn

from export.models.student import Student, StudentBlock
from export.packaging.convert import INPUT
from export.packaging.quantize import is_inside


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


def rounded_sites(
    student: Student, float_layers: Collection[str]
) -> dict[str, tuple[nn.Module, bool]]:
    """Return `sites` less those that only layers in fp32 write and read."""
    paths = {module: path for path, module in student.named_modules()}
    feeding = {paths[module]: site for module, site in feeding_sites(student).items()}
    kept: set[str] = set()
    for path, site in feeding.items():
        if not is_inside(path, float_layers):
            kept |= {site, path}
    for module in student.modules():
        if isinstance(module, StudentBlock) and module.residual:  # sums are of 8 bits in any case
            convolutions = [paths[m] for m in module.modules() if isinstance(m, nn.Conv2d)]
            kept |= {feeding[convolutions[0]], convolutions[-1], f"{convolutions[-1]}+"}
    return {site: place for site, place in sites(student).items() if site in kept}


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


def tensor_names(model: onnx.ModelProto, float_layers: Collection[str] = ()) -> dict[str, str]:
    """Return the tensor of each site in a student's fp32 graph (`to_onnx` names its weights).

    Less those that onnxruntime doesn't round where these layers stay fp32.
    """
    touched = {
        name
        for node in model.graph.node
        if node.op_type in ("Add", "Conv", "Gemm")
        and not any(is_inside(n.removesuffix(".weight"), float_layers) for n in node.input[1:2])
        for name in (node.input[0], node.input[1], _rounded_output(model, node))
    }
    return {site: name for site, name in _all_tensors(model).items() if name in touched}


def _rounded_output(model: onnx.ModelProto, node: onnx.NodeProto) -> str:
    """Return a node's output, or its ReLU's where nothing else reads it."""
    users = [other for other in model.graph.node if node.output[0] in other.input]
    only_relu = [other.op_type for other in users] == ["Relu"]
    return str(users[0].output[0] if only_relu else node.output[0])


def _all_tensors(model: onnx.ModelProto) -> dict[str, str]:
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    tensors = {"frame": INPUT}
    for node in model.graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        site = node.input[1].removesuffix(".weight")
        if node.op_type == "Gemm":
            tensors["pooled"] = node.input[0]
        tensors[site] = _rounded_output(model, node)
        for added in users.get(node.output[0], []):
            if added.op_type == "Add" and added.input[1] == node.output[0]:
                tensors[f"{site}+"] = added.output[0]
    return tensors

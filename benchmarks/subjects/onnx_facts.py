"""Size and work of an ONNX model, counted in its graph."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

from benchmarks.machine.software import sha256

_FLOATS = {1, 10, 11, 16}  # FLOAT, FLOAT16, DOUBLE, BFLOAT16 of onnx.TensorProto
_QUANTISE = {"QuantizeLinear", "DequantizeLinear"}


@dataclass(frozen=True)
class ModelFacts:
    """What a model file comes to.

    Attributes:
        file_bytes: length of the file.
        sha256: of the file, hexadecimal.
        parameters: elements of weight initialisers; scales, zero points and shapes not counted.
        macs: multiply-accumulates of convolutions and matrix products for one frame.
        activations: elements that those operators put out for one frame (as fvcore counts).
    """

    file_bytes: int
    sha256: str
    parameters: int
    macs: int
    activations: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready data."""
        return asdict(self)


def model_facts(path: str | Path) -> ModelFacts:
    """Return the facts of an ONNX file; a dynamic batch counts as one frame."""
    import onnx

    path = Path(path)
    model = onnx.load(path)
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if dims and not dims[0].HasField("dim_value"):
            dims[0].dim_value = 1
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = _shapes(graph)
    work = [_work(node, shapes) for node in graph.node]
    return ModelFacts(
        path.stat().st_size,
        sha256(path),
        _parameters(graph),
        sum(macs for macs, _ in work),
        sum(activations for _, activations in work),
    )


def _shapes(graph: Any) -> dict[str, tuple[int, ...]]:
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        shape = value.type.tensor_type.shape
        shapes[value.name] = tuple(dim.dim_value for dim in shape.dim)
    return shapes


def _parameters(graph: Any) -> int:
    scales = {name for node in graph.node if node.op_type in _QUANTISE for name in node.input[1:]}
    weights = {n.input[0] for n in graph.node if n.op_type == "DequantizeLinear"}
    return sum(
        prod(tensor.dims)
        for tensor in graph.initializer
        if tensor.dims
        and tensor.name not in scales
        and (tensor.data_type in _FLOATS or tensor.name in weights)
    )


def _work(node: Any, shapes: dict[str, tuple[int, ...]]) -> tuple[int, int]:
    if node.op_type not in {"Conv", "Gemm", "MatMul"}:
        return 0, 0
    out = prod(shapes.get(node.output[0], (0,)))
    weight = shapes.get(node.input[1], ())
    if node.op_type == "Conv":
        return out * prod(weight[1:]), out
    inner = shapes.get(node.input[0], (0,))
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    return out * (inner[0] if transposed else inner[-1]), out

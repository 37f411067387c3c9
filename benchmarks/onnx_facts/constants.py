"""The constants of a graph and its sub-graphs, wherever a file may keep them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

#: Element types of `onnx.TensorProto` as they are called here.
FLOATS = {
    1: "fp32",
    10: "fp16",
    11: "fp64",
    16: "bf16",
    **dict.fromkeys((17, 18, 19, 20), "fp8"),
    23: "fp4",
}
#: Small integers: as weights they are quantised numbers, hardly ever indices.
SMALL_INTEGERS = {
    **dict.fromkeys((2, 3), "int8"),
    **dict.fromkeys((4, 5), "int16"),
    **dict.fromkeys((21, 22), "int4"),
    **dict.fromkeys((25, 26), "int2"),
}


@dataclass(frozen=True)
class Constant:
    """A constant tensor: its dimensions and its `onnx.TensorProto` element type."""

    dims: tuple[int, ...]
    kind: int

    @property
    def elements(self) -> int:
        """Return the number of elements; of a sparse tensor, all, as onnxruntime unpacks it."""
        return prod(self.dims)


def initializers(graph: Any) -> Iterator[tuple[str, Constant]]:
    """Yield name and constant of each initializer, dense or sparse, external or not."""
    for tensor in graph.initializer:
        yield tensor.name, Constant(tuple(tensor.dims), tensor.data_type)
    for tensor in graph.sparse_initializer:
        yield tensor.values.name, Constant(tuple(tensor.dims), tensor.values.data_type)


def constant_of(node: Any) -> Constant | None:
    """Return the constant of a `Constant` node; None for one whose value stands elsewhere."""
    for attribute in node.attribute:
        if attribute.name == "value":
            return Constant(tuple(attribute.t.dims), attribute.t.data_type)
        if attribute.name == "sparse_value":
            tensor = attribute.sparse_tensor
            return Constant(tuple(tensor.dims), tensor.values.data_type)
        if attribute.name == "value_float":
            return Constant((), 1)
        if attribute.name == "value_floats":
            return Constant((len(attribute.floats),), 1)
    return None

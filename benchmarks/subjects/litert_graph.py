"""An ONNX model on its way to LiteRT, which keeps channels last.

A map `(1,C,H,W)` is stored as `(1,H,W,C)`, a flattened one `(1,C,P)` as `(1,P,C)`; what has lost
its places, as features and logits, is stored as it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.subjects.conversion import ConversionError
from benchmarks.subjects.litert_model import LiteRTModel

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """A tensor: its index in the file, its shape there, and whether channels were moved last."""

    index: int
    shape: Shape
    channels_last: bool

    @property
    def in_order(self) -> bool:
        """Return whether the numbers lie in the ONNX tensor's own order."""
        return not self.channels_last or self.shape[-1] == 1

    def axis(self, axis: int) -> int:
        """Return where an axis of the ONNX tensor is stored."""
        rank = len(self.shape)
        axis %= rank
        if not self.channels_last or axis == 0:
            return axis
        return rank - 1 if axis == 1 else axis - 1


class Translation:
    """A model on its way: its constants and shapes, and what was converted so far."""

    def __init__(self, model: Any):
        from onnx import numpy_helper, shape_inference

        self.graph = shape_inference.infer_shapes(model).graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in self.graph.initializer}
        self.uses = Counter(name for node in self.graph.node for name in node.input)
        self.uses.update(output.name for output in self.graph.output)
        self.shapes = {
            value.name: tuple(one.dim_value for one in value.type.tensor_type.shape.dim)
            for value in (*self.graph.input, *self.graph.value_info, *self.graph.output)
        }
        self.file = LiteRTModel()
        self.values: dict[str, Value] = {}

    def value(self, name: str) -> Value:
        """Return a tensor that was converted."""
        if name not in self.values:
            raise ConversionError(f"LiteRT: {name!r} is a constant where a variable is converted")
        return self.values[name]

    def constant(self, node: Any, position: int) -> np.ndarray | None:
        """Return a constant input; None where the node has no such input."""
        if len(node.input) <= position or not node.input[position]:
            return None
        if node.input[position] not in self.constants:
            raise ConversionError(f"LiteRT: {node.op_type} with a weight that is computed")
        return self.constants[node.input[position]]

    def needed(self, node: Any, position: int) -> np.ndarray:
        """Return a constant input that must be there."""
        found = self.constant(node, position)
        if found is None:
            raise ConversionError(f"LiteRT: {node.op_type} without input {position}")
        return found

    def result(self, kind: str, like: Value, inputs: list[int], **options: Any) -> Value:
        """Append an operator whose output is laid out as `like`."""
        return replace(like, index=self.file.add(kind, inputs, like.shape, **options))

    def reshaped(self, value: Value, shape: Shape) -> int:
        """Append a Reshape to a stored shape and return its output."""
        target = self.file.constant(np.array(shape, np.int32))
        return self.file.add("RESHAPE", [value.index, target], shape, newShape=list(shape))

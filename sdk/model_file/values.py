"""Tensors and uses of operators, as the walk knows them: element types and static shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import ModelError

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7
DTYPE_NAMES = {FLOAT: "float32", UINT8: "uint8", INT8: "int8", INT32: "int32", INT64: "int64"}
MAX_RANK = 6
"""Most axes of a tensor."""

Shape = tuple[int, ...]


class Value(NamedTuple):
    """A tensor of the graph: element type, static shape, and the integers of a constant."""

    dtype: int
    shape: Shape
    initializer: bool = False
    integers: Shape | None = None


class Output(NamedTuple):
    """What a node gives: element type, shape, multiply-adds, and the float32 its buffers hold."""

    dtype: int
    shape: Shape
    work: int
    buffer: int


class Call(NamedTuple):
    """One use of an operator: its inputs, None where omitted, and all its attributes."""

    inputs: Sequence[Value | None]
    attributes: Mapping[str, Any]

    def shape(self, index: int = 0) -> Shape:
        """Return the shape of an input that is there."""
        return self.value(index).shape

    def value(self, index: int) -> Value:
        """Return an input that is there."""
        value = self.inputs[index]
        assert value is not None
        return value

    def integers(self, index: int) -> Shape:
        """Return the values of an int64 initializer."""
        integers = self.value(index).integers
        assert integers is not None
        return integers


def invalid_graph(what: str) -> ModelError:
    """Build the error for a graph whose parts contradict each other."""
    return ModelError(
        "model-graph-invalid", f"model file: {what}; export the model again and package it anew"
    )

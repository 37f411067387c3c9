"""Rules of shapes: they find what onnx finds, and refuse by what it is that contradicts itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sdk import ModelError
from sdk.model_file.nodes import infer_node
from sdk.model_file.shapes.common import broadcast, sorted_axes
from sdk.model_file.values import Output, Value

Input = tuple[int, ...] | np.ndarray | None
"""A float32 tensor's shape, a constant, or an input left out."""


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def ours(operator: str, inputs: Sequence[Input], attributes: dict[str, Any]) -> Output:
    values, names = {}, []
    for at, given in enumerate(inputs):
        names.append("" if given is None else f"in{at}")
        if isinstance(given, np.ndarray):
            dtype = helper.np_dtype_to_tensor_dtype(given.dtype)
            integers = tuple(given.tolist()) if given.dtype == np.int64 else None
            values[f"in{at}"] = Value(dtype, given.shape, True, integers)
        elif given is not None:
            values[f"in{at}"] = Value(TensorProto.FLOAT, given)
    fields = [_fields(helper.make_attribute(key, value)) for key, value in attributes.items()]
    return infer_node(operator, names, fields, values, 20)


def _fields(attribute: onnx.AttributeProto) -> dict[str, Any]:
    value = helper.get_attribute_value(attribute)
    key = {1: "f", 2: "i", 3: "s", 7: "ints"}[attribute.type]
    return {"name": attribute.name, "type": attribute.type, key: value}


def theirs(operator: str, inputs: Sequence[Input], attributes: dict[str, Any]) -> tuple[int, ...]:
    names = ["" if given is None else f"in{at}" for at, given in enumerate(inputs)]
    graph = helper.make_graph(
        [helper.make_node(operator, names, ["out"], **attributes)],
        "one",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, given)
         for name, given in zip(names, inputs, strict=True) if isinstance(given, tuple)],
        [onnx.ValueInfoProto(name="out")],
        [numpy_helper.from_array(given, name)
         for name, given in zip(names, inputs, strict=True) if isinstance(given, np.ndarray)],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    inferred = onnx.shape_inference.infer_shapes(made, strict_mode=True, data_prop=True)
    return tuple(dim.dim_value for dim in inferred.graph.output[0].type.tensor_type.shape.dim)


X = (1, 6, 8, 10)
ONE, SIX = np.array(0.5, np.float32), np.ones(6, np.float32)
ZERO = np.zeros((), np.uint8)
FITTING: list[tuple[str, list[Input], dict[str, Any]]] = [
    ("Clip", [X, ONE, ONE], {}),
    ("Clip", [X, None, ONE], {}),
    ("PRelu", [X, (6, 1, 1)], {}),
    ("Softmax", [X], {"axis": -4}),
    ("ReduceMean", [X, ints(-1, 1)], {"keepdims": 1}),
    ("ReduceMean", [X, ints(2, -4)], {"keepdims": 0}),
    ("QuantizeLinear", [X, ONE, ZERO], {}),
    ("QuantizeLinear", [X, ONE], {}),
    ("QuantizeLinear", [X, SIX, np.zeros(6, np.int8)], {"axis": -3}),
    ("DequantizeLinear", [np.zeros((6, 2), np.int8), SIX, np.zeros(6, np.int8)], {"axis": 0}),
    ("DequantizeLinear", [np.zeros((2, 6), np.uint8), ONE], {}),
    ("Conv", [X, (4, 6, 3, 1)], {"strides": [2, 3], "pads": [1, 0, 2, 0]}),
    ("Conv", [X, (4, 3, 3, 2), (4,)], {"group": 2, "dilations": [2, 4], "kernel_shape": [3, 2]}),
    ("Conv", [X, (4, 6, 8, 10)], {}),
    ("MaxPool", [X], {"kernel_shape": [3, 2], "pads": [2, 1, 0, 0], "dilations": [1, 3]}),
    ("AveragePool", [X], {"kernel_shape": [2, 5], "strides": [3, 1], "pads": [0, 1, 1, 4]}),
    ("GlobalAveragePool", [X], {}),
    ("BatchNormalization", [X, SIX, SIX, SIX, SIX], {}),
    ("BatchNormalization", [(3, 6), SIX, SIX, SIX, SIX], {}),
    ("MatMul", [(5, 2, 3), (7, 1, 3, 4)], {}),
    ("MatMul", [(2, 3), (3, 4)], {}),
    ("Gemm", [(3, 2), (4, 3), (4,)], {"transA": 1, "transB": 1}),
    ("Gemm", [(2, 3), (3, 4), (2, 1)], {}),
    ("Gemm", [(2, 3), (3, 4)], {}),
    ("Flatten", [X], {"axis": 4}),
    ("Flatten", [X], {"axis": -4}),
    ("Flatten", [X], {"axis": -1}),
    ("Flatten", [X], {"axis": 0}),
    ("Reshape", [X, ints(0, -1, 5)], {}),
    ("Reshape", [X, ints(2, 0, -1)], {}),
    ("Reshape", [(2, 3), ints(3, 2, 1, 1)], {}),
    ("Reshape", [(2, 3), ints(6)], {"allowzero": 1}),
    ("Transpose", [(2, 3, 4)], {}),
    ("Transpose", [(2, 3, 4)], {"perm": [1, 2, 0]}),
    ("Squeeze", [(1, 3, 1), ints(-1)], {}),
    ("Squeeze", [(1, 3, 1), ints(2, 0)], {}),
    ("Unsqueeze", [(2, 3), ints(3, 0)], {}),
    ("Unsqueeze", [(2, 3), ints(-1)], {}),
    ("Concat", [(2, 3), (2, 1), (2, 5)], {"axis": -1}),
    ("Concat", [(2, 3), (7, 3)], {"axis": 0}),
    ("Slice", [X, ints(1, -3), ints(99, -1), ints(1, 3), ints(2, 1)], {}),
    ("Slice", [X, ints(0), ints(1), ints(-2), ints(7)], {}),
]


@pytest.mark.parametrize(("operator", "inputs", "attributes"), FITTING)
def test_shapes_are_those_of_the_standard(
    operator: str, inputs: list[Input], attributes: dict[str, Any]
) -> None:
    assert ours(operator, inputs, attributes).shape == theirs(operator, inputs, attributes)


UNFITTING: list[tuple[str, list[Input], dict[str, Any], str]] = [
    ("Clip", [X, np.ones(1, np.float32), ONE], {}, r"a limit has shape \(1,\)"),
    ("Clip", [X, ONE, np.ones(1, np.float32)], {}, r"a limit has shape \(1,\)"),
    ("PRelu", [(1, 2, 3), (4, 1, 2, 3)], {}, r"a slope of shape \(4, 1, 2, 3\) for \(1, 2, 3\)"),
    ("PRelu", [(1, 2, 3), (2, 2, 3)], {}, r"a slope of shape \(2, 2, 3\)"),
    ("PRelu", [X, (5, 1, 1)], {}, "do not fit"),
    ("Softmax", [(2, 3)], {"axis": 2}, "axes"),
    ("Softmax", [(2, 3)], {"axis": -3}, "axes"),
    ("ReduceMean", [X, ints(0, -4)], {}, "axes"),
    ("ReduceMean", [X, ints(-5, 0)], {}, "axes"),
    ("ReduceMean", [X, ints(0, 4)], {}, "axes"),
    ("QuantizeLinear", [X, np.ones(5, np.float32)], {}, r"scales \(5,\) for axis 1"),
    ("QuantizeLinear", [X, SIX, ZERO], {}, r"zero point \(\) beside scale \(6,\)"),
    ("QuantizeLinear", [X, ONE, np.zeros((), np.int32)], {}, "to int32"),
    ("DequantizeLinear", [np.zeros((2, 6), np.int8), ONE, ZERO], {}, "zero point uint8 for int8"),
    ("BatchNormalization", [(6,), SIX, SIX, SIX, SIX], {},
     r"statistics \[\(6,\), \(6,\), \(6,\), \(6,\)\] for \(6,\)"),
    *(
        ("BatchNormalization", [X, *(ONE.reshape(1) if at == odd else SIX for at in range(4))], {},
         "statistics")
        for odd in range(4)
    ),
    ("Conv", [X, (4, 6, 9, 1)], {}, "a window of 9"),
    ("Conv", [X, (4, 6, 1, 6)], {"dilations": [1, 2]}, "a window of 11"),
    ("Conv", [X, (4, 6, 3, 3)], {"pads": [0, 0, 3, 0]}, "a window of 3 with pads"),
    ("Conv", [X, (4, 6, 3, 3)], {"pads": [0, 3, 0, 0]}, "a window of 3 with pads"),
    ("Conv", [(6, 8, 10), (4, 6, 3, 3)], {}, "is needed"),
    ("Conv", [X, (4, 6, 3)], {}, "is needed"),
    ("Conv", [X, (4, 3, 3, 3)], {}, "in 1 groups"),
    ("Conv", [X, (3, 3, 3, 3)], {"group": 2}, "in 2 groups"),
    ("Conv", [X, (4, 6, 3, 3)], {"kernel_shape": [3, 2]}, "kernel_shape"),
    ("Conv", [X, (4, 6, 3, 3), (3,)], {}, r"a bias of \(3,\)"),
    ("MaxPool", [(6, 8, 10)], {"kernel_shape": [2, 2]}, "is needed"),
    ("MaxPool", [X], {}, "without kernel_shape"),
    ("GlobalMaxPool", [(6, 8, 10)], {}, "is needed"),
    ("GlobalMaxPool", [(1, 6, 8, 10, 2)], {}, "is needed"),
    ("MatMul", [(3,), (3, 4)], {}, "MatMul"),
    ("MatMul", [(2, 3), (3,)], {}, "MatMul"),
    ("MatMul", [(2, 3), (4, 3)], {}, "MatMul"),
    ("Gemm", [(2, 3), (4, 3)], {}, "Gemm"),
    ("Gemm", [(1, 2, 3), (3, 4)], {}, "Gemm"),
    ("Gemm", [(2, 3), (1, 3, 4)], {}, "Gemm"),
    ("Gemm", [(2, 3), (3, 4), (3, 2, 4)], {}, r"with bias \(3, 2, 4\)"),
    ("Flatten", [(2, 3)], {"axis": 3}, "axis 3"),
    ("Flatten", [(2, 3)], {"axis": -3}, "axis -3"),
    ("Reshape", [(2, 3), ints(-1, -1)], {}, "Reshape"),
    ("Reshape", [(2, 3), ints(4, -1)], {}, "Reshape"),
    ("Reshape", [(2, 3), ints(7, -1)], {}, "Reshape"),
    ("Reshape", [(2, 3), ints(6, 1, 0)], {}, "Reshape"),
    ("Reshape", [(2, 3), ints(0, -1)], {"allowzero": 1}, "Reshape"),
    ("Reshape", [(2, 3), ints(2, 2)], {}, "Reshape"),
    ("Reshape", [(2, 3), ints(-2, -3)], {}, "Reshape"),
    ("Transpose", [(2, 3)], {"perm": [0, 0]}, "perm"),
    ("Transpose", [(2, 3)], {"perm": [0]}, "perm"),
    ("Squeeze", [(1, 3), ints(0, 1)], {}, "Squeeze"),
    ("Unsqueeze", [(2, 3), ints(0, -4)], {}, "axes"),
    ("Unsqueeze", [(2, 3), ints(3)], {}, "axes"),
    ("Concat", [(2, 3), (2, 3, 1)], {"axis": 0}, "Concat"),
    ("Concat", [(2, 3, 1), (2, 3)], {"axis": 2}, "Concat"),
    ("Concat", [(2, 3), (2, 4)], {"axis": 0}, "Concat"),
    ("Concat", [(2, 3, 5), (2, 4, 6)], {"axis": 1}, "Concat"),
    ("Concat", [(2, 3)], {"axis": 2}, "axes"),
    ("Slice", [X, ints(0), ints(1), ints(4), ints(1)], {}, "axes"),
    ("Slice", [X, ints(0, 0), ints(1, 1), ints(1, 1), ints(1, 1)], {}, "axes"),
    ("Slice", [X, ints(0, 0), ints(1), ints(1), ints(1)], {}, "Slice"),
    ("Slice", [X, ints(0), ints(1, 1), ints(1), ints(1)], {}, "Slice"),
    ("Slice", [X, ints(0), ints(1), ints(1), ints(1, 1)], {}, "Slice"),
    ("Slice", [X, ints(0), ints(1), ints(1), ints(0)], {}, "Slice"),
    ("Slice", [X, ints(5), ints(1), ints(1), ints(-1)], {}, "Slice"),
    ("Slice", [X, ints(3), ints(3), ints(1), ints(1)], {}, "is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "inputs", "attributes", "told"), UNFITTING)
def test_what_contradicts_itself_is_refused_by_what_it_is(
    operator: str, inputs: list[Input], attributes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ModelError) as caught:
        ours(operator, inputs, attributes)
    assert caught.value.slug == "model-graph-invalid"
    rule, _, where = str(caught.value).partition(" (operator ")
    assert re.search(told, rule)
    assert where.startswith(f"{operator} of ['in0'")


@pytest.mark.parametrize("axes", [(), (0, 0), (1, -2), (-4, 1), (0, 3)])
def test_axes_are_some_each_once_and_within_the_rank(axes: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="of a tensor with 3 axes"):
        sorted_axes(axes, 3)


def test_axes_count_from_the_end_where_they_are_negative() -> None:
    assert sorted_axes((-1, 0), 3) == (0, 2)


@pytest.mark.parametrize("shapes", [[(2, 3), (4,), (3,)], [(3,), (2, 3), (4, 1, 2)]])
def test_every_shape_must_fit_the_others(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        broadcast(*shapes)


def products(output: Output, each: int) -> None:
    assert (output.work, output.buffer) == (prod(output.shape) * each, prod(output.shape))


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes", "each"),
    [
        ("Clip", [X, ONE, ONE], {}, 1),
        ("PRelu", [X, (6, 1, 1)], {}, 1),
        ("BatchNormalization", [X, SIX, SIX, SIX, SIX], {}, 2),
        ("ReduceSum", [X, ints(1, 3)], {}, 60),
        ("MaxPool", [X], {"kernel_shape": [3, 2]}, 6),
        ("GlobalAveragePool", [X], {}, 80),
        ("MatMul", [(2, 3), (3, 4)], {}, 3),
        ("Gemm", [(3, 2), (3, 4)], {"transA": 1}, 3),
        ("QuantizeLinear", [X, ONE, ZERO], {}, 1),
        ("DequantizeLinear", [np.zeros((2, 6), np.uint8), ONE], {}, 1),
        ("Flatten", [X], {}, 1),
        ("Reshape", [X, ints(480)], {}, 1),
        ("Transpose", [X], {}, 1),
        ("Squeeze", [X, ints(0)], {}, 1),
        ("Unsqueeze", [X, ints(0)], {}, 1),
        ("Concat", [X, X], {"axis": 1}, 1),
        ("Slice", [X, ints(1), ints(3), ints(3), ints(1)], {}, 1),
    ],
)
def test_work_is_counted_for_each_element_of_the_result(
    operator: str, inputs: list[Input], attributes: dict[str, Any], each: int
) -> None:
    products(ours(operator, inputs, attributes), each)


def test_a_type_follows_the_zero_point_and_is_unsigned_without_one() -> None:
    assert ours("QuantizeLinear", [X, ONE], {}).dtype == TensorProto.UINT8
    zero = np.zeros((), np.int8)
    assert ours("QuantizeLinear", [X, ONE, zero], {}).dtype == TensorProto.INT8


@pytest.mark.parametrize(
    ("weight", "padded"), [((4, 6, 1, 1), 16), ((16, 6, 1, 1), 16), ((17, 6, 1, 1), 32)]
)
def test_a_convolution_holds_its_filters_in_blocks_of_sixteen(
    weight: tuple[int, ...], padded: int
) -> None:
    output = ours("Conv", [X, weight], {})
    assert (output.work, output.buffer) == (weight[0] * 80 * 6, padded * 80)


@pytest.mark.parametrize(
    ("x", "weight", "group", "unfolded"),
    [
        (X, (1, 6, 3, 3), 1, 2 * 9 * 48),
        (X, (6, 1, 3, 1), 6, 16 * 60),
        ((1, 18, 8, 10), (1, 18, 3, 3), 1, 40 * 48),
    ],
)
def test_a_convolution_holds_its_input_unfolded_where_that_is_more(
    x: tuple[int, ...], weight: tuple[int, ...], group: int, unfolded: int
) -> None:
    assert ours("Conv", [x, weight], {"group": group}).buffer == unfolded

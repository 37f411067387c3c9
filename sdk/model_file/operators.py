"""The operators that a student may use, with the attributes and inputs each may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from . import shapes
from .attributes import LIST, NUMBER, TEXT, WHOLE, Attribute
from .values import FLOAT, INT8, INT32, INT64, MAX_RANK, UINT8, Call, Output

VARIADIC = "+"
"""Behind a role: any number of inputs of it."""


class Operator(NamedTuple):
    """An allowed operator.

    Attributes:
        infer: gives the output, or raises.
        roles: what each input may be, one letter an input (`ROLES`); a lower-case letter is an
            input that may be left out.
        attributes: name to rule.
        since: the first opset that has it.
    """

    infer: Callable[[Call], Output]
    roles: str
    attributes: Mapping[str, Attribute] = {}
    since: int = 18


ROLES: dict[str, tuple[frozenset[int], bool]] = {
    "F": (frozenset({FLOAT}), False),
    "C": (frozenset({FLOAT}), True),
    "Q": (frozenset({UINT8, INT8, INT32}), False),
    "Z": (frozenset({UINT8, INT8, INT32}), True),
    "I": (frozenset({INT64}), True),
}
"""What an input may be: its element types, and whether only an initializer will do."""

_FLAG = Attribute(WHOLE, 0, 0, 1)
_OFF = Attribute(WHOLE, 0, 0, 0)
_ALPHA = Attribute(NUMBER, 0.0, -1e6, 1e6)
_SHARE = Attribute(NUMBER, 0.0, 0, 1)
_AXIS = Attribute(WHOLE, -1, -MAX_RANK, MAX_RANK)
_WINDOW = {
    "auto_pad": Attribute(TEXT, "NOTSET", texts=("NOTSET",)),
    "kernel_shape": Attribute(LIST, (), 1, 2048, length=2),
    "pads": Attribute(LIST, (0, 0, 0, 0), 0, 2048, length=4),
    "strides": Attribute(LIST, (1, 1), 1, 2048, length=2),
}
_DILATIONS = {"dilations": Attribute(LIST, (1, 1), 1, 2048, length=2)}
_REDUCE = {"keepdims": Attribute(WHOLE, 1, 0, 1), "noop_with_empty_axes": _FLAG}
_SCALED = {"axis": Attribute(WHOLE, 1, -MAX_RANK, MAX_RANK)}
_ARITHMETIC = Operator(shapes.arithmetic, "FF")
_PLAIN = Operator(shapes.same, "F")

OPERATORS: dict[str, Operator] = {
    "Add": _ARITHMETIC,
    "AveragePool": Operator(
        shapes.pool, "F", {**_WINDOW, "ceil_mode": _OFF, "count_include_pad": _FLAG}
    ),
    "BatchNormalization": Operator(
        shapes.batch_norm,
        "FCCCC",
        {"epsilon": _SHARE, "momentum": _SHARE, "training_mode": _OFF},
    ),
    "Clip": Operator(shapes.clip, "Fcc"),
    "Concat": Operator(shapes.concat, "F+", {"axis": _AXIS._replace(default=None)}),
    "Conv": Operator(
        shapes.conv, "FFf", {**_WINDOW, **_DILATIONS, "group": Attribute(WHOLE, 1, 1, 2**20)}
    ),
    "DequantizeLinear": Operator(shapes.dequantise, "QCz", _SCALED),
    "Div": _ARITHMETIC,
    "Erf": _PLAIN,
    "Flatten": Operator(shapes.flatten, "F", {"axis": Attribute(WHOLE, 1, -MAX_RANK, MAX_RANK)}),
    "Gelu": Operator(
        shapes.same, "F", {"approximate": Attribute(TEXT, "none", texts=("none", "tanh"))}, since=20
    ),
    "Gemm": Operator(
        shapes.gemm, "FFf", {"alpha": _ALPHA, "beta": _ALPHA, "transA": _FLAG, "transB": _FLAG}
    ),
    "GlobalAveragePool": Operator(shapes.global_pool, "F"),
    "GlobalMaxPool": Operator(shapes.global_pool, "F"),
    "HardSigmoid": Operator(shapes.same, "F", {"alpha": _ALPHA, "beta": _ALPHA}),
    "HardSwish": _PLAIN,
    "Identity": _PLAIN,
    "LeakyRelu": Operator(shapes.same, "F", {"alpha": _ALPHA}),
    "MatMul": Operator(shapes.matmul, "FF"),
    "MaxPool": Operator(
        shapes.pool, "F", {**_WINDOW, **_DILATIONS, "ceil_mode": _OFF, "storage_order": _OFF}
    ),
    "Mul": _ARITHMETIC,
    "PRelu": Operator(shapes.prelu, "FF"),
    "QuantizeLinear": Operator(shapes.quantise, "FCz", _SCALED),
    "ReduceMax": Operator(shapes.reduction, "FI", _REDUCE),
    "ReduceMean": Operator(shapes.reduction, "FI", _REDUCE),
    "ReduceSum": Operator(shapes.reduction, "FI", _REDUCE),
    "Relu": _PLAIN,
    "Reshape": Operator(shapes.reshape, "FI", {"allowzero": _FLAG}),
    "Sigmoid": _PLAIN,
    "Slice": Operator(shapes.cut, "FIIII"),
    "Softmax": Operator(shapes.softmax, "F", {"axis": _AXIS}),
    "Squeeze": Operator(shapes.squeeze, "FI"),
    "Sub": _ARITHMETIC,
    "Tanh": _PLAIN,
    "Transpose": Operator(shapes.transpose, "F", {"perm": Attribute(LIST, (), 0, MAX_RANK - 1)}),
    "Unsqueeze": Operator(shapes.unsqueeze, "FI"),
}

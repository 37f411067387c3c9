"""The operators that a student may use, with the attributes and inputs each may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .._shown import shown
from ..errors import ModelError
from . import shapes
from .values import (
    DTYPE_NAMES,
    FLOAT,
    INT8,
    INT32,
    INT64,
    UINT8,
    Call,
    Output,
    Value,
    invalid_graph,
)

MAX_RANK = 6
_VARIADIC = "+"
_MAX_INPUTS = 64


class Attribute(NamedTuple):
    """An allowed attribute: its AttributeProto type, default, and range of (each of) its values.

    A default of None: it must be given. Texts have a list instead of a range. `length` is that of
    a list, 0 for up to `MAX_RANK`.
    """

    type: int
    default: Any
    low: float = 0
    high: float = 0
    texts: tuple[str, ...] = ()
    length: int = 0


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


# letter: element types, and whether only an initializer will do
ROLES: dict[str, tuple[frozenset[int], bool]] = {
    "F": (frozenset({FLOAT}), False),
    "C": (frozenset({FLOAT}), True),
    "Q": (frozenset({UINT8, INT8, INT32}), False),
    "Z": (frozenset({UINT8, INT8, INT32}), True),
    "I": (frozenset({INT64}), True),
}


_F, _I, _S, _INTS = 1, 2, 3, 7  # AttributeProto.AttributeType
_FLAG = Attribute(_I, 0, 0, 1)
_OFF = Attribute(_I, 0, 0, 0)
_ALPHA = Attribute(_F, 0.0, -1e6, 1e6)
_SHARE = Attribute(_F, 0.0, 0, 1)
_AXIS = Attribute(_I, -1, -MAX_RANK, MAX_RANK)
_WINDOW = {
    "auto_pad": Attribute(_S, "NOTSET", texts=("NOTSET",)),
    "kernel_shape": Attribute(_INTS, (), 1, 2048, length=2),
    "pads": Attribute(_INTS, (0, 0, 0, 0), 0, 2048, length=4),
    "strides": Attribute(_INTS, (1, 1), 1, 2048, length=2),
}
_DILATIONS = {"dilations": Attribute(_INTS, (1, 1), 1, 2048, length=2)}
_REDUCE = {"keepdims": Attribute(_I, 1, 0, 1), "noop_with_empty_axes": _FLAG}
_SCALED = {"axis": Attribute(_I, 1, -MAX_RANK, MAX_RANK)}
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
        shapes.conv, "FFf", {**_WINDOW, **_DILATIONS, "group": Attribute(_I, 1, 1, 2**20)}
    ),
    "DequantizeLinear": Operator(shapes.dequantise, "QCz", _SCALED),
    "Div": _ARITHMETIC,
    "Erf": _PLAIN,
    "Flatten": Operator(shapes.flatten, "F", {"axis": Attribute(_I, 1, -MAX_RANK, MAX_RANK)}),
    "Gelu": Operator(
        shapes.same, "F", {"approximate": Attribute(_S, "none", texts=("none", "tanh"))}, since=20
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
    "Transpose": Operator(shapes.transpose, "F", {"perm": Attribute(_INTS, (), 0, MAX_RANK - 1)}),
    "Unsqueeze": Operator(shapes.unsqueeze, "FI"),
}

_NEEDED = {name: sum(map(str.isupper, operator.roles)) for name, operator in OPERATORS.items()}
_DEFAULTS = {
    name: {key: rule.default for key, rule in operator.attributes.items()}
    for name, operator in OPERATORS.items()
}


def read_attributes(
    name: str, operator: Operator, found: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return every attribute of an operator, as given or by default.

    Raises:
        ModelError: `model-operator-refused` for one that is unknown, twice, or out of range.
    """
    values: dict[str, Any] = {}
    for item in found:
        key = item.get("name", "")
        rule = operator.attributes.get(key)
        value = None if rule is None or key in values else _attribute_value(rule, item)
        if value is None:
            raise ModelError(
                "model-operator-refused",
                f"model file: attribute {shown(key)} of {name} is unknown, twice, or out of "
                f"range; allowed: {_describe(operator)}",
            )
        values[key] = value
    values = _DEFAULTS[name] | values
    if None in values.values():
        raise invalid_graph(f"{name} lacks an attribute; it has {_describe(operator)}")
    return values


_STORED_IN = {_F: "f", _I: "i", _S: "s", _INTS: "ints"}


def _attribute_value(rule: Attribute, item: Mapping[str, Any]) -> Any:
    """Return the value, or None when it breaks its rule."""
    if item.keys() != {"name", "type", _STORED_IN[rule.type]} or item["type"] != rule.type:
        return None
    value = item[_STORED_IN[rule.type]]
    if rule.type == _S:
        return value if value in rule.texts else None
    values = value if rule.type == _INTS else [value]
    if not all(rule.low <= number <= rule.high for number in values):
        return None
    if rule.type != _INTS:
        return value
    return tuple(values) if len(values) == (rule.length or min(len(values), MAX_RANK)) else None


def _describe(operator: Operator) -> str:
    rules = [
        f"{key} {list(rule.texts) or [rule.low, rule.high]}"
        for key, rule in operator.attributes.items()
    ]
    return ", ".join(rules) or "none"


def infer_node(
    op_type: str,
    names: Sequence[str],
    attributes: Sequence[Mapping[str, Any]],
    values: Mapping[str, Value],
    opset: int,
) -> Output:
    """Check one use of an operator, and return what it gives.

    Args:
        op_type: a key of `OPERATORS`.
        names: of its inputs; "" is left out.
        attributes: as AttributeProto fields.
        values: the tensors that exist so far, by name.
        opset: of the file.

    Raises:
        ModelError: `model-operator-refused` or `model-graph-invalid`.
    """
    operator = OPERATORS[op_type]
    roles = operator.roles
    if roles.endswith(_VARIADIC):
        roles = roles[0] * min(len(names), _MAX_INPUTS)
    needed = _NEEDED[op_type]
    if opset < operator.since or not needed <= len(names) <= len(roles):
        raise invalid_graph(
            f"{op_type} of opset {opset} with {len(names)} inputs; allowed are {needed} to "
            f"{len(roles)} from opset {operator.since}"
        )
    inputs: list[Value | None] = [None] * len(roles)
    for index, name in enumerate(names):
        if name or roles[index].isupper():
            inputs[index] = _input(op_type, name, roles[index].upper(), values)
    try:
        output = operator.infer(Call(inputs, read_attributes(op_type, operator, attributes)))
    except ModelError as error:
        raise type(error)(error.slug, f"{error} (operator {op_type} of {shown(names)})") from None
    if len(output.shape) > MAX_RANK:
        raise invalid_graph(f"{op_type} gives {len(output.shape)} axes, allowed are {MAX_RANK}")
    return output


def _input(op_type: str, name: str, role: str, values: Mapping[str, Value]) -> Value:
    value = values.get(name)
    if value is None:
        raise invalid_graph(f"{op_type} reads {shown(name)}, which nothing before it defines")
    dtypes, constant = ROLES[role]
    if value.dtype not in dtypes or (constant and not value.initializer):
        kind = "an initializer" if constant else "a tensor"
        raise invalid_graph(
            f"{op_type} reads {shown(name)} of element type {value.dtype}; it must be {kind} of "
            f"type {' or '.join(DTYPE_NAMES[dtype] for dtype in sorted(dtypes))}"
        )
    return value

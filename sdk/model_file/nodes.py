"""One use of an operator: its inputs and attributes checked, its output inferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._shown import shown
from ..errors import ModelError
from .attributes import read_attributes
from .operators import OPERATORS, ROLES, VARIADIC
from .values import DTYPE_NAMES, MAX_RANK, Call, Output, Value, invalid_graph

_MAX_INPUTS = 64
_NEEDED = {name: sum(map(str.isupper, operator.roles)) for name, operator in OPERATORS.items()}


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
    if roles.endswith(VARIADIC):
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
        output = operator.infer(
            Call(inputs, read_attributes(op_type, operator.attributes, attributes))
        )
    except ModelError as error:
        # the rules of shapes don't know whose they are at work for
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

"""Parameters and precision of a model, from the constants that its operators use."""

from __future__ import annotations

from benchmarks.onnx_facts.constants import FLOATS, SMALL_INTEGERS, Constant
from benchmarks.onnx_facts.operators import (
    DYNAMIC_MATRIX,
    FLOAT_MATRIX,
    FREE,
    IN_ATTRIBUTES,
    INTEGER_MATRIX,
    LONE_SETTINGS,
    MICROSOFT,
    PACKED_MATRIX,
    PASSING,
    QUANTISED_WEIGHTS,
    SETTINGS,
)
from benchmarks.onnx_facts.walk import Step, Value, Walk

_KNOWN = (
    FREE
    | FLOAT_MATRIX
    | INTEGER_MATRIX
    | DYNAMIC_MATRIX
    | PACKED_MATRIX
    | {"Attention", MICROSOFT + "MultiHeadAttention"}
)
_MOST_REASONS = 3


def parameters(walk: Walk) -> tuple[int | None, str]:
    """Return the number of weights, or None and why it cannot be told.

    Weights are the elements of constants of one dimension or more that operators compute with:
    floating-point ones that are no mere settings (scales, zero points, sizes, bounds, one number
    that multiplies or divides), and integers where an operator takes quantised weights. Each
    constant counts once, whatever uses it; one that nothing uses doesn't count.
    """
    counted: dict[str, int] = {}
    reasons: list[str] = []
    for step in walk.steps.values():
        if step.name in IN_ATTRIBUTES:
            reasons.append(f"{step.name} keeps its weights in attributes")
        for position, value in enumerate(step.inputs):
            for root in value.roots:
                constant = walk.constants[root]
                role = _role(step, position, value, constant)
                if role == "weight":
                    counted[root] = _elements(step, position, constant)
                elif role:
                    reasons.append(role)
    for root in walk.outputs:
        if walk.constants[root].kind in FLOATS:
            counted.setdefault(root, walk.constants[root].elements)
    if reasons:
        return None, "; ".join(list(dict.fromkeys(reasons))[:_MOST_REASONS])
    return sum(counted.values()), ""


def _role(step: Step, position: int, value: Value, constant: Constant) -> str:
    """Return ``weight``, nothing for what is none, or why it cannot be told."""
    lone = constant.elements == 1 and step.name in LONE_SETTINGS
    settings = position in SETTINGS.get(step.name, ()) or _scales(step, position)
    if not constant.dims or lone or settings:
        return ""
    if position in QUANTISED_WEIGHTS.get(step.name, ()):
        return "weight"
    if step.name in PACKED_MATRIX and position == 1:
        return "weight"
    passing = step.name in PASSING
    if step.name not in _KNOWN and not passing:
        return f"{step.name} takes a constant, and is not known"
    if constant.kind in FLOATS:
        return "" if passing and step.name != "Gather" else "weight"
    if constant.kind in SMALL_INTEGERS and value.cast and not passing:
        return "weight"  # dequantised by hand: a cast, then arithmetic
    return ""


def _scales(step: Step, position: int) -> bool:
    """Return whether a constant is a scale by which a dynamic quantisation's own is multiplied."""
    return step.name == "Mul" and any(
        other.dynamic for index, other in enumerate(step.inputs) if index != position
    )


def _elements(step: Step, position: int, constant: Constant) -> int:
    if step.name not in PACKED_MATRIX or position != 1:
        return constant.elements
    sizes = {a.name: a.i for a in step.node.attribute}
    return int(sizes.get("K", 0) * sizes.get("N", 0))


def precision(walk: Walk, fallback: str) -> str:
    """Return the precision by what the matrix operators with weights compute on.

    One name for each kind in the model, joined by ``+``, the quantised first: ``fp32``, ``fp16``,
    ``bf16``, ``fp64``; ``int8-qdq`` (both sides dequantised before a floating-point operator),
    ``int8-qoperator`` (an operator on integers), ``int8-dynamic`` (activations quantised on each
    run), ``int8-weights`` (weights alone are stored so; also ``int4-weights``, ``fp16-weights``).

    Args:
        walk: of the model.
        fallback: its type where no operator has weights, as ``fp32``.
    """
    kinds = {kind for step in walk.steps.values() for kind in _kinds(step, walk)}
    kinds = kinds or {fallback}
    return "+".join(sorted(kinds, key=lambda kind: ("-" not in kind, kind)))


def _kinds(step: Step, walk: Walk) -> set[str]:
    if step.name in DYNAMIC_MATRIX:
        return {"int8-dynamic"}
    if step.name in INTEGER_MATRIX:
        dynamic = any(value.dynamic for value in step.inputs)
        return {"int8-dynamic" if dynamic else "int8-qoperator"}
    if step.name in PACKED_MATRIX:
        bits = next((a.i for a in step.node.attribute if a.name == "bits"), 4)
        return {f"int{bits}-weights"}
    if step.name not in FLOAT_MATRIX:
        return set()
    operands = step.inputs[: 3 if step.name in ("LSTM", "GRU", "RNN") else 2]
    moving = [value for value in operands if not value.constant and not value.roots]
    weights = [value for value in operands if value.constant or value.roots]
    return {kind for value in weights for kind in _kind_of(value, moving, walk)}


def _kind_of(weight: Value, moving: list[Value], walk: Walk) -> set[str]:
    if weight.quantised:
        both = all(value.quantised for value in moving)
        return {f"{weight.quantised}-{'qdq' if both else 'weights'}"}
    kinds = {walk.constants[root].kind for root in weight.roots}
    tail = "-weights" if weight.cast else ""
    small = {f"{SMALL_INTEGERS[kind]}-weights" for kind in kinds if kind in SMALL_INTEGERS}
    return small | {FLOATS[kind] + tail for kind in kinds if kind in FLOATS}

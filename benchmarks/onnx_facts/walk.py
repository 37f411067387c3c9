"""Follow constants through a graph, its sub-graphs and its functions to the operators they feed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.onnx_facts.constants import (
    FLOATS,
    SMALL_INTEGERS,
    Constant,
    constant_of,
    initializers,
)
from benchmarks.onnx_facts.operators import PASSING, full_name

_MOST_NODES = 2_000_000
_GRAPH, _GRAPHS = 5, 10  # of onnx.AttributeProto.AttributeType


class TooLargeError(ValueError):
    """Functions that call functions come to more nodes than can be walked."""


@dataclass(frozen=True)
class Value:
    """What is known of a value in a graph.

    Attributes:
        roots: keys of the constants that it is, or is made of by moving data only.
        constant: whether it depends on no input of the graph, as far as was followed.
        quantised: type that it was dequantised from, as ``int8``; empty when it was not.
        dynamic: whether it was quantised with a scale computed from itself.
        cast: whether it passed a cast.
    """

    roots: frozenset[str] = frozenset()
    constant: bool = False
    quantised: str = ""
    dynamic: bool = False
    cast: bool = False


UNKNOWN = Value()
Names = dict[str, Value]
Key = tuple[str, str, str]  # domain, name and overload of a function


@dataclass(frozen=True)
class Step:
    """One operator with what is known of its inputs."""

    name: str
    node: Any
    inputs: tuple[Value, ...]


@dataclass
class Walk:
    """All constants by key and all operators by place in the model."""

    constants: dict[str, Constant] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    outputs: set[str] = field(default_factory=set)
    functions: dict[Key, Any] = field(default_factory=dict)
    _active: set[Key] = field(default_factory=set)
    _nodes: int = 0

    def graph(self, graph: Any, names: Names, place: str) -> Names:
        """Walk a graph whose outer names are ``names``; return all names inside it."""
        inside = dict(names)
        for name, constant in initializers(graph):
            key = f"{place}/{name}"
            self.constants[key] = constant
            inside[name] = Value(frozenset({key}), True)
        # a graph need not be sorted: the second pass knows what the first one met too late
        for _ in range(2):
            self.nodes(graph.node, inside, place)
        return inside

    def nodes(self, nodes: Iterable[Any], names: Names, place: str) -> None:
        """Walk nodes and add their outputs to ``names``."""
        for index, node in enumerate(nodes):
            self._nodes += 1
            if self._nodes > _MOST_NODES:
                raise TooLargeError(f"more than {_MOST_NODES} nodes, functions unfolded")
            here = f"{place}/{index}"
            inputs = tuple(names.get(name, UNKNOWN) if name else UNKNOWN for name in node.input)
            outputs = self._inside(node, inputs, names, here)
            if outputs is None:
                name = full_name(node.domain, node.op_type)
                self.steps[here] = Step(name, node, inputs)
                outputs = [self._result(name, node, inputs, here)] * len(node.output)
            for output, value in zip(node.output, outputs, strict=False):
                names[output] = value

    def _inside(
        self, node: Any, inputs: tuple[Value, ...], names: Names, here: str
    ) -> list[Value] | None:
        """Walk what a node holds: sub-graphs, or its function. None for a plain operator."""
        key = (node.domain, node.op_type, node.overload)
        if key in self.functions and key not in self._active:
            return self._call(key, inputs)
        bodies = [a.g for a in node.attribute if a.type == _GRAPH]
        bodies += [g for a in node.attribute if a.type == _GRAPHS for g in a.graphs]
        if not bodies:
            return None
        results = []
        for index, body in enumerate(bodies):
            skipped = 2 if node.op_type == "Loop" else 0  # its count and condition
            passed = zip(body.input[skipped:], inputs[skipped:], strict=False)
            # what goes round in a loop is its first value only once: known by its roots alone
            given = {v.name: Value(roots=value.roots, cast=value.cast) for v, value in passed}
            inner = self.graph(body, {**names, **given}, f"{here}.{index}")
            results.append([inner.get(v.name, UNKNOWN) for v in body.output])
        self.steps[here] = Step(full_name(node.domain, node.op_type), node, ())
        if node.op_type != "If":
            return [UNKNOWN] * len(node.output)
        return [_either(branches) for branches in zip(*results, strict=False)]

    def _call(self, key: Key, inputs: tuple[Value, ...]) -> list[Value]:
        function = self.functions[key]
        self._active.add(key)
        names = dict(zip(function.input, inputs, strict=False))
        # constants of a function are the same ones at each call, so its place is its own
        self.nodes(function.node, names, "function " + ".".join(key))
        self._active.discard(key)
        return [names.get(name, UNKNOWN) for name in function.output]

    def _result(self, name: str, node: Any, inputs: tuple[Value, ...], here: str) -> Value:
        if name == "Constant":
            constant = constant_of(node)
            if constant is None:
                return Value(constant=True)
            self.constants[here] = constant
            return Value(frozenset({here}), True)
        if name in PASSING:
            return _passed(name, inputs)
        fixed = bool(inputs) and all(value.constant for value in inputs)
        first = inputs[0] if inputs else UNKNOWN
        if name.endswith("DequantizeLinear"):
            zero = inputs[2] if len(inputs) > 2 else UNKNOWN
            stored = self._stored(first) or self._stored(zero) or "int8"
            return Value(constant=first.constant, quantised=stored)
        if name == "DynamicQuantizeLinear":
            return Value(dynamic=True)
        if name.endswith("QuantizeLinear"):
            return Value(constant=first.constant)
        return Value(constant=fixed)

    def _stored(self, value: Value) -> str:
        kinds = {self.constants[root].kind for root in value.roots}
        names = {SMALL_INTEGERS.get(kind) or FLOATS.get(kind, "") for kind in kinds}
        return names.pop() if len(names) == 1 else ""


def walk_model(model: Any) -> Walk:
    """Return the walk of an `onnx.ModelProto`, its external data not needed.

    Raises:
        TooLargeError: calls of functions unfold beyond a bound.
    """
    walk = Walk(functions={(f.domain, f.name, f.overload): f for f in model.functions})
    names = walk.graph(model.graph, {}, "")
    for output in model.graph.output:
        walk.outputs |= names.get(output.name, UNKNOWN).roots
    return walk


def _passed(name: str, inputs: tuple[Value, ...]) -> Value:
    positions = PASSING[name]
    passing = inputs if positions is None else inputs[: len(positions)]
    if not passing:
        return UNKNOWN
    return Value(
        frozenset().union(*(value.roots for value in passing)),
        all(value.constant for value in passing),
        passing[0].quantised,
        any(value.dynamic for value in passing),
        name in ("Cast", "CastLike") or any(value.cast for value in passing),
    )


def _either(values: Iterable[Value]) -> Value:
    values = list(values)
    return Value(
        frozenset().union(*(value.roots for value in values)),
        all(value.constant for value in values),
        values[0].quantised if values else "",
        cast=any(value.cast for value in values),
    )

"""Walk the bytes of an ONNX model: accept one plain graph of allowed operators, and nothing else.

Everything is a list of what is allowed: encodings (`wire`), fields (`onnx_schema`), operators with
attributes and shapes (`operators`), element types, names and sizes (here). The walk ends before
onnxruntime sees a byte. docs/model-file.md states the lists and the limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from .._shown import shown
from ..errors import ModelError
from .nodes import infer_node
from .onnx_schema import GRAPH, MODEL
from .operators import OPERATORS
from .tensors import read_initializer
from .values import Shape, Value, invalid_graph
from .wire import WireReader, malformed

# the heaviest graphs within these load and run once in under 1 s and 400 MB
MAX_FIELDS = 100_000
MAX_METADATA = 64
MAX_NODES = 2048
MAX_INITIALIZERS = 4096
MAX_ELEMENTS = 2**23
MAX_TOTAL_ELEMENTS = 2**26
MAX_MULTIPLY_ADDS = 2**29
IR_VERSIONS = range(8, 11)
OPSETS = range(18, 21)  # with 21, onnxruntime 1.32 refuses some valid int8 graphs
# onnx itself doesn't know "ai.onnx" in a node
_STANDARD = ("", "ai.onnx")
# every writer puts ir_version first: field 1, a varint
_FIRST_TAG = b"\x08"


class TensorInfo(NamedTuple):
    """A declared input or output: name, ONNX element type, and sizes, -1 where none is fixed."""

    name: str
    dtype: int
    shape: Shape


class Node(NamedTuple):
    """One use of an operator; an input "" is left out."""

    op_type: str
    inputs: tuple[str, ...]
    output: str
    attributes: list[dict[str, Any]]


class Header(NamedTuple):
    """A file down to its graph, which is still bytes."""

    metadata: Mapping[str, str]
    fields: Mapping[str, Any]
    reader: WireReader


class Graph(NamedTuple):
    """What a file declares: signature, nodes in order, and initializers by name."""

    opset: int
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    nodes: tuple[Node, ...]
    initializers: Mapping[str, Value]

    @property
    def operators(self) -> frozenset[str]:
        """The operators in use."""
        return frozenset(node.op_type for node in self.nodes)


def walk_onnx(data: bytes) -> tuple[Header, Graph, dict[str, Value]]:
    """Walk a complete ONNX file: `read_header`, `read_graph`, `check_graph`."""
    header = read_header(data)
    graph = read_graph(header)
    return header, graph, check_graph(graph)


def read_header(data: bytes) -> Header:
    """Read a complete ONNX file down to its graph.

    Raises:
        ModelError: `model-not-onnx`, or as `WireReader.message`.
    """
    if not data.startswith(_FIRST_TAG):
        raise _not_onnx(f"begins with {data[:8]!r}")
    reader = WireReader(data, MAX_FIELDS)
    fields = reader.message(0, len(data), MODEL)
    metadata: dict[str, str] = {}
    for entry in _limited(fields, "metadata_props", MAX_METADATA):
        key = entry.get("key", "")
        if key in metadata:
            raise malformed(f"metadata_props has the key {shown(key)} twice", len(data))
        metadata[key] = entry.get("value", "")
    return Header(metadata, fields, reader)


def read_graph(header: Header) -> Graph:
    """Read versions, signature, nodes and initializers; nothing is computed yet.

    Raises:
        ModelError: `model-not-onnx`, `model-custom-operator`, `model-operator-refused`,
            `model-graph-invalid`, `model-external-data`, or as `WireReader.message`.
    """
    fields, reader = header.fields, header.reader
    opsets = fields.get("opset_import", [])
    start, stop = fields.get("graph", (0, 0))
    if start == stop or not opsets:
        raise _not_onnx("no graph, or no opset_import")
    for item in opsets:
        _check_domain(item.get("domain", ""), "opset_import", _STANDARD)
    opset, ir_version = opsets[0].get("version", 0), fields["ir_version"]
    if len(opsets) != 1 or opset not in OPSETS or ir_version not in IR_VERSIONS:
        raise _not_onnx(
            f"{len(opsets)} opsets, opset {opset}, IR version {ir_version}; allowed are one opset, "
            f"{OPSETS[0]} to {OPSETS[-1]}, and IR {IR_VERSIONS[0]} to {IR_VERSIONS[-1]}"
        )
    graph = reader.message(start, stop, GRAPH)
    if not graph.get("name"):
        raise invalid_graph("the graph has no name")
    nodes = tuple(map(_node, _limited(graph, "node", MAX_NODES)))
    initializers: dict[str, Value] = {}
    for tensor in _limited(graph, "initializer", MAX_INITIALIZERS):
        _define(initializers, tensor.get("name", ""), read_initializer(reader.data, tensor))
    return Graph(
        opset,
        tuple(map(_value_info, graph.get("input", []))),
        tuple(map(_value_info, graph.get("output", []))),
        nodes,
        initializers,
    )


def check_graph(graph: Graph) -> dict[str, Value]:
    """Check names, element types and sizes: each tensor is defined once, before it is used.

    Returns:
        Every tensor by name.

    Raises:
        ModelError: `model-graph-invalid`, `model-operator-refused`, `model-too-complex`, or
            `model-signature-mismatch` when an output isn't as declared.
    """
    values = dict(graph.initializers)
    elements = work = 0
    for value in graph.initializers.values():
        elements += _bounded(prod(value.shape), MAX_ELEMENTS, "elements of an initializer")
    for item in graph.inputs:
        if min(item.shape, default=1) < 1:
            raise _mismatch(f"shape of {shown(item.name)}", item.shape, "fixed sizes")
        elements += _bounded(prod(item.shape), MAX_ELEMENTS, "elements of an input")
        _define(values, item.name, Value(item.dtype, item.shape))
    for node in graph.nodes:
        output = infer_node(node.op_type, node.inputs, node.attributes, values, graph.opset)
        elements += _bounded(output.buffer, MAX_ELEMENTS, "elements of a node's buffers")
        work += output.work
        _bounded(elements, MAX_TOTAL_ELEMENTS, "elements in all")
        _bounded(work, MAX_MULTIPLY_ADDS, "multiply-adds")
        _define(values, node.output, Value(output.dtype, output.shape))
    # an input or an initializer that is handed through would be no answer to the frame
    computed = {node.output for node in graph.nodes}
    for item in graph.outputs:
        given = values.get(item.name)
        if item.name not in computed or given != (item.dtype, item.shape, False, None):
            raise _mismatch(f"output {shown(item.name)}", item[1:], f"what nodes give, {given}")
    return values


def _node(fields: Mapping[str, Any]) -> Node:
    op_type, outputs = fields.get("op_type", ""), fields.get("output", [])
    _check_domain(fields.get("domain", ""), "a node", ("",))
    if op_type not in OPERATORS:
        raise ModelError(
            "model-operator-refused",
            f"model file: operator {shown(op_type)}; allowed are {', '.join(sorted(OPERATORS))}",
        )
    if len(outputs) != 1:
        raise invalid_graph(f"{op_type} has {len(outputs)} outputs, allowed is one")
    return Node(op_type, tuple(fields.get("input", [])), outputs[0], fields.get("attribute", []))


def _value_info(fields: Mapping[str, Any]) -> TensorInfo:
    tensor = fields.get("type", {}).get("tensor_type", {})
    dimensions = tensor.get("shape", {}).get("dim", [])
    if any(len(dimension) > 1 for dimension in dimensions):
        raise invalid_graph("a dimension with both a size and a name")
    sizes = tuple(dimension.get("dim_value", -1) for dimension in dimensions)
    return TensorInfo(fields.get("name", ""), tensor.get("elem_type", 0), sizes)


def _define(known: dict[str, Any], name: str, what: Any) -> None:
    if not name or name in known:
        raise invalid_graph(f"the tensor name {shown(name)} is empty or defined twice")
    known[name] = what


def _limited(fields: Mapping[str, Any], name: str, limit: int) -> Sequence[Any]:
    entries: Sequence[Any] = fields.get(name, ())
    _bounded(len(entries), limit, f"entries of {name}")
    return entries


def _bounded(count: int, limit: int, what: str) -> int:
    if count > limit:
        raise ModelError(
            "model-too-complex",
            f"model file: {count} {what}, allowed are {limit}; a student is far smaller",
        )
    return count


def _check_domain(domain: str, where: str, allowed: tuple[str, ...]) -> None:
    if domain not in allowed:
        raise ModelError(
            "model-custom-operator",
            f"model file: {where} uses the operator domain {shown(domain)}, "
            f"allowed is the standard one only: {' or '.join(map(repr, allowed))}",
        )


def _mismatch(what: str, value: object, allowed: str) -> ModelError:
    return ModelError(
        "model-signature-mismatch", f"model file: {what} is {shown(value)}, allowed is {allowed}"
    )


def _not_onnx(what: str) -> ModelError:
    return ModelError(
        "model-not-onnx", f"model file: {what}; expected an ONNX model, written by the export tool"
    )

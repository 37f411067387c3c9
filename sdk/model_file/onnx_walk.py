"""Walk the bytes of an ONNX model: what it declares, and that it holds nothing forbidden.

A student is a straight line of standard operators with its weights inside the file. External data,
operators outside the ONNX standard, control flow, local functions, sparse weights and training
graphs are refused here, before onnxruntime parses a byte.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdk.errors import ModelError
from sdk.model_file.wire import BYTES, VARINT, Field, WireReader

MAX_FIELDS = 200_000
FLOAT32 = 1
# every writer puts ir_version first: field 1, a varint
_FIRST_TAG = b"\x08"
_STANDARD_DOMAINS = frozenset({"", "ai.onnx"})


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A declared input or output.

    Attributes:
        name: its name in the graph.
        dtype: ONNX element type; 1 is float32.
        shape: static sizes, -1 where a size is symbolic or missing.
    """

    name: str
    dtype: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OnnxSummary:
    """What the walk saw: the signature, the operators and the metadata, never the weights."""

    opset: int
    operators: frozenset[str]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    metadata: dict[str, str]


class _Model:
    """Field numbers of ModelProto."""

    IR_VERSION, GRAPH, OPSET_IMPORT, METADATA = 1, 7, 8, 14
    # producer name and version, domain, model version, doc string
    HARMLESS = frozenset({2, 3, 4, 5, 6})
    FORBIDDEN: ClassVar = {
        20: "training graphs",
        25: "local functions",
        26: "device configurations",
    }


class _Graph:
    """Field numbers of GraphProto."""

    NODE, INITIALIZER, INPUT, OUTPUT = 1, 5, 11, 12
    # name, doc string, value info, quantization annotation, metadata
    HARMLESS = frozenset({2, 10, 13, 14, 16})
    FORBIDDEN: ClassVar = {15: "sparse weights"}


class _Attribute:
    """Field numbers of AttributeProto."""

    TENSORS = frozenset({5, 10})
    FORBIDDEN: ClassVar = {
        6: "control flow (a graph inside a node)",
        11: "control flow (graphs inside a node)",
        22: "sparse tensors",
        23: "sparse tensors",
    }


def walk_onnx(data: bytes) -> OnnxSummary:
    """Walk a complete ONNX file.

    Raises:
        ModelError: `model-not-onnx`, `model-truncated`, `model-malformed`, `model-too-complex`,
            `model-external-data`, `model-custom-operator` or `model-forbidden-content`.
    """
    if not data.startswith(_FIRST_TAG):
        raise _not_onnx(f"begins with {data[:8]!r}")
    return _Walk(data).model()


class _Walk:
    def __init__(self, data: bytes) -> None:
        self._reader = WireReader(data, max_fields=MAX_FIELDS)
        self._operators: set[str] = set()
        self._inputs: list[TensorInfo] = []
        self._outputs: list[TensorInfo] = []

    def model(self) -> OnnxSummary:
        opset, graphs = 0, 0
        metadata: dict[str, str] = {}
        for field in self._reader.fields(0, self._reader.size):
            _refuse(field, _Model.FORBIDDEN)
            if field.number == _Model.GRAPH:
                graphs += 1
                self._graph(_message(field, "graph"))
            elif field.number == _Model.OPSET_IMPORT:
                opset = max(opset, self._opset(_message(field, "opset_import")))
            elif field.number == _Model.METADATA:
                self._metadata_entry(_message(field, "metadata_props"), metadata)
            elif field.number == _Model.IR_VERSION:
                _expect(field, VARINT, "ir_version")
            elif field.number not in _Model.HARMLESS:
                raise _not_onnx(f"unknown field {field.number} at byte {field.start}")
        if graphs != 1 or opset == 0:
            raise _not_onnx(f"{graphs} graphs and opset {opset}, expected one graph and an opset")
        return OnnxSummary(
            opset, frozenset(self._operators), tuple(self._inputs), tuple(self._outputs), metadata
        )

    def _opset(self, message: Field) -> int:
        version = 0
        for field in self._reader.fields(message.start, message.stop):
            if field.number == 1:
                self._check_domain(self._text(field, "opset_import.domain"), "opset_import")
            elif field.number == 2:
                version = _expect(field, VARINT, "opset_import.version").value
        return version

    def _metadata_entry(self, message: Field, metadata: dict[str, str]) -> None:
        entry = {1: "", 2: ""}
        for field in self._reader.fields(message.start, message.stop):
            if field.number in entry:
                entry[field.number] = self._text(field, "metadata_props")
        if entry[1] in metadata:
            raise ModelError(
                "model-malformed",
                f"model file: metadata_props has the key {entry[1]!r} twice, allowed is once",
            )
        metadata[entry[1]] = entry[2]

    def _graph(self, message: Field) -> None:
        for field in self._reader.fields(message.start, message.stop):
            _refuse(field, _Graph.FORBIDDEN)
            if field.number == _Graph.NODE:
                self._node(_message(field, "node"))
            elif field.number == _Graph.INITIALIZER:
                self._tensor(_message(field, "initializer"))
            elif field.number == _Graph.INPUT:
                self._inputs.append(self._value_info(_message(field, "input")))
            elif field.number == _Graph.OUTPUT:
                self._outputs.append(self._value_info(_message(field, "output")))
            elif field.number not in _Graph.HARMLESS:
                raise _not_onnx(f"unknown graph field {field.number} at byte {field.start}")

    def _node(self, message: Field) -> None:
        operator = ""
        for field in self._reader.fields(message.start, message.stop):
            if field.number == 4:
                operator = self._text(field, "node.op_type")
            elif field.number == 5:
                self._attribute(_message(field, "node.attribute"))
            elif field.number == 7:
                self._check_domain(self._text(field, "node.domain"), "node")
        self._operators.add(operator)

    def _attribute(self, message: Field) -> None:
        for field in self._reader.fields(message.start, message.stop):
            _refuse(field, _Attribute.FORBIDDEN)
            if field.number in _Attribute.TENSORS:
                self._tensor(_message(field, "attribute.tensor"))

    def _tensor(self, message: Field) -> None:
        for field in self._reader.fields(message.start, message.stop):
            external = field.number == 13 or (field.number == 14 and field.value != 0)
            if external or (field.number == 14 and field.kind != VARINT):
                raise ModelError(
                    "model-external-data",
                    f"model file: a tensor at byte {message.start} keeps its data in another file; "
                    "save the model with its weights inside (external_data=False)",
                )

    def _value_info(self, message: Field) -> TensorInfo:
        name, dtype, types = "", 0, 0
        shape: tuple[int, ...] = ()
        for field in self._reader.fields(message.start, message.stop):
            if field.number == 1:
                name = self._text(field, "value_info.name")
            elif field.number == 2:
                types += 1
                dtype, shape = self._type(_message(field, "value_info.type"))
        return TensorInfo(name, dtype if types == 1 else 0, shape)

    def _type(self, message: Field) -> tuple[int, tuple[int, ...]]:
        dtype, seen = 0, 0
        shape: tuple[int, ...] = ()
        for field in self._reader.fields(message.start, message.stop):
            if field.number != 1:
                continue
            for part in self._reader.fields(field.start, field.stop):
                if part.number == 1:
                    dtype = part.value
                elif part.number == 2:
                    seen += 1
                    shape = self._shape(_message(part, "tensor_type.shape"))
        return dtype, shape if seen == 1 else ()

    def _shape(self, message: Field) -> tuple[int, ...]:
        sizes = []
        for field in self._reader.fields(message.start, message.stop):
            if field.number != 1:
                continue
            size = -1
            for part in self._reader.fields(field.start, field.stop):
                size = part.value if part.number == 1 and part.kind == VARINT else -1
            sizes.append(size)
        return tuple(sizes)

    def _text(self, field: Field, what: str) -> str:
        return self._reader.text(_expect(field, BYTES, what))

    def _check_domain(self, domain: str, where: str) -> None:
        if domain not in _STANDARD_DOMAINS:
            raise ModelError(
                "model-custom-operator",
                f"model file: {where} uses the operator domain {domain!r}, "
                "allowed are the standard ONNX operators only ('' or 'ai.onnx')",
            )


def _expect(field: Field, kind: int, what: str) -> Field:
    if field.kind != kind:
        raise _not_onnx(f"{what} with wire type {field.kind} at byte {field.start}, not {kind}")
    return field


def _message(field: Field, what: str) -> Field:
    return _expect(field, BYTES, what)


def _refuse(field: Field, forbidden: dict[int, str]) -> None:
    if field.number in forbidden:
        raise ModelError(
            "model-forbidden-content",
            f"model file: {forbidden[field.number]} at byte {field.start}; "
            "a student is one plain graph of standard operators with dense weights",
        )


def _not_onnx(what: str) -> ModelError:
    return ModelError(
        "model-not-onnx", f"model file: {what}; expected an ONNX model, written by the export tool"
    )

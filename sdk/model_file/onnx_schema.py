"""The part of onnx.proto that a student may use; every other field is refused.

Field numbers and types: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from .wire import Field, Message
from .wire_kinds import (
    FLOAT,
    INT32,
    INT64,
    NAME,
    PACKED_FLOATS,
    PACKED_INT32,
    PACKED_INT64,
    SPAN,
    TEXT,
)

ENTRY = Message("StringStringEntryProto", {1: Field("key", NAME), 2: Field("value", TEXT)})

OPSET = Message("OperatorSetIdProto", {1: Field("domain", NAME), 2: Field("version", INT64)})

# the graph is read later: what the file says of itself comes first
MODEL = Message(
    "ModelProto",
    {
        1: Field("ir_version", INT64),
        2: Field("producer_name", NAME),
        3: Field("producer_version", NAME),
        4: Field("domain", NAME),
        5: Field("model_version", INT64),
        6: Field("doc_string", TEXT),
        7: Field("graph", SPAN),
        8: Field("opset_import", OPSET.kind, repeated=True),
        14: Field("metadata_props", ENTRY.kind, repeated=True),
    },
    {20: "training_info", 25: "functions", 26: "configuration"},
)

DIMENSION = Message(
    "Dimension",
    {1: Field("dim_value", INT64), 2: Field("dim_param", NAME)},
    {3: "denotation"},
)
SHAPE = Message("TensorShapeProto", {1: Field("dim", DIMENSION.kind, repeated=True)})
TENSOR_TYPE = Message(
    "TypeProto.Tensor", {1: Field("elem_type", INT32), 2: Field("shape", SHAPE.kind)}
)
TYPE = Message(
    "TypeProto",
    {1: Field("tensor_type", TENSOR_TYPE.kind)},
    {4: "sequence_type", 5: "map_type", 6: "denotation", 8: "sparse_tensor_type", 9: "optional"},
)
VALUE_INFO = Message(
    "ValueInfoProto",
    {1: Field("name", NAME), 2: Field("type", TYPE.kind)},
    {3: "doc_string", 4: "metadata_props"},
)

TENSOR = Message(
    "TensorProto",
    {
        1: Field("dims", INT64, repeated=True),
        2: Field("data_type", INT32),
        4: Field("float_data", PACKED_FLOATS),
        5: Field("int32_data", PACKED_INT32),
        7: Field("int64_data", PACKED_INT64),
        8: Field("name", NAME),
        9: Field("raw_data", SPAN),
        14: Field("data_location", INT32),
    },
    {
        3: "segment",
        6: "string_data",
        10: "double_data",
        11: "uint64_data",
        12: "doc_string",
        13: "external_data",
        16: "metadata_props",
    },
)

ATTRIBUTE = Message(
    "AttributeProto",
    {
        1: Field("name", NAME),
        2: Field("f", FLOAT),
        3: Field("i", INT64),
        4: Field("s", NAME),
        8: Field("ints", INT64, repeated=True),
        20: Field("type", INT32),
    },
    {
        5: "t (a tensor; make it an initializer)",
        6: "g (control flow)",
        7: "floats",
        9: "strings",
        10: "tensors",
        11: "graphs (control flow)",
        13: "doc_string",
        14: "tp",
        15: "type_protos",
        21: "ref_attr_name",
        22: "sparse_tensor",
        23: "sparse_tensors",
    },
)

NODE = Message(
    "NodeProto",
    {
        1: Field("input", NAME, repeated=True),
        2: Field("output", NAME, repeated=True),
        3: Field("name", NAME),
        4: Field("op_type", NAME),
        5: Field("attribute", ATTRIBUTE.kind, repeated=True),
        7: Field("domain", NAME),
    },
    {6: "doc_string", 8: "overload", 9: "metadata_props", 10: "device_configurations"},
)

GRAPH = Message(
    "GraphProto",
    {
        1: Field("node", NODE.kind, repeated=True),
        2: Field("name", NAME),
        5: Field("initializer", TENSOR.kind, repeated=True),
        11: Field("input", VALUE_INFO.kind, repeated=True),
        12: Field("output", VALUE_INFO.kind, repeated=True),
    },
    {
        10: "doc_string",
        13: "value_info",
        14: "quantization_annotation",
        15: "sparse_initializer",
        16: "metadata_props",
    },
)

"""What a student may not hold is refused before a runtime parses it."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import pytest
from onnx import TensorProto, helper
from toy_student import toy_model, toy_student

from sdk import ModelError
from sdk.model_file import parse_model_file
from sdk.model_file.digest import seal
from sdk.model_file.onnx_walk import MAX_FIELDS, walk_onnx


def slug_of(data: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        walk_onnx(data)
    return caught.value.slug


def external_initializer(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    tensor.ClearField("raw_data")


def external_without_location(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].external_data.add(key="location", value="weights.bin")


def external_attribute(model: onnx.ModelProto) -> None:
    tensor = TensorProto(data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))


def custom_node(model: onnx.ModelProto) -> None:
    model.graph.node[1].domain = "com.example"


def custom_opset(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def local_function(model: onnx.ModelProto) -> None:
    model.functions.add(name="f", domain="ai.onnx")


def control_flow(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=body))


def sparse_weights(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add().dims.extend([1])


def training_graph(model: onnx.ModelProto) -> None:
    model.training_info.add()


def two_keys(model: onnx.ModelProto) -> None:
    model.metadata_props.add(key="a", value="1")
    model.metadata_props.add(key="a", value="2")


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        (external_initializer, "model-external-data"),
        (external_without_location, "model-external-data"),
        (external_attribute, "model-external-data"),
        (custom_node, "model-custom-operator"),
        (custom_opset, "model-custom-operator"),
        (local_function, "model-forbidden-content"),
        (control_flow, "model-forbidden-content"),
        (sparse_weights, "model-forbidden-content"),
        (training_graph, "model-forbidden-content"),
        (two_keys, "model-malformed"),
    ],
)
def test_forbidden_content(change: Callable[[onnx.ModelProto], None], slug: str) -> None:
    model = toy_model()
    change(model)
    assert slug_of(model.SerializeToString()) == slug


def test_two_graphs_that_a_parser_would_merge_are_refused() -> None:
    data = toy_model().SerializeToString()
    assert slug_of(data + data) == "model-not-onnx"


def test_the_walk_reads_what_onnx_reads() -> None:
    model = onnx.load_from_string(toy_student())
    summary = walk_onnx(toy_student())
    assert summary.operators == {node.op_type for node in model.graph.node}
    assert [item.name for item in summary.inputs] == ["frame"]
    assert [item.shape for item in summary.outputs] == [(1, 4), (1, 9, 12)]
    assert summary.opset == 18
    assert summary.metadata == {item.key: item.value for item in model.metadata_props}


def test_a_bomb_of_tiny_fields_is_refused_within_its_budget() -> None:
    bomb = toy_model().SerializeToString() + b"\x32\x00" * (MAX_FIELDS + 1)
    assert slug_of(bomb) == "model-too-complex"


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"\x08" + b"\xff" * 10 + b"\x01", "model-malformed"),
        (b"\x08\x0a\x0b", "model-malformed"),
        (b"\x08\x0a\x00\x01", "model-malformed"),
        (b"\x08\x0a\x3a\xff\xff\xff\xff\x0f", "model-truncated"),
        (b"\x08\x0a\x3a\x03\x0a\x7f\x00\x32\x00", "model-malformed"),
        (b"\x08\x0a\x0d\x00", "model-truncated"),
        (b"\x08", "model-truncated"),
        (b"\x08\x0a\x42\x02\x0a\x00", "model-not-onnx"),
    ],
    ids=["varint", "group", "field-0", "overlong", "nested", "fixed32", "cut", "no-graph"],
)
def test_the_wire_format_is_checked(data: bytes, slug: str) -> None:
    assert slug_of(data) == slug


def changed_signature(change: Callable[[onnx.GraphProto], None]) -> str:
    model = onnx.load_from_string(toy_student())
    del model.metadata_props[-1]
    change(model.graph)
    with pytest.raises(ModelError) as caught:
        parse_model_file(seal(model.SerializeToString()))
    return caught.value.slug


def rename_input(graph: onnx.GraphProto) -> None:
    graph.input[0].name = "image"


def second_input(graph: onnx.GraphProto) -> None:
    graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))


def input_dtype(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8


def symbolic_batch(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"


def other_height(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.shape.dim[2].dim_value = 100


def no_shape(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.ClearField("shape")


def fewer_logits(graph: onnx.GraphProto) -> None:
    graph.output[0].type.tensor_type.shape.dim[1].dim_value = 3


def no_outputs(graph: onnx.GraphProto) -> None:
    del graph.output[:]


def wrong_attention(graph: onnx.GraphProto) -> None:
    graph.output[1].type.tensor_type.shape.dim[1].dim_value = 1000


def swapped_outputs(graph: onnx.GraphProto) -> None:
    graph.output[0].name, graph.output[1].name = "attention", "logits"


@pytest.mark.parametrize(
    "change",
    [
        rename_input,
        second_input,
        input_dtype,
        symbolic_batch,
        other_height,
        no_shape,
        fewer_logits,
        no_outputs,
        wrong_attention,
        swapped_outputs,
    ],
)
def test_the_signature_must_be_that_of_the_metadata(
    change: Callable[[onnx.GraphProto], None],
) -> None:
    assert changed_signature(change) == "model-signature-mismatch"

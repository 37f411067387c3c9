"""What a student may hold is a list; everything else is refused before a runtime parses it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sdk.model_file.onnx_walk import walk_onnx
from tests.sdk.model_fuzz.wire_tree import Node, encode, parse
from tests.sdk.onnx_walks import slug_of
from tests.sdk.toy_student import toy_int8_model, toy_model


def external_initializer(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    tensor.ClearField("raw_data")


def external_without_location(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].external_data.add(key="location", value="weights.bin")


def external_flag_alone(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL


def custom_node(model: onnx.ModelProto) -> None:
    model.graph.node[1].domain = "com.example"


def named_standard_domain(model: onnx.ModelProto) -> None:
    model.graph.node[1].domain = "ai.onnx"


def custom_opset(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def local_function(model: onnx.ModelProto) -> None:
    model.functions.add(name="f", domain="ai.onnx")


def control_flow(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("If", ["x"], ["y"], then_branch=body))


def constant_node(model: onnx.ModelProto) -> None:
    tensor = TensorProto(data_type=1, dims=[1], raw_data=bytes(4))
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))


def sparse_weights(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add().dims.extend([1])


def training_graph(model: onnx.ModelProto) -> None:
    model.training_info.add()


def value_info(model: onnx.ModelProto) -> None:
    model.graph.value_info.append(helper.make_tensor_value_info("raw", 1, [1]))


def two_keys(model: onnx.ModelProto) -> None:
    model.metadata_props.add(key="a", value="1")
    model.metadata_props.add(key="a", value="2")


def two_opsets(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("", 18))


def old_opset(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 17


def new_opset(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 21


def new_ir(model: onnx.ModelProto) -> None:
    model.ir_version = 11


def no_graph_name(model: onnx.ModelProto) -> None:
    model.graph.name = ""


def unsorted_nodes(model: onnx.ModelProto) -> None:
    first = onnx.NodeProto()
    first.CopyFrom(model.graph.node[0])
    del model.graph.node[0]
    model.graph.node.append(first)


def name_twice(model: onnx.ModelProto) -> None:
    model.graph.node[1].output[0] = model.graph.node[0].output[0]


def shadowed_weights(model: onnx.ModelProto) -> None:
    model.graph.node[0].output[0] = "conv.weight"


def two_outputs(model: onnx.ModelProto) -> None:
    model.graph.node[1].output.append("more")


def undefined_input(model: onnx.ModelProto) -> None:
    model.graph.node[1].input[0] = "nothing"


def output_is_a_constant(model: onnx.ModelProto) -> None:
    model.graph.node[-1].output[0] = "other"
    tensor = numpy_helper.from_array(np.zeros((1, 4), np.float32), "logits")
    model.graph.initializer.append(tensor)


def computed_shape(model: onnx.ModelProto) -> None:
    model.graph.node[3].input[1] = "features"


def missing_bytes(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]


def huge_dims(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [2**62, 2**62]


def zero_dims(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [0]
    model.graph.initializer[0].raw_data = b""


def two_data_fields(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].float_data.append(1.0)


def double_weights(model: onnx.ModelProto) -> None:
    array = numpy_helper.to_array(model.graph.initializer[0]).astype(np.float64)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(array, "conv.weight"))


def byte_out_of_range(model: onnx.ModelProto) -> None:
    tensor = helper.make_tensor("b", TensorProto.UINT8, [1], [0])
    tensor.int32_data[0] = 256
    model.graph.initializer.append(tensor)


def long_name(model: onnx.ModelProto) -> None:
    model.graph.node[0].name = "n" * 257


def control_character(model: onnx.ModelProto) -> None:
    model.graph.node[0].name = "a\x1b[31m"


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        (external_initializer, "model-external-data"),
        (external_without_location, "model-external-data"),
        (external_flag_alone, "model-external-data"),
        (custom_node, "model-custom-operator"),
        (named_standard_domain, "model-custom-operator"),
        (custom_opset, "model-custom-operator"),
        (local_function, "model-forbidden-content"),
        (control_flow, "model-forbidden-content"),
        (constant_node, "model-forbidden-content"),
        (sparse_weights, "model-forbidden-content"),
        (training_graph, "model-forbidden-content"),
        (value_info, "model-forbidden-content"),
        (two_keys, "model-malformed"),
        (two_opsets, "model-not-onnx"),
        (old_opset, "model-not-onnx"),
        (new_opset, "model-not-onnx"),
        (new_ir, "model-not-onnx"),
        (no_graph_name, "model-graph-invalid"),
        (unsorted_nodes, "model-graph-invalid"),
        (name_twice, "model-graph-invalid"),
        (shadowed_weights, "model-graph-invalid"),
        (two_outputs, "model-graph-invalid"),
        (undefined_input, "model-graph-invalid"),
        (output_is_a_constant, "model-signature-mismatch"),
        (computed_shape, "model-graph-invalid"),
        (missing_bytes, "model-graph-invalid"),
        (huge_dims, "model-graph-invalid"),
        (zero_dims, "model-graph-invalid"),
        (two_data_fields, "model-graph-invalid"),
        (double_weights, "model-graph-invalid"),
        (byte_out_of_range, "model-graph-invalid"),
        (long_name, "model-malformed"),
        (control_character, "model-malformed"),
    ],
)
def test_what_no_student_holds_is_refused(
    change: Callable[[onnx.ModelProto], None], slug: str
) -> None:
    model = toy_model()
    walk_onnx(model.SerializeToString())
    change(model)
    assert slug_of(model.SerializeToString()) == slug


def test_two_graphs_that_a_parser_would_merge_are_refused() -> None:
    data = toy_model().SerializeToString()
    assert slug_of(data + data) == "model-malformed"
    tree = parse(data)
    graph = next(node for node in tree if node.number == 7)
    tree.insert(tree.index(graph), Node(7, 2, payload=encode(graph.children or [])))
    assert slug_of(encode(tree)) == "model-malformed"


@pytest.mark.parametrize("build", [toy_model, toy_int8_model], ids=["fp32", "int8"])
def test_the_walk_reads_what_onnx_reads(build: Callable[[], onnx.ModelProto]) -> None:
    model = build()
    _, graph, values = walk_onnx(model.SerializeToString())
    assert graph.operators == {node.op_type for node in model.graph.node}
    assert graph.inputs == (("frame", 1, (1, 1, 144, 192)),)
    assert [item.shape for item in graph.outputs] == [(1, 4), (1, 9, 12)]
    assert values["features"].shape == (1, 6, 9, 12)
    assert graph.opset == 18

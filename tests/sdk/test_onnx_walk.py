"""What a student may hold is a list; everything else is refused before a runtime parses it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sdk import ModelError
from sdk.model_file import onnx_walk, parse_model_file
from sdk.model_file.digest import seal
from sdk.model_file.nodes import infer_node
from sdk.model_file.onnx_walk import MAX_FIELDS, walk_onnx
from sdk.model_file.operators import OPERATORS
from sdk.model_file.values import Value
from tests.sdk.model_fuzz.generate import Builder, generated
from tests.sdk.model_fuzz.heaviest import HEAVIEST, model
from tests.sdk.model_fuzz.wire_tree import Node, encode, parse, varint
from tests.sdk.toy_student import toy_int8_model, toy_model, toy_student


def slug_of(data: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        walk_onnx(data)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()
    return caught.value.slug


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


NOT_ALLOWED = sorted(
    {schema.name for schema in onnx.defs.get_all_schemas()} - set(OPERATORS) - {"Constant"}
)


@pytest.mark.parametrize("name", NOT_ALLOWED)
def test_every_other_operator_of_the_standard_is_refused_by_name(name: str) -> None:
    model = toy_model()
    model.graph.node[1].op_type = name
    with pytest.raises(ModelError, match=f"operator '{name}'; allowed are Add, ") as caught:
        walk_onnx(model.SerializeToString())
    assert caught.value.slug == "model-operator-refused"


def test_the_allowed_operators_are_of_the_standard_with_its_attributes() -> None:
    for name, operator in OPERATORS.items():
        schema = onnx.defs.get_schema(name, 20)
        assert operator.since == 18 or schema.since_version == operator.since
        assert set(operator.attributes) <= set(schema.attributes), name
        for key, rule in operator.attributes.items():
            standard = schema.attributes[key]
            assert rule.type == standard.type.value
            assert (rule.default is None) == (standard.required and key != "kernel_shape")


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Relu", {"alpha": 1.0}),
        ("Softmax", {"axis": 7}),
        ("Softmax", {"axis": 1.0}),
        ("Softmax", {"axis": [1]}),
        ("LeakyRelu", {"alpha": float("nan")}),
        ("LeakyRelu", {"alpha": float("inf")}),
        ("LeakyRelu", {"alpha": 1}),
        ("MaxPool", {"kernel_shape": [2, 2], "strides": [0, 1]}),
        ("MaxPool", {"kernel_shape": [2, 2], "pads": [-1, 0, 0, 0]}),
        ("MaxPool", {"kernel_shape": [2, 2], "dilations": [2**40, 1]}),
        ("MaxPool", {"kernel_shape": [2]}),
        ("MaxPool", {"kernel_shape": [2, 2], "ceil_mode": 1}),
        ("MaxPool", {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER"}),
        ("Transpose", {"perm": [0, 1, 2, 3, 4, 5, 5]}),
    ],
)
def test_attributes_outside_their_list_are_refused(operator: str, attributes: dict) -> None:  # type: ignore[type-arg]
    model = toy_model()
    node = helper.make_node(operator, ["raw"], ["features"], **attributes)
    model.graph.node[1].CopyFrom(node)
    assert slug_of(model.SerializeToString()) == "model-operator-refused"


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("MaxPool", {}),
        ("MaxPool", {"kernel_shape": [99, 99]}),
        ("MaxPool", {"kernel_shape": [2, 2], "pads": [2, 0, 0, 0]}),
        ("Transpose", {"perm": [0, 0, 1, 2]}),
        ("Softmax", {"axis": 5}),
        ("Concat", {}),
        ("Gemm", {}),
        ("Gelu", {}),
    ],
)
def test_contradictions_are_refused(operator: str, attributes: dict) -> None:  # type: ignore[type-arg]
    model = toy_model()
    node = helper.make_node(operator, ["raw"], ["features"], **attributes)
    model.graph.node[1].CopyFrom(node)
    assert slug_of(model.SerializeToString()) == "model-graph-invalid"


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


def test_a_bomb_of_tiny_fields_is_refused_within_its_budget() -> None:
    bomb = toy_model().SerializeToString() + b"\x72\x00" * (MAX_FIELDS + 1)
    assert slug_of(bomb) == "model-too-complex"


HIDDEN = {
    "control flow": (5, helper.make_attribute("then_branch", helper.make_graph([], "b", [], []))),
    "external data": (13, onnx.StringStringEntryProto(key="location", value="weights.bin")),
    "custom operator": (1, helper.make_node("Evil", ["frame"], ["y"], domain="com.example")),
    "loop": (1, helper.make_node("Loop", ["trips"], ["y"])),
}


@pytest.mark.parametrize("bit", [32, 33, 40, 62])
@pytest.mark.parametrize("what", HIDDEN)
@pytest.mark.parametrize("where", ["model", "graph", "node", "tensor"])
def test_what_hides_behind_a_tag_above_32_bits_is_refused(where: str, what: str, bit: int) -> None:
    tree = parse(toy_model().SerializeToString())
    graph = next(node for node in tree if node.number == 7).children or []
    inside = {
        "model": tree,
        "graph": graph,
        "node": next(node for node in graph if node.number == 1).children or [],
        "tensor": next(node for node in graph if node.number == 5).children or [],
    }
    number, message = HIDDEN[what]
    hidden = Node(number, 2, payload=message.SerializeToString(), tag_extra=1 << bit)
    inside[where].append(hidden)
    assert slug_of(encode(tree)) == "model-malformed"


def overlong_tag(node: Node) -> None:
    node.overlong[0] = 1


def overlong_value(node: Node) -> None:
    node.overlong[1] = 1


def ten_bytes(node: Node) -> None:
    node.overlong[1] = 8


@pytest.mark.parametrize("change", [overlong_tag, overlong_value, ten_bytes])
def test_every_field_has_one_encoding(change: Callable[[Node], None]) -> None:
    count = len(_all_fields(parse(toy_model().SerializeToString())))
    assert count > 150
    for index in range(1, count):
        tree = parse(toy_model().SerializeToString())
        node = _all_fields(tree)[index]
        if node.wire in (0, 2) or change is overlong_tag:
            change(node)
            assert slug_of(encode(tree)) in {"model-malformed", "model-truncated"}


def _all_fields(nodes: list[Node]) -> list[Node]:
    return [node for item in nodes for node in (item, *_all_fields(item.children or []))]


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"\x08" + b"\xff" * 10 + b"\x01", "model-malformed"),
        (b"\x08" + b"\xff" * 9 + b"\x02", "model-malformed"),
        (b"\x08\x0a\x0b", "model-malformed"),
        (b"\x08\x0a\x00\x01", "model-malformed"),
        (b"\x08\x0a\x3a\xff\xff\xff\xff\x0f", "model-truncated"),
        (b"\x08\x0a\x72\x03\x0a\x7f\x00\x72\x00", "model-malformed"),
        (b"\x08\x0a\x0d\x00\x00\x00\x00", "model-malformed"),
        (b"\x08", "model-truncated"),
        (b"\x08\x0a\x42\x02\x0a\x00", "model-not-onnx"),
        (b"\x08\x0a\x08\x0a", "model-malformed"),
        (b"\x08\x0a\x1a\x00\x12\x00", "model-malformed"),
        (b"\x08\x0a\x12\x01\xff", "model-malformed"),
        (b"\x08\x0a\x12\x03\xed\xa0\x80", "model-malformed"),
    ],
    ids=[
        "varint", "65-bits", "group", "field-0", "overlong", "nested", "fixed32", "cut", "no-graph",
        "twice", "order", "utf-8", "surrogate",
    ],
)  # fmt: skip
def test_the_wire_format_is_checked(data: bytes, slug: str) -> None:
    assert slug_of(data) == slug


def test_packed_and_unpacked_fields_are_as_protobuf_writes_them() -> None:
    tensor = b"\x08\x01\x10\x01\x42\x01b"
    for body in (b"\x22\x00", b"\x22\x03abc", b"\x25" + bytes(4), b"\x2a\x00", b"\x2a\x02\x80\x00"):
        data = _with_tensor(tensor[:4] + body + tensor[4:])
        assert slug_of(data) == "model-malformed"
    assert slug_of(_with_tensor(b"\x0a\x01\x01" + tensor[2:])) == "model-malformed"
    walk_onnx(_with_tensor(tensor + b"\x4a\x04" + bytes(4)))


def _with_tensor(tensor: bytes) -> bytes:
    tree = parse(toy_model().SerializeToString())
    graph = next(node for node in tree if node.number == 7)
    fields = graph.children or []
    last = max(index for index, node in enumerate(fields) if node.number == 5)
    fields.insert(last + 1, Node(5, 2, payload=tensor))
    return encode(tree)


@pytest.mark.parametrize(
    "operator", ["ConstantOfShape", "Expand", "Tile", "Resize", "Range", "Loop"]
)
def test_operators_that_make_much_of_little_are_not_in_the_list(operator: str) -> None:
    nodes = [helper.make_node(operator, ["frame"], ["logits"])]
    assert slug_of(model(nodes, {}).SerializeToString()) == "model-operator-refused"


def test_constants_whose_product_is_folded_at_load_count_as_work() -> None:
    nodes = [
        helper.make_node("MatMul", ["m" if i == 0 else f"m{i}", "m"], [f"m{i + 1}"])
        for i in range(40)
    ]
    weights = {"m": np.ones((600, 600), np.float32)}
    with pytest.raises(ModelError, match="multiply-adds, allowed are") as caught:
        walk_onnx(model(nodes, weights).SerializeToString())
    assert caught.value.slug == "model-too-complex"


@pytest.mark.parametrize("limit", ["MAX_ELEMENTS", "MAX_TOTAL_ELEMENTS", "MAX_MULTIPLY_ADDS"])
def test_the_heaviest_graphs_lie_just_below_the_limits(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: make().SerializeToString() for name, make in HEAVIEST.items()}
    for data in files.values():
        walk_onnx(data)
    monkeypatch.setattr(onnx_walk, limit, getattr(onnx_walk, limit) * 7 // 8)
    assert "model-too-complex" in {_verdict(data) for data in files.values()}


def _verdict(data: bytes) -> str:
    try:
        walk_onnx(data)
    except ModelError as error:
        return error.slug
    return "accepted"


def test_parts_are_counted() -> None:
    relus = [helper.make_node("Relu", ["frame"], [f"r{i}"]) for i in range(2049)]
    assert slug_of(model(relus, {}).SerializeToString()) == "model-too-complex"
    joined = [helper.make_node("Concat", ["frame"] * 65, ["c"], axis=0)]
    assert slug_of(model(joined, {}).SerializeToString()) == "model-graph-invalid"


def test_tensors_have_at_most_six_axes() -> None:
    from random import Random

    b = Builder(Random(0))
    for _ in range(3):
        b.add("Unsqueeze", b.shape, b.constant(np.array([0], np.int64)))
    nodes = model(b.nodes, {}, (1, 1, 16, 16))
    nodes.graph.initializer.extend(b.initializers)
    assert slug_of(nodes.SerializeToString()) == "model-graph-invalid"


def test_many_small_graphs_are_accepted() -> None:
    from random import Random

    seen: set[str] = set()
    for seed in range(400):
        _, graph, _ = walk_onnx(generated(Random(seed)).SerializeToString())
        seen |= graph.operators
    assert seen == set(OPERATORS)


def test_the_varint_of_the_tests_is_protobufs() -> None:
    for value in (0, 1, 127, 128, 300, 2**32, 2**64 - 1):
        message = onnx.OperatorSetIdProto(version=value - 2**64 if value >= 2**63 else value)
        assert message.SerializeToString() == b"\x10" + varint(value)


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


def other_attention(graph: onnx.GraphProto) -> None:
    graph.output[1].type.tensor_type.shape.dim[1].dim_value = 12
    graph.output[1].type.tensor_type.shape.dim[2].dim_value = 9


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
        other_attention,
        swapped_outputs,
    ],
)
def test_the_signature_must_be_that_of_the_metadata(
    change: Callable[[onnx.GraphProto], None],
) -> None:
    assert changed_signature(change) == "model-signature-mismatch"


@pytest.mark.parametrize("value", [2**31, 2**32 + 1, 2**63 + 1, 2**64 - 2**31 - 1])
def test_an_int32_that_protobuf_would_cut_to_32_bits_is_refused(value: int) -> None:
    tree = parse(toy_model().SerializeToString())
    graph = next(node for node in tree if node.number == 7).children or []
    tensor = next(node for node in graph if node.number == 5).children or []
    next(node for node in tensor if node.number == 2).value = value
    assert slug_of(encode(tree)) == "model-malformed"
    packed = b"\x08\x01\x10\x06\x2a" + varint(len(varint(value))) + varint(value) + b"\x42\x01b"
    assert slug_of(_with_tensor(packed)) == "model-malformed"


@pytest.mark.parametrize(
    ("operator", "inputs"),
    [
        ("Clip", ["frame", "computed"]),
        ("Clip", ["frame", "", "computed"]),
        ("QuantizeLinear", ["frame", "computed"]),
        ("QuantizeLinear", ["frame", "scale", "computed_zero"]),
    ],
)
def test_limits_scales_and_zero_points_are_initializers(operator: str, inputs: list[str]) -> None:
    nodes = [
        helper.make_node("Identity", ["scale"], ["computed"]),
        helper.make_node("QuantizeLinear", ["scale", "scale"], ["computed_zero"]),
        helper.make_node(operator, inputs, ["x"]),
    ]
    file = model(nodes, {"scale": np.float32(0.5)})
    with pytest.raises(ModelError, match="it must be an initializer") as caught:
        walk_onnx(file.SerializeToString())
    assert caught.value.slug == "model-graph-invalid"


def test_fields_anywhere_share_one_budget() -> None:
    node = b"\x0a\x05frame" * (MAX_FIELDS + 1)
    tree = parse(toy_model().SerializeToString())
    graph = next(item for item in tree if item.number == 7)
    (graph.children or []).insert(0, Node(1, 2, payload=node))
    with pytest.raises(ModelError, match="too many fields"):
        walk_onnx(encode(tree))
    with pytest.raises(ModelError, match="too many fields"):
        walk_onnx(_with_tensor(b"\x2a" + varint(MAX_FIELDS + 1) + b"\x01" * (MAX_FIELDS + 1)))


def test_an_attribute_given_twice_is_refused() -> None:
    model = toy_model()
    model.graph.node[0].attribute.append(model.graph.node[0].attribute[0])
    assert slug_of(model.SerializeToString()) == "model-operator-refused"


@pytest.mark.parametrize(
    ("weight", "bias", "group", "fits"),
    [
        ((4, 2, 3, 3), (4,), 2, True),
        ((3, 2, 3, 3), (3,), 2, False),
        ((4, 4, 3, 3), (4,), 2, False),
        ((4, 2, 3, 3), (3,), 2, False),
        ((4, 2, 3), (4,), 2, False),
        ((4, 2, 9, 9), (4,), 2, False),
    ],
)
def test_a_convolution_fits_its_input(
    weight: tuple[int, ...], bias: tuple[int, ...], group: int, fits: bool
) -> None:
    nodes = [
        helper.make_node("Conv", ["frame", "w", "b"], ["x"], group=group),
        helper.make_node("GlobalMaxPool", ["x"], ["y"]),
        helper.make_node("Flatten", ["y"], ["logits"]),
    ]
    weights = {"w": np.ones(weight, np.float32), "b": np.ones(bias, np.float32)}
    data = model(nodes, weights, (1, 4, 8, 8), (1, weight[0])).SerializeToString()
    assert _verdict(data) == ("accepted" if fits else "model-graph-invalid")


@pytest.mark.parametrize(("pad", "fits"), [(0, True), (1, True), (2, False), (3, False)])
@pytest.mark.parametrize("place", range(4))
def test_padding_is_narrower_than_the_window(pad: int, fits: bool, place: int) -> None:
    pads = [0] * 4
    pads[place] = pad
    nodes = [
        helper.make_node("MaxPool", ["frame"], ["x"], kernel_shape=[2, 2], pads=pads),
        helper.make_node("GlobalMaxPool", ["x"], ["y"]),
        helper.make_node("Flatten", ["y"], ["logits"]),
    ]
    data = model(nodes, {}, (1, 4, 8, 8), (1, 4)).SerializeToString()
    assert _verdict(data) == ("accepted" if fits else "model-graph-invalid")


def outcome(operator: str, *shapes: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """The shape and the work of an operator on float inputs."""
    values = {f"in{at}": Value(TensorProto.FLOAT, shape) for at, shape in enumerate(shapes)}
    found = infer_node(operator, tuple(values), (), values, 18)
    return found.shape, found.work


@pytest.mark.parametrize(
    ("operator", "shapes", "shape", "work"),
    [
        ("Relu", [(2, 3, 4)], (2, 3, 4), 24),
        ("Add", [(2, 1, 4), (3, 1)], (2, 3, 4), 24),
        ("MatMul", [(2, 3), (3, 5)], (2, 5), 30),
        ("MatMul", [(7, 2, 3), (3, 5)], (7, 2, 5), 210),
        ("MatMul", [(1, 2, 3), (7, 3, 5)], (7, 2, 5), 210),
    ],
)
def test_shapes_and_work_are_those_of_the_standard(
    operator: str, shapes: list[tuple[int, ...]], shape: tuple[int, ...], work: int
) -> None:
    assert outcome(operator, *shapes) == (shape, work)
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node(operator, [f"in{at}" for at in range(len(shapes))], ["out"])],
            "one",
            [helper.make_tensor_value_info(f"in{at}", TensorProto.FLOAT, given)
             for at, given in enumerate(shapes)],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
    )  # fmt: skip
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph.output[0]
    assert tuple(dim.dim_value for dim in inferred.type.tensor_type.shape.dim) == shape


@pytest.mark.parametrize(
    ("operator", "shapes"),
    [("Add", [(2, 3), (2, 4)]), ("Mul", [(4, 1, 3), (2, 2, 3)]), ("MatMul", [(2, 3), (2, 5)]),
     ("MatMul", [(2, 2, 3), (3, 3, 5)])],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(operator: str, shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ModelError) as caught:
        outcome(operator, *shapes)
    assert caught.value.slug == "model-graph-invalid"


@pytest.mark.parametrize("stored", ["f and i", "i alone", "type of i"])
def test_an_attribute_is_stored_where_its_type_says(stored: str) -> None:
    model = onnx.load_from_string(toy_student())
    gemm = next(node for node in model.graph.node if node.op_type == "Gemm")
    attribute = gemm.attribute.add(name="alpha", type=onnx.AttributeProto.FLOAT)
    if stored != "i alone":
        attribute.f = 1.0
    if stored == "type of i":
        attribute.type = onnx.AttributeProto.INT
    else:
        attribute.i = 1
    with pytest.raises(ModelError, match="alpha") as caught:
        walk_onnx(model.SerializeToString())
    assert caught.value.slug == "model-operator-refused"

"""Operators, attributes and shapes: a list of those allowed, held against the ONNX standard."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sdk import ModelError
from sdk.model_file.nodes import infer_node
from sdk.model_file.onnx_walk import walk_onnx
from sdk.model_file.operators import OPERATORS
from sdk.model_file.values import Value
from tests.sdk.model_fuzz.heaviest import model
from tests.sdk.onnx_walks import slug_of, verdict
from tests.sdk.toy_student import toy_model, toy_student

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


@pytest.mark.parametrize(
    "operator", ["ConstantOfShape", "Expand", "Tile", "Resize", "Range", "Loop"]
)
def test_operators_that_make_much_of_little_are_not_in_the_list(operator: str) -> None:
    nodes = [helper.make_node(operator, ["frame"], ["logits"])]
    assert slug_of(model(nodes, {}).SerializeToString()) == "model-operator-refused"


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
    assert verdict(data) == ("accepted" if fits else "model-graph-invalid")


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
    assert verdict(data) == ("accepted" if fits else "model-graph-invalid")


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
    made = helper.make_model(
        helper.make_graph(
            [helper.make_node(operator, [f"in{at}" for at in range(len(shapes))], ["out"])],
            "one",
            [helper.make_tensor_value_info(f"in{at}", TensorProto.FLOAT, given)
             for at, given in enumerate(shapes)],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
    )  # fmt: skip
    inferred = onnx.shape_inference.infer_shapes(made, strict_mode=True).graph.output[0]
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

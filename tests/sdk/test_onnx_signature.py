"""Inputs and outputs are those that the metadata describes."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import pytest
from onnx import TensorProto, helper

from sdk import ModelError
from sdk.model_file import parse_model_file
from sdk.model_file.digest import seal
from tests.sdk.toy_student import toy_student


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

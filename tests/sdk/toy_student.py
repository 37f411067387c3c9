"""A tiny random student, made without PyTorch, so that no test depends on the trained one.

It has what a student has: a static input of 144 x 192, logits, and an attention map that weights
its features. Its weights are random and its labels mean nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.packaging.packaging import ModelCard, package
from sdk.preprocess import Preprocessing

LABELS = ("head", "abdomen", "femur", "background")
HEIGHT, WIDTH = 144, 192
CHANNELS, STRIDE = 6, 16
ROWS, COLUMNS = HEIGHT // STRIDE, WIDTH // STRIDE

CARD = ModelCard(
    student_id="toy",
    precision="fp32",
    labels=LABELS,
    preprocessing=Preprocessing(width=WIDTH, height=HEIGHT, mean=0.2, std=0.25),
    temperature=1.5,
    abstain_below=dict.fromkeys(LABELS, 0.3),
    provenance={"training_data": [{"name": "none", "licence": "none"}], "seeds": [0]},
    attribution="Random weights, taught nothing.",
)


def toy_weights(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) * 0.2).astype(np.float32)

    return {
        "conv.weight": draw(CHANNELS, 1, STRIDE, STRIDE),
        "conv.bias": draw(CHANNELS),
        "look.weight": draw(1, CHANNELS, 1, 1),
        "head.weight": draw(CHANNELS, len(LABELS)) * 20,
        "head.bias": draw(len(LABELS)),
        "flat": np.array([1, ROWS * COLUMNS], np.int64),
        "map": np.array([1, ROWS, COLUMNS], np.int64),
        "plane": np.array([1, 1, ROWS, COLUMNS], np.int64),
        "axes": np.array([2, 3], np.int64),
    }


def toy_nodes(frame: str = "frame", weight: str = "conv.weight") -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Conv", [frame, weight, "conv.bias"], ["raw"], strides=[STRIDE, STRIDE]),
        node("Relu", ["raw"], ["features"]),
        node("Conv", ["features", "look.weight"], ["looked"]),
        node("Reshape", ["looked", "flat"], ["scores"]),
        node("Softmax", ["scores"], ["weights"], axis=-1),
        node("Reshape", ["weights", "map"], ["attention"]),
        node("Reshape", ["weights", "plane"], ["mask"]),
        node("Mul", ["features", "mask"], ["weighted"]),
        node("ReduceSum", ["weighted", "axes"], ["pooled"], keepdims=0),
        node("Gemm", ["pooled", "head.weight", "head.bias"], ["logits"]),
    ]


def toy_model(seed: int = 0) -> onnx.ModelProto:
    return _model(toy_nodes(), toy_weights(seed))


def toy_int8_model(seed: int = 0) -> onnx.ModelProto:
    """The same student with its first convolution quantised (QDQ, U8U8)."""
    weights = toy_weights(seed)
    kernel = weights.pop("conv.weight")
    scale = np.float32(np.abs(kernel).max() / 127)
    weights |= {
        "conv.weight_quantized": np.clip(np.rint(kernel / scale) + 128, 0, 255).astype(np.uint8),
        "conv.weight_scale": scale,
        "conv.weight_zero": np.uint8(128),
        "frame_scale": np.float32(4.0 / 255),
        "frame_zero": np.uint8(51),
    }
    node = helper.make_node
    quantised = [
        node("QuantizeLinear", ["frame", "frame_scale", "frame_zero"], ["frame_q"]),
        node("DequantizeLinear", ["frame_q", "frame_scale", "frame_zero"], ["frame_dq"]),
        node(
            "DequantizeLinear",
            ["conv.weight_quantized", "conv.weight_scale", "conv.weight_zero"],
            ["conv.weight_dq"],
        ),
    ]
    return _model(quantised + toy_nodes("frame_dq", "conv.weight_dq"), weights)


def _model(nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "toy",
        [value("frame", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])],
        [
            value("logits", TensorProto.FLOAT, [1, len(LABELS)]),
            value("attention", TensorProto.FLOAT, [1, ROWS, COLUMNS]),
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


@lru_cache
def toy_student(precision: str = "fp32", seed: int = 0) -> bytes:
    """The complete bytes of a packaged toy student file."""
    model = toy_model(seed) if precision == "fp32" else toy_int8_model(seed)
    return package(model, replace(CARD, precision=precision))

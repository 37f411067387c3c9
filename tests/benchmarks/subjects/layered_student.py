"""A student of random weights with every kind of layer that students of this project have."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from export.models.open_set import OpenSetHead
from export.packaging.novelty import Measures, with_novelty
from export.packaging.prototypes import Prototypes

HEIGHT, WIDTH = 40, 56
# both halve 40 x 56 twice: dense, then depthwise, then a residual whose input is read twice
KERNELS = {
    "a": (8, 1, 3, 3),
    "b": (8, 1, 5, 5),
    "c": (12, 8, 1, 1),
    "d": (12, 12, 3, 3),
    "look": (1, 12, 1, 1),
}


def layered_student(novelty: bool = False) -> onnx.ModelProto:
    rng = np.random.default_rng(11)
    values = {
        **{name: rng.normal(0, 0.3, shape) for name, shape in KERNELS.items()},
        **{f"{name}_bias": rng.normal(size=KERNELS[name][0]) for name in "abcd"},
        "head": rng.normal(size=(4, 12)),
        "head_bias": rng.normal(size=4),
    }
    weights = {name: value.astype(np.float32) for name, value in values.items()}
    weights["one_map"] = np.array([1, 1, -1], np.int64)
    weights["maps"] = np.array([1, 12, -1], np.int64)
    weights["places"] = np.array([1, HEIGHT // 4, WIDTH // 4], np.int64)
    weights["last"] = np.array([2], np.int64)
    output = helper.make_tensor_value_info
    graph = helper.make_graph(
        _nodes(),
        "layered",
        [output("frame", TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])],
        [
            output("logits", TensorProto.FLOAT, [1, 4]),
            output("attention", TensorProto.FLOAT, [1, HEIGHT // 4, WIDTH // 4]),
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if not novelty:
        return model
    prototypes = Prototypes(rng.normal(size=(6, 12)), rng.normal(0, 0.1, (3, 12)), 0.5)
    torch.manual_seed(3)
    trunk_channels, labels = 8, 4
    return with_novelty(model, Measures(prototypes, OpenSetHead(trunk_channels, labels, 3, 5)))


def _nodes() -> list[onnx.NodeProto]:
    node = helper.make_node
    halves = {"strides": [2, 2]}
    return [
        node("Conv", ["frame", "a", "a_bias"], ["a0"], pads=[1, 1, 1, 1], **halves),
        node("Relu", ["a0"], ["a1"]),
        node("Conv", ["a1", "b", "b_bias"], ["b0"], pads=[2, 2, 2, 2], group=8, **halves),
        node("Conv", ["b0", "c", "c_bias"], ["c0"]),
        node("Conv", ["c0", "d", "d_bias"], ["d0"], pads=[1, 1, 1, 1]),
        node("Relu", ["d0"], ["d1"]),
        node("Add", ["d0", "d1"], ["e0"]),
        node("Add", ["c0", "e0"], ["e1"]),
        node("Relu", ["e1"], ["features"]),
        node("Conv", ["features", "look"], ["looked"]),
        node("Reshape", ["looked", "one_map"], ["scores"]),
        node("Softmax", ["scores"], ["shares"], axis=2),
        node("Reshape", ["features", "maps"], ["flat"]),
        node("Mul", ["flat", "shares"], ["weighted"]),
        node("ReduceSum", ["weighted", "last"], ["pooled"], keepdims=0),
        node("Gemm", ["pooled", "head", "head_bias"], ["logits"], transB=1),
        node("Reshape", ["shares", "places"], ["attention"]),
    ]

"""The heaviest graphs that the walk's limits let through, each heavy in another way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = tuple[int, ...]
_value = helper.make_tensor_value_info


def model(
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    frame: Shape = (1, 1, 2048, 2048),
    logits: Shape = (1, 1),
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "heavy",
        [_value("frame", TensorProto.FLOAT, frame)],
        [_value("logits", TensorProto.FLOAT, logits)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _ones(*shape: int) -> np.ndarray:
    return np.full(shape, 1e-3, np.float32)


def _ended(nodes: list[onnx.NodeProto], last: str) -> list[onnx.NodeProto]:
    return [
        *nodes,
        helper.make_node("GlobalMaxPool", [last], ["ended"]),
        helper.make_node("Flatten", ["ended"], ["logits"]),
    ]


def _added(names: list[str]) -> list[onnx.NodeProto]:
    """Keep many tensors alive until they are added, the first one last."""
    nodes, last = [], names[-1]
    for index, name in enumerate(reversed(names[:-1])):
        nodes.append(helper.make_node("Add", [last, name], [f"sum{index}"]))
        last = f"sum{index}"
    return _ended(nodes, last)


def kept_alive(operator: str, count: int, **attributes: object) -> onnx.ModelProto:
    """A chain of one elementwise operator, every tensor of which is kept to the end."""
    names = ["frame", *(f"x{i}" for i in range(count))]
    chain = [
        helper.make_node(operator, [names[i]], [names[i + 1]], **attributes) for i in range(count)
    ]
    return model([*chain, *_added(names)], {})


def narrow_convs() -> onnx.ModelProto:
    """Convolutions to one channel, which a runtime may pad to its vector; all kept alive."""
    names = ["frame", *(f"x{i}" for i in range(7))]
    chain = [
        helper.make_node("Conv", [names[i], "w"], [names[i + 1]], pads=[1] * 4) for i in range(7)
    ]
    frame = (1, 1, 640, 640)
    return model([*chain, *_added(names)], {"w": _ones(1, 1, 3, 3)}, frame)


def dense_conv() -> onnx.ModelProto:
    """One convolution of as many multiply-adds as are allowed."""
    nodes = [helper.make_node("Conv", ["frame", "w"], ["x"], strides=[8, 8])]
    weights = {"w": _ones(120, 1, 8, 8)}
    return model(_ended(nodes, "x"), weights, logits=(1, 120))


def depthwise(quantised: bool) -> onnx.ModelProto:
    """A large depthwise window, in fp32 or between quantised tensors."""
    frame, kernel, source = (1, 120, 120, 120), 17, "frame"
    weights: dict[str, np.ndarray] = {"w": _ones(120, 1, kernel, kernel)}
    nodes = []
    pads = [kernel // 2] * 4
    if quantised:
        weights = {
            "wq": np.full((120, 1, kernel, kernel), 130, np.uint8), "s": np.float32(0.01),
            "z": np.uint8(128),
        }  # fmt: skip
        nodes = [
            helper.make_node("QuantizeLinear", ["frame", "s", "z"], ["fq"]),
            helper.make_node("DequantizeLinear", ["fq", "s", "z"], ["fd"]),
            helper.make_node("DequantizeLinear", ["wq", "s", "z"], ["w"]),
        ]
        source = "fd"
    nodes.append(helper.make_node("Conv", [source, "w"], ["y"], group=120, pads=pads))
    last = "y"
    if quantised:
        nodes += [
            helper.make_node("QuantizeLinear", ["y", "s", "z"], ["yq"]),
            helper.make_node("DequantizeLinear", ["yq", "s", "z"], ["yd"]),
        ]
        last = "yd"
    return model(_ended(nodes, last), weights, frame, (1, 120))


def constant_products() -> onnx.ModelProto:
    """A chain of products of constants, which a runtime folds when it loads the file."""
    side, nodes, last = 400, [], "m"
    for index in range(8):
        nodes.append(helper.make_node("MatMul", [last, "m"], [f"m{index}"]))
        last = f"m{index}"
    nodes += [
        helper.make_node("ReduceMax", [last, "axes"], ["c"], keepdims=1),
        helper.make_node("Add", ["frame", "c"], ["x"]),
    ]
    weights = {"m": _ones(side, side), "axes": np.array([0, 1], np.int64)}
    return model(_ended(nodes, "x"), weights, (1, 1, 16, 16))


def constant_broadcast() -> onnx.ModelProto:
    """Small constants whose sums are as large as is allowed, folded when the file is loaded."""
    nodes, last = [], "row"
    for index in range(7):
        nodes.append(helper.make_node("Add", [last, "column"], [f"a{index}"]))
        last = f"a{index}"
    nodes.append(helper.make_node("Add", [last, "frame"], ["x"]))
    weights = {"row": _ones(1, 1, 1, 2048), "column": _ones(1, 4, 1020, 1)}
    return model(_ended(nodes, "x"), weights, (1, 1, 1, 1), (1, 4))


def folded_weights() -> onnx.ModelProto:
    """Constants as large as is allowed, folded, kept, and packed for products with the frame."""
    nodes, last = [], "frame"
    for index in range(7):
        nodes += [
            helper.make_node("Add", [f"row{index}", "column"], [f"a{index}"]),
            helper.make_node("MatMul", [last, f"a{index}"], [f"x{index}"]),
        ]
        last = f"x{index}"
    weights = {f"row{index}": _ones(1, 1, 1, 2880) * index for index in range(7)}
    weights["column"] = _ones(1, 1, 2880, 1)
    return model(_ended(nodes, last), weights, (1, 1, 1, 2880))


def folded_quantised_weights() -> onnx.ModelProto:
    """The same, from bytes: dequantised when the file is loaded."""
    nodes, last = [], "frame"
    for index in range(5):
        nodes += [
            helper.make_node("DequantizeLinear", [f"w{index}", "s", "z"], [f"a{index}"]),
            helper.make_node("MatMul", [last, f"a{index}"], [f"x{index}"]),
        ]
        last = f"x{index}"
    weights: dict[str, np.ndarray] = {"s": np.float32(1e-3), "z": np.uint8(128)}
    weights |= {f"w{index}": np.full((2500, 2500), 120 + index, np.uint8) for index in range(5)}
    return model(_ended(nodes, last), weights, (1, 1, 1, 2500))


def quantised_weights() -> onnx.ModelProto:
    """As many bytes of weights as fit, which become float32 when the file is loaded."""
    weights: dict[str, np.ndarray] = {"s": np.float32(0.01), "z": np.uint8(128)}
    nodes, last = [], "frame"
    for index in range(3):
        weights[f"w{index}"] = np.full((1, 1, 2048, 3600), 130, np.uint8)
        nodes += [
            helper.make_node("DequantizeLinear", [f"w{index}", "s", "z"], [f"d{index}"]),
            helper.make_node("Add", [f"d{index}", last], [f"x{index}"]),
        ]
        last = f"x{index}"
    return model(_ended(nodes, last), weights, (1, 1, 2048, 1))


def many_nodes() -> onnx.ModelProto:
    """As many nodes as are allowed."""
    names = ["frame", *(f"x{i}" for i in range(2045))]
    operators = ("Relu", "Sigmoid", "Tanh", "Erf", "Identity")
    nodes = [
        helper.make_node(operators[i % 5], [a], [b]) for i, (a, b) in enumerate(pairwise(names))
    ]
    return model(_ended(nodes, names[-1]), {}, (1, 1, 16, 16))


def large_product() -> onnx.ModelProto:
    """One product of matrices of as many multiply-adds as are allowed."""
    nodes = [helper.make_node("MatMul", ["frame", "m"], ["x"])]
    return model(_ended(nodes, "x"), {"m": _ones(1024, 512)}, (1, 1, 1000, 1024))


def wide_pool() -> onnx.ModelProto:
    """A pooling window of as many terms as are allowed."""
    nodes = [helper.make_node("AveragePool", ["frame"], ["x"], kernel_shape=[90, 90])]
    return model(_ended(nodes, "x"), {}, (1, 1, 344, 344))


HEAVIEST: dict[str, Callable[[], onnx.ModelProto]] = {
    "tensors of a sigmoid kept alive": lambda: kept_alive("Sigmoid", 6),
    "tensors of a softmax kept alive": lambda: kept_alive("Softmax", 6, axis=2),
    "transposed tensors kept alive": lambda: kept_alive("Transpose", 6, perm=[0, 1, 3, 2]),
    "convolutions to one channel": narrow_convs,
    "one dense convolution": dense_conv,
    "depthwise, fp32": lambda: depthwise(False),
    "depthwise, int8": lambda: depthwise(True),
    "products of constants": constant_products,
    "broadcast constants": constant_broadcast,
    "folded weights": folded_weights,
    "folded quantised weights": folded_quantised_weights,
    "quantised weights": quantised_weights,
    "2,047 nodes": many_nodes,
    "one product of matrices": large_product,
    "one wide pooling": wide_pool,
}

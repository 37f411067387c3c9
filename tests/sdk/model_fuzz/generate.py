"""Random small students: graphs of allowed operators, some of whose attributes are wrong."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 16
Shape = tuple[int, ...]


class Builder:
    """Appends nodes to a graph, following the shape of the last tensor."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.last, self.shape = "frame", (1, 1, SIDE, SIDE)
        self.opset = rng.choice([18, 18, 19, 20])
        self.values = np.random.default_rng(rng.randrange(2**32))

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, *shape: int) -> str:
        return self.constant(self.values.standard_normal(shape).astype(np.float32))

    def typed(self, dtype: int, values: list[float], dims: Shape = ()) -> str:
        """Store a constant in its typed field, as onnxruntime's quantiser does."""
        name = f"c{len(self.initializers)}"
        self.initializers.append(helper.make_tensor(name, dtype, dims, values))
        return name

    def add(self, operator: str, shape: Shape, *more: str, **attributes: object) -> None:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.last, *more], [name], **attributes))
        self.last, self.shape = name, shape


def _window(b: Builder, kernel: int, stride: int, dilation: int = 1) -> tuple[Shape, dict]:  # type: ignore[type-arg]
    reach = (kernel - 1) * dilation + 1
    pads = [b.rng.randrange(max(1, min(reach, 3))) for _ in range(4)]
    sizes = []
    for axis in (0, 1):
        room = b.shape[axis + 2] + pads[axis] + pads[axis + 2] - reach
        sizes.append(room // stride + 1)
    return tuple(sizes), {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": pads}


def conv(b: Builder) -> None:
    channels = b.shape[1]
    group = b.rng.choice([1, channels])
    filters = group * b.rng.choice([1, 2])
    kernel = b.rng.choice([1, 2, 3])
    if min(b.shape[2:]) < kernel:
        return
    places, attributes = _window(b, kernel, b.rng.choice([1, 2]))
    more = [b.weights(filters, channels // group, kernel, kernel)]
    if b.rng.random() < 0.5:
        more.append(b.weights(filters))
    b.add("Conv", (1, filters, *places), *more, group=group, **attributes)


def pool(b: Builder) -> None:
    kernel = b.rng.choice([1, 2, 3])
    if min(b.shape[2:]) < kernel:
        return
    places, attributes = _window(b, kernel, b.rng.choice([1, 2]))
    b.add(b.rng.choice(["MaxPool", "AveragePool"]), (*b.shape[:2], *places), **attributes)


def activation(b: Builder) -> None:
    names = ["Relu", "Sigmoid", "Tanh", "Erf", "HardSwish", "HardSigmoid", "LeakyRelu", "Identity"]
    names += ["Gelu"] if b.opset >= 20 else []
    b.add(b.rng.choice(names), b.shape)


def clip(b: Builder) -> None:
    limits = [b.constant(np.float32(0)), b.constant(np.float32(6))]
    b.add("Clip", b.shape, *limits[: b.rng.randint(1, 2)])


def arithmetic(b: Builder) -> None:
    dims = [n if b.rng.random() < 0.6 else 1 for n in b.shape]
    other = b.rng.choice([b.last, b.weights(*dims[b.rng.randrange(len(dims) + 1) :])])
    b.add(b.rng.choice(["Add", "Sub", "Mul", "Div"]), b.shape, other)


def prelu(b: Builder) -> None:
    b.add("PRelu", b.shape, b.weights(b.shape[1], 1, 1))


def batch_norm(b: Builder) -> None:
    statistics = [b.weights(b.shape[1]) for _ in range(3)]
    variance = b.constant(np.ones(b.shape[1], np.float32))
    b.add("BatchNormalization", b.shape, *statistics, variance, epsilon=1e-5)


def qdq(b: Builder) -> None:
    scale = b.typed(TensorProto.FLOAT, [0.05])
    zero = b.typed(b.rng.choice([TensorProto.UINT8, TensorProto.INT8]), [b.rng.randrange(100)])
    if b.rng.random() < 0.3:
        scale = b.constant(np.full(b.shape[1], 0.05, np.float32))
        zero = b.typed(TensorProto.INT8, [-3] * b.shape[1], (b.shape[1],))
    shape = b.shape
    b.add("QuantizeLinear", shape, scale, zero, axis=1)
    b.add("DequantizeLinear", shape, scale, zero, axis=1)


def concat(b: Builder) -> None:
    axis = b.rng.randrange(1, 4)
    dims = list(b.shape)
    dims[axis] *= 2
    if max(dims) <= 32:
        b.add("Concat", tuple(dims), b.last, axis=axis)


def transpose(b: Builder) -> None:
    perm = b.rng.choice([[0, 1, 3, 2], [0, 1, 2, 3]])
    b.add("Transpose", tuple(b.shape[axis] for axis in perm), perm=perm)


def cut(b: Builder) -> None:
    axis = b.rng.choice([2, 3])
    size = b.shape[axis]
    start, step = b.rng.randrange(-2, min(size, 2)), b.rng.choice([1, 2])
    dims = list(b.shape)
    dims[axis] = len(range(size)[start : size + 9 : step])
    lists = [[start], [size + 9], [axis - b.rng.choice([0, 4])], [step]]
    b.add("Slice", tuple(dims), *(b.constant(np.array(item, np.int64)) for item in lists))


def reduction(b: Builder) -> None:
    dims = list(b.shape)
    axis = b.rng.choice([2, 3])
    dims[axis] = 1
    axes = b.constant(np.array([axis - b.rng.choice([0, 4])], np.int64))
    b.add(b.rng.choice(["ReduceMean", "ReduceSum", "ReduceMax"]), tuple(dims), axes, keepdims=1)


def squeeze(b: Builder) -> None:
    axes = b.constant(np.array([0], np.int64))
    shape = b.shape
    b.add("Squeeze", shape[1:], axes)
    b.add("Unsqueeze", shape, axes)


def matmul(b: Builder) -> None:
    wide = b.rng.randint(1, 4)
    b.add("MatMul", (*b.shape[:3], wide), b.weights(b.shape[3], wide))


def softmax(b: Builder) -> None:
    b.add("Softmax", b.shape, axis=b.rng.randrange(-4, 4))


BLOCKS: tuple[Callable[[Builder], None], ...] = (
    conv, conv, conv, pool, activation, activation, clip, arithmetic, prelu, batch_norm, qdq, qdq,
    concat, transpose, cut, reduction, squeeze, matmul, softmax,
)  # fmt: skip


def _head(b: Builder, labels: int) -> None:
    way = b.rng.randrange(3)
    if way == 0:
        b.add(b.rng.choice(["GlobalAveragePool", "GlobalMaxPool"]), (*b.shape[:2], 1, 1))
        b.add("Flatten", (1, b.shape[1]))
    elif way == 1:
        size = int(np.prod(b.shape))
        target = b.rng.choice([[1, -1], [0, size], [1, size]])
        b.add("Reshape", (1, size), b.constant(np.array(target, np.int64)))
    else:
        axes = b.constant(np.array([2, 3], np.int64))
        b.add("ReduceMean", b.shape[:2], axes, keepdims=0)
    kernel = b.weights(labels, b.shape[1])
    b.add("Gemm", (1, labels), kernel, b.weights(labels), transB=1)


def generated(rng: Random, blocks: int = 6) -> onnx.ModelProto:
    """Return a random student without metadata: `frame` to `logits`."""
    b = Builder(rng)
    for _ in range(rng.randint(0, blocks)):
        rng.choice(BLOCKS)(b)
    _head(b, 3)
    b.nodes[-1].output[0] = "logits"
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        b.nodes,
        "g",
        [value("frame", TensorProto.FLOAT, [1, 1, SIDE, SIDE])],
        [value("logits", TensorProto.FLOAT, [1, 3])],
        b.initializers,
    )
    ir_version = rng.choice([8, 9, 10]) if b.opset == 18 else 10
    opsets = [helper.make_opsetid("", b.opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)

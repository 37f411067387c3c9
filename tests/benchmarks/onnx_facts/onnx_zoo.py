"""Small models of every layout that a user's file may have, with numbers counted by hand.

The plain network: a 3x3 convolution of 3 to 5 channels with stride 2 on 8 x 10, a mean over the
plane, and a product with 5 x 4 weights: 160 parameters, 2,720 multiply-accumulates.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(0)
CONV, BIAS, HEAD = RNG.random((5, 3, 3, 3)), RNG.random(5), RNG.random((5, 4))
PARAMETERS, MACS = 5 * 27 + 5 + 20, 4 * 5 * 5 * 27 + 20
node, tensor = helper.make_node, numpy_helper.from_array


def value(name, kind=TensorProto.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, kind, shape)


def save(path, nodes, inputs, outputs, constants=(), opset=18, **more):
    functions = more.pop("functions", ())
    domains = more.pop("domains", ("com.microsoft",))
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(constants), **more)
    sets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    ir = 3 if opset < 9 else 8 if opset < 19 else 10
    model = helper.make_model(graph, opset_imports=sets, functions=functions, ir_version=ir)
    onnx.save(model, path)
    return path


def weights(dtype=np.float32):
    return [tensor(a.astype(dtype), n) for a, n in ((CONV, "w"), (BIAS, "b"), (HEAD, "h"))]


def body(frame="x", w="w", b="b", h="h"):
    return [
        node("Conv", [frame, w, b], ["c"], strides=[2, 2], pads=[1, 1, 1, 1], name="conv"),
        node("Relu", ["c"], ["r"], name="relu"),
        node("GlobalAveragePool", ["r"], ["p"], name="pool"),
        node("Flatten", ["p"], ["f"], name="flat"),
        node("MatMul", ["f", h], ["y"], name="head"),
    ]


def plain(path, opset=18, kind=TensorProto.FLOAT, dtype=np.float32, shape=(1, 3, 8, 10)):
    constants = weights(dtype)
    inputs = [value("x", kind, shape)]
    if opset < 9:  # weights had to be inputs as well
        inputs += [value(t.name, kind, t.dims) for t in constants]
    return save(path, body(), inputs, [value("y", kind)], constants, opset)


def constant_nodes(path):
    nodes = [node("Constant", [], [t.name], value=t) for t in weights()]
    return save(path, nodes + body(), [value("x", shape=(1, 3, 8, 10))], [value("y")])


def behind_moves(path):
    constants = [tensor(HEAD.T.astype("f4"), "ht"), tensor(CONV.ravel().astype("f4"), "flat_w")]
    constants += [tensor(np.array([5, 3, 3, 3]), "shape"), weights()[1]]
    nodes = [
        node("Transpose", ["ht"], ["h"]),
        node("Reshape", ["flat_w", "shape"], ["w0"]),
        node("Identity", ["w0"], ["w"]),
    ]
    return save(path, nodes + body(), [value("x", shape=(1, 3, 8, 10))], [value("y")], constants)


def cast_weights(path, kind):
    constants = [
        helper.make_tensor(f"{t.name}0", kind, t.dims, numpy_helper.to_array(t).ravel())
        for t in weights()
    ]
    nodes = [node("Cast", [f"{n}0"], [n], to=TensorProto.FLOAT) for n in "wbh"]
    return save(path, nodes + body(), [value("x", shape=(1, 3, 8, 10))], [value("y")], constants)


def sparse(path):
    head = np.zeros((5, 4), np.float32)
    head[0, 1] = head[2, 3] = 1.0
    values = tensor(head[head != 0], "h")
    packed = onnx.SparseTensorProto(
        dims=head.shape, values=values, indices=tensor(np.flatnonzero(head), "h_at")
    )
    graph = helper.make_graph(
        body(), "g", [value("x", shape=(1, 3, 8, 10))], [value("y")], weights()[:2]
    )
    graph.sparse_initializer.append(packed)
    sets = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), path)
    return path


def external(path):
    model = onnx.load(plain(path))
    onnx.save(model, path, save_as_external_data=True, location="m.bin", size_threshold=0)
    return path


def nhwc_uint8(path):
    nodes = [
        node("Cast", ["x"], ["x0"], to=TensorProto.FLOAT),
        node("Transpose", ["x0"], ["xf"], perm=[0, 3, 1, 2]),
    ]
    inputs = [value("x", TensorProto.UINT8, (1, 8, 10, 3))]
    return save(path, nodes + body("xf"), inputs, [value("y")], weights())


def two_inputs(path):
    nodes = [*body(), node("Add", ["y", "prior"], ["z"])]
    inputs = [value("x", shape=("n", 3, 8, 10)), value("prior", shape=("n", 4))]
    return save(path, nodes, inputs, [value("z")], weights())


def sequence_output(path):
    nodes = [*body(), node("SequenceConstruct", ["y", "f"], ["s"])]
    out = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)
    return save(path, nodes, [value("x", shape=(1, 3, 8, 10))], [out], weights())


def branches(path):
    """Both branches have weights of their own; one of them runs."""
    then = helper.make_graph(
        [node("MatMul", ["f", "h1"], ["y1"])],
        "t",
        [],
        [value("y1")],
        [tensor(HEAD.astype("f4"), "h1")],
    )
    other = helper.make_graph([node("MatMul", ["f", "h"], ["y2"])], "e", [], [value("y2")])
    nodes = [*body()[:4], node("If", ["yes"], ["y"], then_branch=then, else_branch=other)]
    constants = [*weights(), tensor(np.array(True), "yes")]
    return save(path, nodes, [value("x", shape=(1, 3, 8, 10))], [value("y")], constants)


def loop(path):
    """Three rounds of a 4 x 4 product behind the plain network."""
    step = helper.make_graph(
        [node("Identity", ["go"], ["on"]), node("MatMul", ["state", "square"], ["next"])],
        "l",
        [value("i", TensorProto.INT64, ()), value("go", TensorProto.BOOL, ()), value("state")],
        [value("on", TensorProto.BOOL, ()), value("next")],
    )
    nodes = [*body(), node("Loop", ["rounds", "yes", "y"], ["z"], body=step)]
    constants = [*weights(), tensor(np.array(3), "rounds"), tensor(np.array(True), "yes")]
    constants.append(tensor(np.ones((4, 4), np.float32), "square"))
    return save(path, nodes, [value("x", shape=(1, 3, 8, 10))], [value("z")], constants)


def function_twice(path):
    """A function with 16 weights of its own, called twice."""
    inner = [
        node("Constant", [], ["s"], value=tensor(np.eye(4, dtype=np.float32), "s")),
        node("MatMul", ["a", "s"], ["b"]),
    ]
    twice = helper.make_function("mine", "Mix", ["a"], ["b"], inner, [helper.make_opsetid("", 18)])
    calls = [node("Mix", ["y"], ["u"], domain="mine"), node("Mix", ["u"], ["z"], domain="mine")]
    inputs = [value("x", shape=(1, 3, 8, 10))]
    return save(
        path,
        [*body(), *calls],
        inputs,
        [value("z")],
        weights(),
        functions=[twice],
        domains=("mine",),
    )


def shared_and_unused(path):
    nodes = [*body()[:4], node("MatMul", ["f", "h"], ["y1"]), node("MatMul", ["f", "h"], ["y2"])]
    nodes.append(node("Add", ["y1", "y2"], ["y"]))
    constants = [*weights(), tensor(np.ones((7, 7), np.float32), "forgotten")]
    return save(path, nodes, [value("x", shape=(1, 3, 8, 10))], [value("y")], constants)


def settings(path):
    """Scales of a Resize and bounds of a Clip are no weights."""
    nodes = [
        node("Clip", ["x", "low", "high"], ["x1"]),
        node("Resize", ["x1", "", "scales"], ["x2"], mode="nearest"),
        *body("x2"),
    ]
    constants = [*weights(), tensor(np.array(0, np.float32), "low")]
    constants += [tensor(np.array([1, 1, 2, 2], np.float32), "scales")]
    constants += [tensor(np.array(1, np.float32), "high")]
    return save(path, nodes, [value("x", shape=(1, 3, 4, 5))], [value("y")], constants)


def transposed_convolution(path):
    """6 channels to 4 in 2 groups, 2x2 kernel on 5 x 7: each input element meets 2 x 4 weights."""
    constants = [tensor(np.ones((6, 2, 2, 2), np.float32), "w")]
    nodes = [node("ConvTranspose", ["x", "w"], ["y"], group=2, strides=[2, 2])]
    return save(path, nodes, [value("x", shape=(1, 6, 5, 7))], [value("y")], constants)


def recurrent(path, kind="LSTM", gates=4):
    """7 steps, 3 inputs, 5 hidden units."""
    constants = [
        tensor(np.ones((1, gates * 5, 3), np.float32), "w"),
        tensor(np.ones((1, gates * 5, 5), np.float32), "r"),
        tensor(np.ones((1, 2 * gates * 5), np.float32), "b"),
    ]
    nodes = [node(kind, ["x", "w", "r", "b"], ["y"], hidden_size=5)]
    return save(path, nodes, [value("x", shape=(7, 1, 3))], [value("y")], constants)


def einsum(path):
    constants = [tensor(np.ones((6, 5), np.float32), "w")]
    nodes = [node("Einsum", ["x", "w"], ["y"], equation="bij,jk->bik")]
    return save(path, nodes, [value("x", shape=(2, 3, 6))], [value("y")], constants)


def attention(path):
    """com.microsoft: length 7, width 8, 2 heads; projection, then scores and mixing."""
    constants = [tensor(np.ones((8, 24), np.float32), "w"), tensor(np.ones(24, np.float32), "b")]
    nodes = [node("Attention", ["x", "w", "b"], ["y"], domain="com.microsoft", num_heads=2)]
    return save(path, nodes, [value("x", shape=(1, 7, 8))], [value("y")], constants)


def packed_4_bits(path):
    """com.microsoft MatMulNBits: 32 x 6 weights of 4 bits in blocks of 32."""
    constants = [
        tensor(np.full((6, 1, 16), 0x88, np.uint8), "w"),
        tensor(np.ones(6, np.float32), "s"),
    ]
    nodes = [
        node(
            "MatMulNBits",
            ["x", "w", "s"],
            ["y"],
            domain="com.microsoft",
            K=32,
            N=6,
            bits=4,
            block_size=32,
        )
    ]
    return save(path, nodes, [value("x", shape=(1, 32))], [value("y")], constants)


def weights_only_int8(path):
    constants = [tensor(np.ones((5, 4), np.int8), "q"), tensor(np.float32(0.1), "s")]
    nodes = [node("DequantizeLinear", ["q", "s"], ["h"]), node("MatMul", ["x", "h"], ["y"])]
    return save(path, nodes, [value("x", shape=(1, 5))], [value("y")], constants)


def int8_by_hand(path):
    """A cast and a scale of each column stand for DequantizeLinear."""
    constants = [tensor(np.ones((5, 4), np.int8), "q"), tensor(np.ones((1, 4), np.float32), "s")]
    nodes = [
        node("Cast", ["q"], ["qf"], to=TensorProto.FLOAT),
        node("Mul", ["qf", "s"], ["h"]),
        node("MatMul", ["x", "h"], ["y"]),
    ]
    return save(path, nodes, [value("x", shape=(1, 5))], [value("y")], constants)


def unknown_operator(path):
    """com.microsoft Inverse runs, and no rule here says what it costs."""
    nodes = [
        node("Inverse", ["x"], ["i"], domain="com.microsoft"),
        node("MatMul", ["i", "w"], ["y"]),
    ]
    constants = [tensor(np.eye(4, dtype=np.float32), "w")]
    return save(path, nodes, [value("x", shape=(4, 4))], [value("y")], constants)


def trees(path):
    nodes = [
        node(
            "LinearClassifier",
            ["x"],
            ["label", "scores"],
            domain="ai.onnx.ml",
            coefficients=[1.0] * 6,
            classlabels_ints=[0, 1],
            intercepts=[0.0, 0.0],
        )
    ]
    outputs = [value("label", TensorProto.INT64), value("scores")]
    return save(path, nodes, [value("x", shape=(1, 3))], outputs, domains=("ai.onnx.ml",))


def optimised(path, level):
    """What onnxruntime itself writes after its own optimisation."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 4
    source = plain(Path(path).with_name("source.onnx"))
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    return path


def fp64_product(path):
    constants = [tensor(np.ones((5, 4)), "h")]
    inputs, outputs = [value("x", TensorProto.DOUBLE, (1, 5))], [value("y", TensorProto.DOUBLE)]
    return save(path, [node("MatMul", ["x", "h"], ["y"])], inputs, outputs, constants)


class Samples:
    """Two frames for a static quantisation."""

    def __init__(self):
        self.frames = iter([{"x": RNG.random((1, 3, 8, 10), np.float32)} for _ in range(2)])

    def get_next(self):
        return next(self.frames, None)


def quantised(path, way, **more):
    from onnxruntime import quantization as q

    source = plain(Path(path).with_name("source.onnx"), opset=13)
    if way == "dynamic":
        q.quantize_dynamic(source, path, weight_type=q.QuantType.QUInt8, **more)
        return path
    formats = {"qdq": q.QuantFormat.QDQ, "qoperator": q.QuantFormat.QOperator}
    q.quantize_static(source, path, Samples(), quant_format=formats[way], **more)
    return path

"""The operators of a student's ONNX file as LiteRT's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.subjects.conversion import ConversionError
from benchmarks.subjects.litert_graph import Shape, Translation, Value

_BINARY = {"Add": "ADD", "Sub": "SUB", "Mul": "MUL"}
_REDUCTIONS = {"ReduceSum": "SUM", "ReduceMax": "REDUCE_MAX"}
_SAME, _VALID = 0, 1


def litert_bytes(model: Any) -> bytes:
    """Return an fp32 student, an `onnx.ModelProto`, as the bytes of a .tflite file.

    Raises:
        ConversionError: it has something that students of this project don't have.
    """
    work = Translation(model)
    name = work.graph.input[0].name
    if len(work.shapes[name]) != 4 or work.shapes[name][:2] != (1, 1):
        raise ConversionError(f"LiteRT: the input is {work.shapes[name]}, not (1, 1, H, W)")
    shape = (1, *work.shapes[name][2:], 1)
    start = work.values[name] = Value(work.file.variable(shape), shape, True)
    for node in work.graph.node:
        if node.op_type not in _TRANSLATORS:
            raise ConversionError(f"LiteRT: {node.op_type} is not converted")
        work.values[node.output[0]] = _TRANSLATORS[node.op_type](work, node)
    ends = [work.value(output.name) for output in work.graph.output]
    if not all(end.in_order for end in ends):
        raise ConversionError("LiteRT: an output is a map of several channels")
    return work.file.finish([start.index], [end.index for end in ends])


def _attributes(node: Any, **expected: Any) -> dict[str, Any]:
    """Return a node's attributes, of which the expected ones are as they are or absent."""
    from onnx import helper

    found = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    for name, value in expected.items():
        if found.get(name, value) != value:
            raise ConversionError(f"LiteRT: {node.op_type} with {name} {found[name]!r}")
    return found


def _convolution(work: Translation, node: Any) -> Value:
    found = _attributes(node, dilations=[1, 1], auto_pad=b"NOTSET")
    source, weight = work.value(node.input[0]), work.needed(node, 1)
    strides, pads = found.get("strides", [1, 1]), found.get("pads", [0] * 4)
    groups, (outputs, inputs) = found.get("group", 1), weight.shape[:2]
    rows, columns = weight.shape[2:]
    source, padding = _padded(work, source, (rows, columns), strides, pads)
    options = {"padding": padding, "strideH": strides[0], "strideW": strides[1]}
    bias = work.constant(node, 2)
    last = work.file.constant(np.zeros(outputs, np.float32) if bias is None else bias)
    n, _, height, width = work.shapes[node.output[0]]
    made = Value(-1, (n, height, width, outputs), True)
    if groups == 1:
        kernel = work.file.constant(weight.transpose(0, 2, 3, 1))
        return work.result("CONV_2D", made, [source.index, kernel, last], **options)
    if inputs != 1 or groups != source.shape[-1]:
        raise ConversionError(f"LiteRT: a convolution of {groups} groups that is not depthwise")
    kernel = work.file.constant(weight.transpose(1, 2, 3, 0))
    options["depthMultiplier"] = outputs // groups
    return work.result("DEPTHWISE_CONV_2D", made, [source.index, kernel, last], **options)


def _padded(
    work: Translation, source: Value, kernel: Shape, strides: list[int], pads: list[int]
) -> tuple[Value, int]:
    """Return what a convolution reads and its kind of padding: others than LiteRT's come before."""
    if not any(pads):
        return source, _VALID
    n, height, width, channels = source.shape
    same = [_same(size, *one) for size, *one in zip((height, width), kernel, strides, strict=True)]
    if pads == [same[0][0], same[1][0], same[0][1], same[1][1]]:
        return source, _SAME
    amounts = np.array([[0, 0], pads[0::2], pads[1::2], [0, 0]], np.int32)
    shape = (n, height + pads[0] + pads[2], width + pads[1] + pads[3], channels)
    index = work.file.add("PAD", [source.index, work.file.constant(amounts)], shape)
    return Value(index, shape, True), _VALID


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return what LiteRT's SAME pads before and behind an axis."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _relu(work: Translation, node: Any) -> Value:
    source = work.value(node.input[0])
    if work.uses[node.input[0]] == 1 and work.file.fuse_relu(source.index):
        return source
    return work.result("RELU", source, [source.index])


def _binary(work: Translation, node: Any) -> Value:
    a, b = (work.value(name) for name in node.input)
    if (len(a.shape), a.channels_last) != (len(b.shape), b.channels_last):
        raise ConversionError(f"LiteRT: {node.op_type} of a map and what is none")
    made = replace(a, shape=np.broadcast_shapes(a.shape, b.shape))
    return work.result(_BINARY[node.op_type], made, [a.index, b.index])


def _reshape(work: Translation, node: Any) -> Value:
    source, shape = work.value(node.input[0]), work.shapes[node.output[0]]
    flattens = len(source.shape) == 4 and len(shape) == 3 and shape[1] == source.shape[-1]
    if not (flattens or source.in_order) or (len(shape) == 4 and shape[1] != 1):
        raise ConversionError(f"LiteRT: a Reshape to {shape} that moves channels")
    channels_last = flattens or len(shape) == 4
    stored = (shape[0], *shape[2:], shape[1]) if channels_last else shape
    return Value(work.reshaped(source, stored), stored, channels_last)


def _softmax(work: Translation, node: Any) -> Value:
    source, axis = work.value(node.input[0]), _attributes(node).get("axis", -1)
    axis = source.axis(axis)
    if math.prod(source.shape[axis + 1 :]) != 1:
        raise ConversionError("LiteRT: a Softmax over places of several channels")
    # LiteRT's runs over the last axis alone
    flat = (math.prod(source.shape[:axis]), source.shape[axis])
    scores = Value(work.reshaped(source, flat), flat, False)
    shares = work.result("SOFTMAX", scores, [scores.index], beta=1.0)
    return replace(source, index=work.reshaped(shares, source.shape))


def _reduction(work: Translation, node: Any) -> Value:
    source, axes = work.value(node.input[0]), work.needed(node, 1)
    keep = bool(_attributes(node).get("keepdims", 1))
    stored = sorted(source.axis(int(axis)) for axis in axes)
    left = [1 if i in stored else size for i, size in enumerate(source.shape)]
    shape = tuple(left if keep else [n for i, n in enumerate(left) if i not in stored])
    if not stored or (source.channels_last and not keep and len(shape) > 2):
        raise ConversionError("LiteRT: a reduction that leaves some places, or that has no axes")
    inputs = [source.index, work.file.constant(np.array(stored, np.int32))]
    made = Value(-1, shape, source.channels_last and keep)
    return work.result(_REDUCTIONS[node.op_type], made, inputs, keepDims=keep)


def _gemm(work: Translation, node: Any) -> Value:
    found = _attributes(node, alpha=1.0, beta=1.0, transA=0)
    source, weight = work.value(node.input[0]), work.needed(node, 1)
    weight = weight if found.get("transB") else weight.T
    bias = work.constant(node, 2)
    last = work.file.constant(np.zeros(len(weight), np.float32) if bias is None else bias.ravel())
    inputs = [source.index, work.file.constant(weight), last]
    return work.result("FULLY_CONNECTED", Value(-1, (1, len(weight)), False), inputs)


_TRANSLATORS: dict[str, Callable[[Translation, Any], Value]] = {
    "Conv": _convolution,
    "Relu": _relu,
    "Reshape": _reshape,
    "Softmax": _softmax,
    "Gemm": _gemm,
    **dict.fromkeys(_BINARY, _binary),
    **dict.fromkeys(_REDUCTIONS, _reduction),
}

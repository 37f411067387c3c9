"""Shapes of layers: convolution, pooling, normalisation, products of matrices."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from ..values import Call, Output, Shape, invalid_graph
from .common import broadcast, floats

# onnxruntime pads the channels of convolutions to its widest vector: 16 float32
_CHANNEL_BLOCK = 16


def batch_norm(call: Call) -> Output:
    """Give the first input's shape; one statistic a channel."""
    x = call.shape()
    if len(x) < 2 or any(call.shape(index) != (x[1],) for index in range(1, 5)):
        raise invalid_graph(f"statistics {[call.shape(i) for i in range(1, 5)]} for {x}")
    return floats(x, 2)


def _window(x: Shape, kernel: Shape, attributes: Mapping[str, Any]) -> Shape:
    """Return the height and width that a sliding window leaves."""
    sizes = []
    pads = attributes["pads"]
    for axis in (0, 1):
        reach = (kernel[axis] - 1) * attributes.get("dilations", (1, 1))[axis] + 1
        before, after = pads[axis], pads[axis + 2]
        room = x[axis + 2] + before + after - reach
        if room < 0 or max(before, after) >= reach:
            raise invalid_graph(f"a window of {reach} with pads {pads} over {x}")
        sizes.append(room // attributes["strides"][axis] + 1)
    return tuple(sizes)


def _need_image(x: Shape) -> None:
    if len(x) != 4:
        raise invalid_graph(f"shape {x} where (batch, channels, height, width) is needed")


def conv(call: Call) -> Output:
    """Convolve (batch, channels, height, width) by (filters, channels / group, rows, columns)."""
    x, weight = call.shape(0), call.shape(1)
    _need_image(x)
    _need_image(weight)
    group, kernel = call.attributes["group"], weight[2:]
    if x[1] != weight[1] * group or weight[0] % group:
        raise invalid_graph(f"Conv of {x} by {weight} in {group} groups")
    if call.attributes["kernel_shape"] not in ((), kernel):
        raise invalid_graph(f"kernel_shape {call.attributes['kernel_shape']}, weights {weight}")
    bias = call.inputs[2]
    if bias is not None and bias.shape != (weight[0],):
        raise invalid_graph(f"a bias of {bias.shape} for weights {weight}")
    places = _window(x, kernel, call.attributes)
    shape = (x[0], weight[0], *places)
    terms = prod(weight[1:])
    padded = -(-weight[0] // _CHANNEL_BLOCK) * _CHANNEL_BLOCK
    # quantised, a runtime unfolds the input (a byte a term), or lists addresses (8 bytes a place)
    unfolded = max(terms // 4, 2 * prod(kernel)) * prod(places) if kernel != (1, 1) else 0
    return floats(shape, terms, max(x[0] * padded * prod(places), unfolded))


def pool(call: Call) -> Output:
    """Slide a window over (batch, channels, height, width)."""
    x, kernel = call.shape(), call.attributes["kernel_shape"]
    _need_image(x)
    if not kernel:
        raise invalid_graph("a pooling without kernel_shape")
    return floats((*x[:2], *_window(x, kernel, call.attributes)), prod(kernel))


def global_pool(call: Call) -> Output:
    """Give one value a channel."""
    x = call.shape()
    _need_image(x)
    return floats((*x[:2], 1, 1), prod(x[2:]))


def matmul(call: Call) -> Output:
    """Multiply stacks of matrices."""
    a, b = call.shape(0), call.shape(1)
    if min(len(a), len(b)) < 2 or a[-1] != b[-2]:
        raise invalid_graph(f"MatMul of {a} by {b}")
    return floats((*broadcast((1, *a[:-2]), (1, *b[:-2]))[1:], a[-2], b[-1]), a[-1])


def gemm(call: Call) -> Output:
    """Multiply two matrices, with a bias that broadcasts."""
    a, b = call.shape(0), call.shape(1)
    if len(a) != 2 or len(b) != 2:
        raise invalid_graph(f"Gemm of {a} by {b}")
    a = a[::-1] if call.attributes["transA"] else a
    b = b[::-1] if call.attributes["transB"] else b
    shape = (a[0], b[1])
    bias = call.inputs[2]
    if a[1] != b[0] or (bias is not None and broadcast(bias.shape, shape) != shape):
        raise invalid_graph(f"Gemm of {a} by {b} with bias {bias and bias.shape}")
    return floats(shape, a[1])

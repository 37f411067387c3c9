"""Shapes, work and memory of the operators that a student may use, from static sizes alone.

As https://onnx.ai/onnx/operators defines them for opset 18 to 20. Whatever would make a shape
depend on a computed value (axes, new shapes) must be an initializer.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from .._shown import shown
from .values import (
    DTYPE_NAMES,
    FLOAT,
    INT32,
    UINT8,
    Call,
    Output,
    Shape,
    invalid_graph,
)

# onnxruntime pads the channels of convolutions to its widest vector: 16 float32
_CHANNEL_BLOCK = 16


def _float(shape: Shape, each: int = 1, buffer: int = 0) -> Output:
    elements = prod(shape)
    return Output(FLOAT, shape, elements * each, max(elements, buffer))


def same(call: Call) -> Output:
    """Give the shape of the first input."""
    return _float(call.shape())


def clip(call: Call) -> Output:
    """Give the first input's shape; limits are scalars."""
    for limit in call.inputs[1:]:
        if limit is not None and limit.shape != ():
            raise invalid_graph(f"a limit has shape {limit.shape}, expected is ()")
    return same(call)


def _broadcast(*shapes: Shape) -> Shape:
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    joined = tuple(max(sizes) for sizes in zip(*padded, strict=True))
    for shape in padded:
        if any(size not in (1, whole) for size, whole in zip(shape, joined, strict=True)):
            raise invalid_graph(f"shapes {' and '.join(map(str, shapes))} do not fit")
    return joined


def arithmetic(call: Call) -> Output:
    """Broadcast two inputs."""
    return _float(_broadcast(call.shape(0), call.shape(1)))


def prelu(call: Call) -> Output:
    """Give the first input's shape; the slope broadcasts to it."""
    x = call.shape()
    if _broadcast(x, call.shape(1)) != x:
        raise invalid_graph(f"a slope of shape {call.shape(1)} for {x}")
    return _float(x)


def batch_norm(call: Call) -> Output:
    """Give the first input's shape; one statistic a channel."""
    x = call.shape()
    if len(x) < 2 or any(call.shape(index) != (x[1],) for index in range(1, 5)):
        raise invalid_graph(f"statistics {[call.shape(i) for i in range(1, 5)]} for {x}")
    return _float(x, 2)


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
    return _float(shape, terms, max(x[0] * padded * prod(places), unfolded))


def pool(call: Call) -> Output:
    """Slide a window over (batch, channels, height, width)."""
    x, kernel = call.shape(), call.attributes["kernel_shape"]
    _need_image(x)
    if not kernel:
        raise invalid_graph("a pooling without kernel_shape")
    return _float((*x[:2], *_window(x, kernel, call.attributes)), prod(kernel))


def global_pool(call: Call) -> Output:
    """Give one value a channel."""
    x = call.shape()
    _need_image(x)
    return _float((*x[:2], 1, 1), prod(x[2:]))


def _axes(axes: Shape, rank: int) -> Shape:
    """Return axes as counted from the first, sorted, each once."""
    found = tuple(sorted({axis + rank if axis < 0 else axis for axis in axes}))
    if len(found) != len(axes) or not found or found[0] < 0 or found[-1] >= rank:
        raise invalid_graph(f"axes {axes} of a tensor with {rank} axes")
    return found


def _axis(axis: int, rank: int) -> int:
    return _axes((axis,), rank)[0]


def reduction(call: Call) -> Output:
    """Reduce along constant axes."""
    x = call.shape()
    axes = _axes(call.integers(1), len(x))
    keep = call.attributes["keepdims"]
    kept = tuple(1 if a in axes else n for a, n in enumerate(x) if keep or a not in axes)
    return _float(kept, prod(x) // prod(kept))


def softmax(call: Call) -> Output:
    """Give the shape of the input; the axis exists."""
    _axis(call.attributes["axis"], len(call.shape()))
    return same(call)


def matmul(call: Call) -> Output:
    """Multiply stacks of matrices."""
    a, b = call.shape(0), call.shape(1)
    if min(len(a), len(b)) < 2 or a[-1] != b[-2]:
        raise invalid_graph(f"MatMul of {a} by {b}")
    return _float((*_broadcast((1, *a[:-2]), (1, *b[:-2]))[1:], a[-2], b[-1]), a[-1])


def gemm(call: Call) -> Output:
    """Multiply two matrices, with a bias that broadcasts."""
    a, b = call.shape(0), call.shape(1)
    if len(a) != 2 or len(b) != 2:
        raise invalid_graph(f"Gemm of {a} by {b}")
    a = a[::-1] if call.attributes["transA"] else a
    b = b[::-1] if call.attributes["transB"] else b
    shape = (a[0], b[1])
    bias = call.inputs[2]
    if a[1] != b[0] or (bias is not None and _broadcast(bias.shape, shape) != shape):
        raise invalid_graph(f"Gemm of {a} by {b} with bias {bias and bias.shape}")
    return _float(shape, a[1])


def flatten(call: Call) -> Output:
    """Give two axes."""
    x, axis = call.shape(), call.attributes["axis"]
    if not -len(x) <= axis <= len(x):
        raise invalid_graph(f"axis {axis} of {x}")
    axis += len(x) if axis < 0 else 0
    return _float((prod(x[:axis]), prod(x[axis:])))


def reshape(call: Call) -> Output:
    """Give a constant shape of as many elements; 0 copies a size, -1 is the rest."""
    x, wanted = call.shape(), list(call.integers(1))
    if not call.attributes["allowzero"]:
        wanted = [x[i] if n == 0 and i < len(x) else n for i, n in enumerate(wanted)]
    if wanted.count(-1) == 1:
        rest = -prod(wanted)
        wanted[wanted.index(-1)] = prod(x) // rest if rest > 0 else 0
    if not wanted or min(wanted) < 1 or prod(wanted) != prod(x):
        raise invalid_graph(f"Reshape of {x} to {call.integers(1)}")
    return _float(tuple(wanted))


def transpose(call: Call) -> Output:
    """Permute axes."""
    x = call.shape()
    perm = call.attributes["perm"] or tuple(reversed(range(len(x))))
    if tuple(sorted(perm)) != tuple(range(len(x))):
        raise invalid_graph(f"perm {perm} of {x}")
    return _float(tuple(x[axis] for axis in perm))


def squeeze(call: Call) -> Output:
    """Remove constant axes of size 1."""
    x = call.shape()
    axes = _axes(call.integers(1), len(x))
    if any(x[axis] != 1 for axis in axes):
        raise invalid_graph(f"Squeeze of axes {axes} of {x}")
    return _float(tuple(n for axis, n in enumerate(x) if axis not in axes))


def unsqueeze(call: Call) -> Output:
    """Insert constant axes of size 1."""
    x = iter(call.shape())
    rank = len(call.shape()) + len(call.integers(1))
    axes = _axes(call.integers(1), rank)
    return _float(tuple(1 if axis in axes else next(x) for axis in range(rank)))


def concat(call: Call) -> Output:
    """Join along one axis."""
    shapes = [call.shape(index) for index in range(len(call.inputs))]
    first = shapes[0]
    axis = _axis(call.attributes["axis"], len(first))
    rest = {(len(shape), shape[:axis], shape[axis + 1 :]) for shape in shapes}
    if len(rest) != 1:
        raise invalid_graph(f"Concat of {shown(shapes)} along axis {axis}")
    joined = sum(shape[axis] for shape in shapes)
    return _float((*first[:axis], joined, *first[axis + 1 :]))


def cut(call: Call) -> Output:
    """Cut constant ranges, forwards only."""
    x = call.shape()
    starts, ends = call.integers(1), call.integers(2)
    axes, steps = call.integers(3), call.integers(4)
    _axes(axes, len(x))
    if not len(starts) == len(ends) == len(axes) == len(steps) or min(steps) < 1:
        raise invalid_graph(f"Slice {starts} to {ends} by {steps} of axes {axes}")
    sizes = list(x)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        sizes[axis] = len(range(x[axis])[start:end:step])
    if min(sizes) < 1:
        raise invalid_graph(f"Slice {starts} to {ends} of {x} is empty")
    return _float(tuple(sizes))


def _check_scale(call: Call, shape: Shape) -> None:
    """One scale, or one for each index of the axis; the zero point has the scale's shape."""
    scale, zero = call.shape(1), call.inputs[2]
    if scale:
        axis = _axis(call.attributes["axis"], len(shape))
        if scale != (shape[axis],):
            raise invalid_graph(f"scales {scale} for axis {axis} of {shape}")
    if zero is not None and zero.shape != scale:
        raise invalid_graph(f"zero point {zero.shape} beside scale {scale}")


def quantise(call: Call) -> Output:
    """Give uint8, or the type of the zero point."""
    x, zero = call.shape(), call.inputs[2]
    _check_scale(call, x)
    dtype = UINT8 if zero is None else zero.dtype
    if dtype == INT32:
        raise invalid_graph(f"QuantizeLinear to {DTYPE_NAMES[dtype]}")
    return Output(dtype, x, prod(x), prod(x))


def dequantise(call: Call) -> Output:
    """Give float32."""
    x, zero = call.value(0), call.inputs[2]
    _check_scale(call, x.shape)
    if zero is not None and zero.dtype != x.dtype:
        raise invalid_graph(f"zero point {DTYPE_NAMES[zero.dtype]} for {DTYPE_NAMES[x.dtype]}")
    return _float(x.shape)

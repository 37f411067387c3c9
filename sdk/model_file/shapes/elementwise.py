"""Shapes of operators that keep their input's axes: arithmetic, activations, reductions, scales."""

from __future__ import annotations

from math import prod

from ..values import DTYPE_NAMES, INT32, UINT8, Call, Output, Shape, invalid_graph
from .common import broadcast, floats, one_axis, sorted_axes


def same(call: Call) -> Output:
    """Give the shape of the first input."""
    return floats(call.shape())


def clip(call: Call) -> Output:
    """Give the first input's shape; limits are scalars."""
    for limit in call.inputs[1:]:
        if limit is not None and limit.shape != ():
            raise invalid_graph(f"a limit has shape {limit.shape}, expected is ()")
    return same(call)


def arithmetic(call: Call) -> Output:
    """Broadcast two inputs."""
    return floats(broadcast(call.shape(0), call.shape(1)))


def prelu(call: Call) -> Output:
    """Give the first input's shape; the slope broadcasts to it."""
    x = call.shape()
    if broadcast(x, call.shape(1)) != x:
        raise invalid_graph(f"a slope of shape {call.shape(1)} for {x}")
    return floats(x)


def softmax(call: Call) -> Output:
    """Give the shape of the input; the axis exists."""
    one_axis(call.attributes["axis"], len(call.shape()))
    return same(call)


def reduction(call: Call) -> Output:
    """Reduce along constant axes."""
    x = call.shape()
    axes = sorted_axes(call.integers(1), len(x))
    keep = call.attributes["keepdims"]
    kept = tuple(1 if a in axes else n for a, n in enumerate(x) if keep or a not in axes)
    return floats(kept, prod(x) // prod(kept))


def _check_scale(call: Call, shape: Shape) -> None:
    """One scale, or one for each index of the axis; the zero point has the scale's shape."""
    scale, zero = call.shape(1), call.inputs[2]
    if scale:
        axis = one_axis(call.attributes["axis"], len(shape))
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
    return floats(x.shape)

"""Shapes of operators that move data and compute nothing."""

from __future__ import annotations

from math import prod

from ..._shown import shown
from ..values import Call, Output, invalid_graph
from .common import floats, one_axis, sorted_axes


def flatten(call: Call) -> Output:
    """Give two axes."""
    x, axis = call.shape(), call.attributes["axis"]
    if not -len(x) <= axis <= len(x):
        raise invalid_graph(f"axis {axis} of {x}")
    axis += len(x) if axis < 0 else 0
    return floats((prod(x[:axis]), prod(x[axis:])))


def reshape(call: Call) -> Output:
    """Give a constant shape of as many elements; 0 copies a size, -1 is the rest."""
    x, sizes = call.shape(), list(call.integers(1))
    if not call.attributes["allowzero"]:
        sizes = [x[i] if n == 0 and i < len(x) else n for i, n in enumerate(sizes)]
    if sizes.count(-1) == 1:
        rest = -prod(sizes)
        sizes[sizes.index(-1)] = prod(x) // rest if rest > 0 else 0
    if not sizes or min(sizes) < 1 or prod(sizes) != prod(x):
        raise invalid_graph(f"Reshape of {x} to {call.integers(1)}")
    return floats(tuple(sizes))


def transpose(call: Call) -> Output:
    """Permute axes."""
    x = call.shape()
    perm = call.attributes["perm"] or tuple(reversed(range(len(x))))
    if tuple(sorted(perm)) != tuple(range(len(x))):
        raise invalid_graph(f"perm {perm} of {x}")
    return floats(tuple(x[axis] for axis in perm))


def squeeze(call: Call) -> Output:
    """Remove constant axes of size 1."""
    x = call.shape()
    axes = sorted_axes(call.integers(1), len(x))
    if any(x[axis] != 1 for axis in axes):
        raise invalid_graph(f"Squeeze of axes {axes} of {x}")
    return floats(tuple(n for axis, n in enumerate(x) if axis not in axes))


def unsqueeze(call: Call) -> Output:
    """Insert constant axes of size 1."""
    x = iter(call.shape())
    rank = len(call.shape()) + len(call.integers(1))
    axes = sorted_axes(call.integers(1), rank)
    return floats(tuple(1 if axis in axes else next(x) for axis in range(rank)))


def concat(call: Call) -> Output:
    """Join along one axis."""
    shapes = [call.shape(index) for index in range(len(call.inputs))]
    first = shapes[0]
    axis = one_axis(call.attributes["axis"], len(first))
    rest = {(len(shape), shape[:axis], shape[axis + 1 :]) for shape in shapes}
    if len(rest) != 1:
        raise invalid_graph(f"Concat of {shown(shapes)} along axis {axis}")
    joined = sum(shape[axis] for shape in shapes)
    return floats((*first[:axis], joined, *first[axis + 1 :]))


def cut(call: Call) -> Output:
    """Cut constant ranges, forwards only."""
    x = call.shape()
    starts, ends = call.integers(1), call.integers(2)
    axes, steps = call.integers(3), call.integers(4)
    sorted_axes(axes, len(x))
    if not len(starts) == len(ends) == len(axes) == len(steps) or min(steps) < 1:
        raise invalid_graph(f"Slice {starts} to {ends} by {steps} of axes {axes}")
    sizes = list(x)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        sizes[axis] = len(range(x[axis])[start:end:step])
    if min(sizes) < 1:
        raise invalid_graph(f"Slice {starts} to {ends} of {x} is empty")
    return floats(tuple(sizes))

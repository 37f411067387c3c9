"""What the rules of shapes share: broadcasting, axes, and the work and memory of a result."""

from __future__ import annotations

from math import prod

from ..values import FLOAT, Output, Shape, invalid_graph


def floats(shape: Shape, each: int = 1, buffer: int = 0) -> Output:
    """Give a float32 tensor.

    Args:
        shape: of it.
        each: multiply-adds for each element.
        buffer: float32 that the runtime may hold meanwhile, where that is more than the tensor.
    """
    elements = prod(shape)
    return Output(FLOAT, shape, elements * each, max(elements, buffer))


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape that all shapes broadcast to, as NumPy's rules say.

    Raises:
        ModelError: `model-graph-invalid`.
    """
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    joined = tuple(max(sizes) for sizes in zip(*padded, strict=True))
    for shape in padded:
        if any(size not in (1, whole) for size, whole in zip(shape, joined, strict=True)):
            raise invalid_graph(f"shapes {' and '.join(map(str, shapes))} do not fit")
    return joined


def sorted_axes(axes: Shape, rank: int) -> Shape:
    """Return axes as counted from the first, sorted.

    Raises:
        ModelError: `model-graph-invalid` when there is none, one twice, or one beyond the rank.
    """
    counted = tuple(sorted({axis + rank if axis < 0 else axis for axis in axes}))
    if len(counted) != len(axes) or not counted or counted[0] < 0 or counted[-1] >= rank:
        raise invalid_graph(f"axes {axes} of a tensor with {rank} axes")
    return counted


def one_axis(axis: int, rank: int) -> int:
    """Return an axis as counted from the first; raises as `sorted_axes`."""
    return sorted_axes((axis,), rank)[0]

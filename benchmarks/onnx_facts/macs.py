"""Multiply-accumulates of one run, from the shapes that onnxruntime really saw.

Each rule takes the shapes of an operator's inputs and outputs and returns its number, or None where
the shapes are not those that it knows. Attributes are not needed: shapes hold all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from benchmarks.onnx_facts.operators import MICROSOFT

Shape = tuple[int, ...]
Rule = Callable[[Sequence[Shape], Sequence[Shape]], int | None]


def _convolution(weight: int) -> Rule:
    """Each output element is a sum over one kernel: `weight` (outputs, inputs / groups, ...)."""

    def count(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
        if len(inputs[weight]) != len(outputs[0]):
            return None
        return prod(outputs[0]) * prod(inputs[weight][1:])

    return count


def _transposed_convolution(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
    """Each *input* element meets one kernel: weight (inputs, outputs / groups, ...)."""
    if len(inputs[1]) != len(inputs[0]):
        return None
    return prod(inputs[0]) * prod(inputs[1][1:])


def _gemm(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
    """(M, K) or its transpose by anything that gives (M, N)."""
    rows = outputs[0][0]
    return prod(inputs[0]) // rows * prod(outputs[0]) if rows else 0


def _matmul(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
    return prod(outputs[0]) * inputs[0][-1]


def _matmul_either_way(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
    """As `_matmul`, where the left one may be transposed in its last two dimensions."""
    if len(inputs[0]) < 2 or len(outputs[0]) < 2 or outputs[0][-2] == 0:
        return None
    return prod(outputs[0]) * (prod(inputs[0][-2:]) // outputs[0][-2])


def _recurrent(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
    """X (steps, batch, inputs), W and R for all gates and directions; every step is counted."""
    if {len(shape) for shape in inputs[:3]} != {3}:
        return None
    return prod(inputs[0][:2]) * (prod(inputs[1]) + prod(inputs[2]))


def _attention(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
    """Q K^T and the product with V, of Q, K, V with (3 axes) or apart from (4) their heads."""
    query, key = inputs[0], inputs[1]
    if len(query) not in (3, 4) or len(key) != len(query):
        return None
    present = outputs[1] if len(outputs) > 1 and len(outputs[1]) == 4 else None
    length = present[2] if present else key[-2]
    return (prod(query) + prod(outputs[0])) * length


def _packed_attention(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
    """Input (batch, length, width) by weight (width, Q + K + V), then attention; nothing past."""
    hidden, weight = inputs[0], inputs[1]
    if len(hidden) != 3 or len(weight) != 2 or len(outputs) > 1:
        return None
    values = outputs[0][-1]
    keys = (weight[1] - values) // 2
    return prod(hidden) * weight[1] + hidden[0] * hidden[1] ** 2 * (keys + values)


RULES: dict[str, Rule] = {
    **dict.fromkeys(("Conv", "ConvInteger", "DeformConv"), _convolution(1)),
    "QLinearConv": _convolution(3),
    "ConvTranspose": _transposed_convolution,
    "Gemm": _gemm,
    **dict.fromkeys(("MatMul", "MatMulInteger", "QLinearMatMul"), _matmul),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent),
    "Attention": _attention,
    MICROSOFT + "FusedConv": _convolution(1),
    MICROSOFT + "FusedGemm": _gemm,
    MICROSOFT + "QGemm": _gemm,
    **dict.fromkeys((MICROSOFT + "FusedMatMul", MICROSOFT + "TransposeMatMul"), _matmul_either_way),
    **dict.fromkeys(
        (
            *(MICROSOFT + "MatMulIntegerToFloat", MICROSOFT + "DynamicQuantizeMatMul"),
            *(MICROSOFT + "MatMulNBits", MICROSOFT + "MatMulBnb4"),
        ),
        _matmul,
    ),
    MICROSOFT + "DynamicQuantizeLSTM": _recurrent,
    MICROSOFT + "MultiHeadAttention": _attention,
    MICROSOFT + "Attention": _packed_attention,
    MICROSOFT + "QAttention": _packed_attention,
}


def einsum(equation: str, inputs: Sequence[Shape]) -> int | None:
    """Return the product of the sizes of all letters of an equation of two operands or fewer.

    None for an ellipsis, and for three operands or more, where the order of contraction decides.
    """
    terms = equation.replace(" ", "").split("->")[0].split(",")
    if "." in equation or len(terms) != len(inputs):
        return None
    if len(terms) == 1:
        return 0
    if len(terms) > 2 or any(len(t) != len(s) for t, s in zip(terms, inputs, strict=True)):
        return None
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, inputs, strict=True):
        for letter, size in zip(term, shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, size))
    return prod(sizes.values())

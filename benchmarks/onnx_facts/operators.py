"""What the suite knows of operators. An operator that is in no list here is unknown, not free.

Names are ``domain::Operator``; the standard domain has no prefix. Positions are of inputs, from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MICROSOFT = "com.microsoft::"


def full_name(domain: str, operator: str) -> str:
    """Return ``Operator`` in the standard domain, else ``domain::Operator``."""
    return operator if domain in ("", "ai.onnx") else f"{domain}::{operator}"


def _free_operators() -> Iterator[str]:
    domain = ""
    for line in Path(__file__).with_name("free_operators.txt").read_text().splitlines():
        if line.startswith("["):
            domain = line.strip("[]")
        elif not line.startswith("#"):
            yield from (full_name(domain, word) for word in line.split())


#: Operators that have no multiply-accumulates to count.
FREE = frozenset(_free_operators())

#: Weights that stand in attributes, which no count of constants sees.
IN_ATTRIBUTES = frozenset(
    f"ai.onnx.ml::{name}"
    for name in (
        *("Imputer", "LinearClassifier", "LinearRegressor", "SVMClassifier", "SVMRegressor"),
        *("Scaler", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"),
    )
)

#: Operators that take quantised weights (or biases), and where.
QUANTISED_WEIGHTS: dict[str, frozenset[int]] = {
    "DequantizeLinear": frozenset({0}),
    "QLinearConv": frozenset({0, 3, 8}),
    "QLinearMatMul": frozenset({0, 3}),
    "ConvInteger": frozenset({0, 1}),
    "MatMulInteger": frozenset({0, 1}),
    MICROSOFT + "DequantizeLinear": frozenset({0}),
    MICROSOFT + "QGemm": frozenset({0, 3, 6}),
    MICROSOFT + "QLinearConv": frozenset({0, 3, 8}),
    MICROSOFT + "MatMulIntegerToFloat": frozenset({0, 1}),
    MICROSOFT + "DynamicQuantizeMatMul": frozenset({1}),
    MICROSOFT + "DynamicQuantizeLSTM": frozenset({1, 2}),
    MICROSOFT + "QAttention": frozenset({1}),
    MICROSOFT + "QLinearAdd": frozenset({0, 3}),
    MICROSOFT + "QLinearMul": frozenset({0, 3}),
}

#: Inputs that set an operator and are no weights: scales, zero points, sizes, bounds.
SETTINGS: dict[str, frozenset[int]] = (
    {
        "QuantizeLinear": frozenset({1, 2}),
        "DequantizeLinear": frozenset({1, 2}),
        "QLinearConv": frozenset({1, 2, 4, 5, 6, 7}),
        "QLinearMatMul": frozenset({1, 2, 4, 5, 6, 7}),
        "ConvInteger": frozenset({2, 3}),
        "MatMulInteger": frozenset({2, 3}),
        "Resize": frozenset({1, 2, 3}),
        "Upsample": frozenset({1}),
        "Clip": frozenset({1, 2}),
        "Pad": frozenset({1, 2, 3}),
        "Dropout": frozenset({1, 2}),
        "OneHot": frozenset({1, 2}),
        "Range": frozenset({0, 1, 2}),
        "Pow": frozenset({1}),
        "RoiAlign": frozenset({1}),
        "NonMaxSuppression": frozenset({2, 3, 4}),
        MICROSOFT + "QuantizeLinear": frozenset({1, 2}),
        MICROSOFT + "DequantizeLinear": frozenset({1, 2}),
        MICROSOFT + "QGemm": frozenset({1, 2, 4, 5, 7, 8}),
        MICROSOFT + "QLinearConv": frozenset({1, 2, 4, 5, 6, 7}),
        MICROSOFT + "MatMulIntegerToFloat": frozenset({2, 3, 4, 5}),
        MICROSOFT + "DynamicQuantizeMatMul": frozenset({2, 3}),
        MICROSOFT + "DynamicQuantizeLSTM": frozenset({4, 8, 9, 10, 11}),
        MICROSOFT + "QAttention": frozenset({3, 4, 5, 6, 7}),
        MICROSOFT + "MatMulNBits": frozenset({2, 3, 4}),
        MICROSOFT + "MatMulBnb4": frozenset({2}),
        MICROSOFT + "QLinearAdd": frozenset({1, 2, 4, 5, 6, 7}),
        MICROSOFT + "QLinearMul": frozenset({1, 2, 4, 5, 6, 7}),
        MICROSOFT + "QLinearConcat": frozenset(range(64)),
        MICROSOFT + "QLinearSoftmax": frozenset({1, 2, 3, 4}),
        MICROSOFT + "QLinearReduceMean": frozenset({1, 2, 3, 4}),
        MICROSOFT + "QLinearWhere": frozenset({2, 3, 5, 6, 7, 8}),
    }
    | {
        MICROSOFT + name: frozenset({1, 2, 3, 4})
        for name in ("QLinearAveragePool", "QLinearGlobalAveragePool", "QLinearLeakyRelu")
    }
    | {MICROSOFT + "QLinearSigmoid": frozenset({1, 2, 3, 4})}
)

#: Arithmetic in which one number is a factor or a bound, not a weight; a bias of one is an Add's.
LONE_SETTINGS = frozenset({"Sub", "Mul", "Div", "Pow", "Min", "Max", "Mod", "Where"})

#: Operators that pass a constant on unchanged in meaning, and from which inputs.
PASSING: dict[str, tuple[int, ...] | None] = {
    **dict.fromkeys(("Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten"), (0,)),
    **dict.fromkeys(("Cast", "CastLike", "Expand", "Slice", "Split", "Tile"), (0,)),
    "Gather": (0,),
    "Concat": None,  # all of them
}

#: Matrix operators in floating point.
FLOAT_MATRIX = frozenset(
    {"Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "LSTM", "GRU", "RNN", "DeformConv"}
) | {
    MICROSOFT + name
    for name in (
        *("FusedConv", "FusedGemm", "FusedMatMul", "FusedMatMulActivation", "TransposeMatMul"),
        *("Attention", "NhwcFusedConv", "NhwcConv"),
    )
}

#: Matrix operators that compute on integers and name their scales themselves.
INTEGER_MATRIX = frozenset({"QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"}) | {
    MICROSOFT + name for name in ("QGemm", "QLinearConv", "MatMulIntegerToFloat", "QAttention")
}

#: Matrix operators that quantise their activations on each run.
DYNAMIC_MATRIX = frozenset({MICROSOFT + "DynamicQuantizeMatMul", MICROSOFT + "DynamicQuantizeLSTM"})

#: Matrix products whose weights are packed below a byte; their number stands in attributes.
PACKED_MATRIX = frozenset({MICROSOFT + "MatMulNBits", MICROSOFT + "MatMulBnb4"})

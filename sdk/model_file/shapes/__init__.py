"""Shapes, work and memory of the operators that a student may use, from static sizes alone.

As https://onnx.ai/onnx/operators defines them for opset 18 to 20. Limits on tensors and on
multiply-adds must hold before the runtime parses a byte, and onnx is no dependency of the SDK: so
they are inferred here, and whatever would make a shape depend on a computed value (axes, new
shapes) must be an initializer.
"""

from .elementwise import (
    arithmetic,
    clip,
    dequantise,
    prelu,
    quantise,
    reduction,
    same,
    softmax,
)
from .layers import batch_norm, conv, gemm, global_pool, matmul, pool
from .layout import (
    concat,
    cut,
    flatten,
    reshape,
    squeeze,
    transpose,
    unsqueeze,
)

__all__ = [
    "arithmetic",
    "batch_norm",
    "clip",
    "concat",
    "conv",
    "cut",
    "dequantise",
    "flatten",
    "gemm",
    "global_pool",
    "matmul",
    "pool",
    "prelu",
    "quantise",
    "reduction",
    "reshape",
    "same",
    "softmax",
    "squeeze",
    "transpose",
    "unsqueeze",
]

"""Which student file a classifier reads; of the default student, which one on which CPU.

`precision="auto"` must give the same bits on the same machine each time, so it follows this fixed
table and never a measurement at run time. An explicit `precision=` overrides it.
"""

from __future__ import annotations

import os

from ._cpu import cpu_features
from ._shown import shown
from .errors import ModelError
from .model_file.metadata import PRECISIONS

PRECISION_BY_FEATURES: tuple[tuple[frozenset[str], str], ...] = ((frozenset(), "fp32"),)
"""Rows of (CPU features that must all be there, precision); the first row that fits counts.

int8 has no row, because today's default student, of depthwise convolutions, is slower in it: fp32
0.18 ms, its int8 file 0.47 (onnxruntime 1.32, one thread, medians of 280 interleaved runs, AMD EPYC
of Zen 5 with AVX-512 VNNI). A student of dense convolutions is faster in int8 where VNNI is
(docs/students.md): with it, `avx512_vnni` and `avx_vnni` get rows.
"""

_MODELS: str | os.PathLike[str] = os.path.join(os.path.dirname(__file__), "models")


def choose_precision(features: frozenset[str]) -> str:
    """Look up the precision for a CPU.

    Args:
        features: names of CPU features, as `cpu_features` gives them.

    Returns:
        `fp32` or `int8`.
    """
    # in order, so that the table and not a measurement decides
    for required, precision in PRECISION_BY_FEATURES:
        if required <= features:
            return precision
    raise AssertionError("the last row of PRECISION_BY_FEATURES fits every CPU")


def student_path(path: str | os.PathLike[str] | None, precision: str) -> str | os.PathLike[str]:
    """Return the path to read: the one given, or that of the default student.

    Args:
        path: of a student file; None is the default student.
        precision: `auto`, `fp32` or `int8`.

    Raises:
        ModelError: `model-precision` when there is no such precision.
    """
    if not isinstance(precision, str) or precision not in ("auto", *PRECISIONS):
        raise ModelError(
            "model-precision",
            f"precision is {shown(precision)}, allowed are 'auto', 'fp32' and 'int8'",
        )
    if path is not None:
        return path
    if precision == "auto":
        precision = choose_precision(cpu_features())
    return os.path.join(_MODELS, f"default-{precision}.onnx")


def check_precision(path: str | os.PathLike[str] | None, precision: str, actual: str) -> None:
    """Check that a file has the precision that was asked for.

    Args:
        path: as given to `student_path`, for messages.
        precision: likewise; `auto` takes any.
        actual: of the file.

    Raises:
        ModelError: `model-precision`.
    """
    if precision not in ("auto", actual):
        raise ModelError(
            "model-precision",
            f"precision is {precision!r}, but {path!r} holds {actual!r}; "
            "name the other file, or ask for 'auto'",
        )

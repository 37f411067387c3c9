"""Students in files of another runtime: refused unless they compute what onnxruntime does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

#: Of a logit: far above rounding in another order, far below any wrong layer.
LARGEST_DEVIATION = 1e-3


class ConversionError(Exception):
    """No sound conversion; says why."""


def check(source: Path, tensor: np.ndarray, infer: Callable[[Any], Any], maker: str) -> None:
    """Refuse a conversion whose first output differs from the ONNX file's.

    Args:
        source: the student as ONNX.
        tensor: float32 `(1,1,H,W)`.
        infer: the converted student, from the tensor to its first output.
        maker: of the converted file, for the message.

    Raises:
        ConversionError: another shape, or a deviation of `LARGEST_DEVIATION` or more.
    """
    from benchmarks.subjects.runtimes import onnxruntime_session

    session = onnxruntime_session(str(source), 1)
    outputs, given = [session.get_outputs()[0].name], session.get_inputs()[0].name
    expected = session.run(outputs, {given: tensor})[0]
    found = infer(tensor)
    if found.shape != expected.shape:
        raise ConversionError(f"{maker}'s file gives the shape {found.shape}, not {expected.shape}")
    deviation = float(np.abs(found - expected).max())
    if not deviation < LARGEST_DEVIATION:  # written so that NaN is refused
        raise ConversionError(
            f"{maker}'s file gives logits that differ from onnxruntime's by {deviation:.3g}, "
            f"allowed is less than {LARGEST_DEVIATION:g}"
        )

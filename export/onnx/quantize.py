"""ONNX fp32 -> int8: static QDQ by onnxruntime, calibrated on training frames.

Weights are unsigned as the activations are (U8U8): signed weights saturate on CPUs with AVX2
but without VNNI, where the same file would give other answers.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from export.onnx.convert import INPUT
from export.onnx.packaging import strip

# What is left in fp32 costs nothing in time: the attention's softmax and the weighted sum.
QUANTISED_OPS = ("Conv", "Gemm", "Add", "Relu")


class _Frames(CalibrationDataReader):  # type: ignore[misc]
    """Feeds calibration frames (N, 1, height, width), one by one."""

    def __init__(self, frames: np.ndarray):
        self._frames: Iterator[np.ndarray] = iter(frames)

    def get_next(self) -> dict[str, np.ndarray] | None:
        frame = next(self._frames, None)
        return None if frame is None else {INPUT: frame[None]}


def quantize(
    model: onnx.ModelProto,
    frames: np.ndarray,
    weights: QuantType = QuantType.QUInt8,
    per_channel: bool = True,
    method: CalibrationMethod = CalibrationMethod.MinMax,
) -> onnx.ModelProto:
    """Return `model` as static QDQ int8, calibrated on `frames` (N, 1, height, width) float32."""
    with tempfile.TemporaryDirectory() as folder:
        source, ready, result = (Path(folder) / f"{n}.onnx" for n in ("source", "ready", "int8"))
        onnx.save(model, source)
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready),
            str(result),
            _Frames(frames),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTISED_OPS),
            per_channel=per_channel,
            activation_type=QuantType.QUInt8,
            weight_type=weights,
            calibrate_method=method,
        )
        quantised = onnx.load(result)
    quantised.producer_name, quantised.producer_version = "sonogaze", ""
    return strip(quantised)

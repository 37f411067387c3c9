"""ONNX fp32 -> int8: static QDQ by onnxruntime, ranges from training frames or given.

Weights are unsigned as the activations are (U8U8): signed weights saturate on CPUs with AVX2
but without VNNI, where the same file would give other answers. docs/results/quantisation.json
compares the choices.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

from export.packaging.convert import INPUT
from export.packaging.packaging import strip

# What is left in fp32 costs nothing in time: the attention's softmax and the weighted sum.
QUANTISED_OPS = ("Conv", "Gemm", "Add", "Relu")
TYPES = {"uint8": QuantType.QUInt8, "int8": QuantType.QInt8}
CALIBRATIONS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}


@dataclass(frozen=True)
class Scheme:
    """What a static quantisation chooses; the defaults are the measured choice.

    Attributes:
        weights: `uint8` (zero at 128) or `int8`; symmetric either way.
        per_channel: one scale for each output channel, instead of one for each tensor.
        activations: `uint8` or `int8`.
        symmetric: ranges of activations are widened to [-a, a].
        calibration: `minmax`, `entropy` or `percentile` (99.999 %) of the values seen.
    """

    weights: str = "uint8"
    per_channel: bool = True
    activations: str = "uint8"
    symmetric: bool = False
    calibration: str = "minmax"


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
    scheme: Scheme = Scheme(),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> onnx.ModelProto:
    """Return `model` as static QDQ int8, calibrated on `frames` (N, 1, height, width) float32.

    `ranges` holds (low, high) of tensors by name, instead of what calibration finds.
    """
    given = {
        name: [{"rmin": np.array(low, np.float32), "rmax": np.array(high, np.float32)}]
        for name, (low, high) in (ranges or {}).items()
    }
    options: dict[str, Any] = {
        "ActivationSymmetric": scheme.symmetric,
        "WeightSymmetric": True,
        "TensorQuantOverrides": given,
    }
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
            per_channel=scheme.per_channel,
            activation_type=TYPES[scheme.activations],
            weight_type=TYPES[scheme.weights],
            calibrate_method=CALIBRATIONS[scheme.calibration],
            extra_options=options,
        )
        quantised = onnx.load(result)
    quantised.producer_name, quantised.producer_version = "sonogaze", ""
    return strip(quantised)

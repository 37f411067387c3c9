"""ONNX fp32 -> int8: static QDQ by onnxruntime, ranges from training frames or given.

Weights are signed (U8S8), which CPUs with VNNI and Arm's dot products compute fastest. On x86
without VNNI onnxruntime would cut such products off; `sdk.runtime.session_options` tells it not to,
and the same file gives the same logits. docs/results/quantisation.json compares the choices.
"""

import tempfile
from collections.abc import Collection, Iterator, Mapping
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
from export.recipe.constants import INT8_WEIGHTS

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
        weights: `int8` or `uint8` (zero at 128); symmetric either way.
        per_channel: one scale for each output channel, instead of one for each tensor.
        activations: `uint8` or `int8`.
        symmetric: ranges of activations are widened to [-a, a].
        calibration: `minmax`, `entropy` or `percentile` (99.999 %) of the values seen.
        float_layers: what stays fp32, by paths in the student (`stem`, `blocks.0`).
    """

    weights: str = INT8_WEIGHTS
    per_channel: bool = True
    activations: str = "uint8"
    symmetric: bool = False
    calibration: str = "minmax"
    float_layers: tuple[str, ...] = ()


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
            nodes_to_exclude=_nodes_of(onnx.load(ready), scheme.float_layers),
            per_channel=scheme.per_channel,
            activation_type=TYPES[scheme.activations],
            weight_type=TYPES[scheme.weights],
            calibrate_method=CALIBRATIONS[scheme.calibration],
            extra_options=options,
        )
        quantised = onnx.load(result)
    # else the tool's own name and version would be part of the student's bytes
    quantised.producer_name, quantised.producer_version = "sonogaze", ""
    return strip(quantised)


def _nodes_of(model: onnx.ModelProto, layers: Collection[str]) -> list[str]:
    """Return the names of the nodes that hold the weights of the layers."""
    return [
        node.name
        for node in model.graph.node
        if any(is_inside(name.removesuffix(".weight"), layers) for name in node.input[1:2])
    ]


def is_inside(path: str, layers: Collection[str]) -> bool:
    """Return whether a module's path is one of the layers or inside one."""
    return any(path == layer or path.startswith(f"{layer}.") for layer in layers)

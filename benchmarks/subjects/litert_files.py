"""Google's LiteRT as a runtime beside onnxruntime: a student written as a .tflite file.

LiteRT's own converter, litert-torch, needs a gigabyte beside PyTorch (JAX, Transformers, a model
hub's client), other versions of what this project pins, and the architecture in PyTorch. Students
have few kinds of layers, so the file is written from the ONNX file itself by the classes of the
schema, which the runtime's wheel brings, and refused unless it computes what onnxruntime computes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.subjects.conversion import ConversionError, check


def convert(source: Path, folder: Path, tensor: np.ndarray) -> Path:
    """Write an ONNX student as a .tflite file.

    Args:
        source: fp32 student.
        folder: where ``NAME.tflite`` goes.
        tensor: float32 `(1,1,H,W)`, on which both runtimes must agree.

    Raises:
        ConversionError: LiteRT is missing, the student has a layer that isn't converted, or what is
            written computes something else.
    """
    import onnx

    from benchmarks.subjects.litert_layers import litert_bytes
    from export.packaging.graph_places import without_novelty

    target = folder / f"{source.stem}.tflite"
    try:
        target.write_bytes(litert_bytes(without_novelty(onnx.load(source))))
    except ImportError as error:
        raise ConversionError("LiteRT is missing: pip install 'sonogaze-tools[litert]'") from error
    check(source, tensor, load(target, 1), "LiteRT")
    return target


def load(path: Path, threads: int) -> Callable[[Any], Any]:
    """Return what maps a tensor `(1,1,H,W)` to the file's first output, on XNNPACK in fp32."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    interpreter.allocate_tensors()
    given, output = interpreter.get_input_details()[0], interpreter.get_output_details()[0]["index"]
    index, shape = given["index"], tuple(int(size) for size in given["shape"])

    def infer(tensor: np.ndarray) -> np.ndarray:
        # of one channel: moving it last moves no number
        interpreter.set_tensor(index, tensor.reshape(shape))
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(output))

    return infer

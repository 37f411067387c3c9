"""Files that a run needs and a clone has not: the teacher exported, its int8 twin, tensors."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.record.jobs import Recipe
from benchmarks.subjects.catalogue import TEACHER
from benchmarks.subjects.runtimes import build_module, first_tensor


def tensors_of(samples: list[np.ndarray], recipe: Recipe) -> np.ndarray:
    """Return float32 `(N,1,H,W)`: the samples through the student's preprocessing."""
    from sdk import Frame
    from sdk.preprocess import Preprocessing

    preprocessing = Preprocessing.from_dict(recipe)
    return np.stack([preprocessing.tensor(Frame.from_array(s))[0] for s in samples])


def export_teacher(path: Path, tensor: np.ndarray) -> Path:
    """Write the untrained teacher's architecture as an ONNX file, batch 1."""
    import torch
    from torch import nn

    class Logits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.teacher = build_module(TEACHER)

        def forward(self, frame: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = first_tensor(self.teacher(frame))
            return logits

    torch.manual_seed(0)
    module = Logits().eval()
    with _quiet():
        program = torch.onnx.export(
            module,
            (torch.from_numpy(tensor),),
            input_names=["frame"],
            output_names=["logits"],
            opset_version=18,
            dynamo=True,
            external_data=False,
        )
        if program is None:
            raise RuntimeError("torch.onnx.export returned no program")
        program.save(str(path), external_data=False)
    return path


def quantize_teacher(source: Path, target: Path, tensors: np.ndarray) -> Path:
    """Write ``source`` as int8 by the students' own quantiser, calibrated on ``tensors``."""
    import onnx

    from export.packaging.quantize import quantize

    with _quiet():
        onnx.save(quantize(onnx.load(source), tensors), target)
    return target


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep exporters' chatter off the progress display; errors still raise."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)

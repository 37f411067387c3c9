"""A random dense student as int8 with signed weights, and frames: the same logits on every CPU."""

from pathlib import Path

import numpy as np
import onnx
import torch

from export.models.student import build_student
from export.packaging.convert import to_onnx
from export.packaging.quantize import quantize
from export.recipe.settings import StageConfig, StudentConfig

SIZE = (48, 64)
FRAMES = 24
NETWORK = StudentConfig(
    16, (StageConfig(0, 32, 3, 2), StageConfig(0, 32, 3, 1)), 48, "dense", patch=4
)
MODEL, INPUTS = "int8.onnx", "frames.npy"
# what runs them, under emulation too. CPU features are given: what Linux lists is the host's
RUN = """
import sys, numpy as np
from sonogaze import runtime
folder, answers, *features = sys.argv[1:]
options = runtime.session_options(features=frozenset(features))
session = runtime.new_session(folder + "/int8.onnx", options)
frames = np.load(folder + "/frames.npy")
rows = [session.run(["logits", "attention"], {"frame": f[None]}) for f in frames]
np.savez(answers, logits=[r[0] for r in rows], attention=[r[1] for r in rows])
"""


def write_int8_student(folder: Path) -> None:
    """Write the model, and frames that fill its ranges."""
    torch.manual_seed(0)
    student = build_student(4, NETWORK).eval()
    torch.nn.init.normal_(student.score.weight, std=0.5)
    frames = np.random.default_rng(0).normal(size=(FRAMES, 1, *SIZE)).astype(np.float32)
    np.save(folder / INPUTS, frames)
    onnx.save(quantize(to_onnx(student, *SIZE), frames), folder / MODEL)

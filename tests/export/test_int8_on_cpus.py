"""One int8 file gives the same logits on every x86: CPUs of several kinds, emulated."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from export.models.student import build_student
from export.packaging.convert import to_onnx
from export.packaging.quantize import quantize
from export.recipe.settings import StageConfig, StudentConfig

ROOT = Path(__file__).parents[2]
SIZE = (48, 64)
FRAMES = 24
NETWORK = StudentConfig(
    16, (StageConfig(0, 32, 3, 2), StageConfig(0, 32, 3, 1)), 48, "dense", patch=4
)
# features are given: what Linux lists is the emulator's host
RUN = """
import sys, numpy as np
from sdk import runtime
model, frames, answers, *features = sys.argv[1:]
session = runtime.new_session(model, runtime.session_options(features=frozenset(features)))
rows = [session.run(["logits", "attention"], {"frame": f[None]}) for f in np.load(frames)]
np.savez(answers, logits=[r[0] for r in rows], attention=[r[1] for r in rows])
"""

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("SONOGAZE_SECOND_TIER") != "1",
        reason="second tier: set SONOGAZE_SECOND_TIER=1",
    ),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="emulates x86-64 on x86-64"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A random dense student as int8 (signed weights), and frames that fill its ranges."""
    folder = tmp_path_factory.mktemp("cpus")
    torch.manual_seed(0)
    student = build_student(4, NETWORK).eval()
    torch.nn.init.normal_(student.score.weight, std=0.5)
    frames = np.random.default_rng(0).normal(size=(FRAMES, 1, *SIZE)).astype(np.float32)
    np.save(folder / "frames.npy", frames)
    onnx.save(quantize(to_onnx(student, *SIZE), frames), folder / "int8.onnx")
    return folder


def _answers(folder: Path, emulator: list[str], features: list[str]) -> dict[str, np.ndarray]:
    words = [sys.executable, "-c", RUN, folder / "int8.onnx", folder / "frames.npy"]
    answers = folder / "answers.npz"
    # numpy's BLAS picks a kernel that qemu's oldest CPUs can't run
    env = {**os.environ, "OPENBLAS_CORETYPE": "Nehalem", "PYTHONPATH": str(ROOT)}
    command = [*emulator, *map(str, words), str(answers), *features]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder)
    assert done.returncode == 0, done.stderr
    with np.load(answers) as file:
        return dict(file)


def _emulator(cpu: str) -> list[str]:
    found = shutil.which("qemu-x86_64")
    assert found, "install qemu-user"
    return [found, "-cpu", cpu]


@pytest.fixture(scope="module")
def native(folder) -> dict[str, np.ndarray]:
    from sdk._cpu import cpu_features

    return _answers(folder, [], sorted(cpu_features()))


@pytest.mark.parametrize("cpu", ["Haswell", "Nehalem"])  # AVX2 without VNNI; SSE 4.2
def test_an_older_cpu_gives_the_same_logits_bit_by_bit(folder, native, cpu):
    emulated = _answers(folder, _emulator(cpu), [])
    assert emulated["logits"].tobytes() == native["logits"].tobytes()
    # its softmax is of fp32, whose last digits are each CPU's own
    assert np.abs(emulated["attention"] - native["attention"]).max() < 1e-6


def test_without_the_option_avx2_alone_would_give_other_logits(folder, native):
    saturated = _answers(folder, _emulator("Haswell"), ["avx512_vnni"])
    assert np.abs(saturated["logits"] - native["logits"]).max() > 1e-3

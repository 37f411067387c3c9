"""One int8 file gives the same logits on every x86: CPUs of several kinds, emulated."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.export.int8_student import RUN, write_int8_student

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.skipif(
        os.environ.get("SONOGAZE_SECOND_TIER") != "1",
        reason="second tier: set SONOGAZE_SECOND_TIER=1",
    ),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="emulates x86-64 on x86-64"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cpus")
    write_int8_student(folder)
    return folder


def _answers(folder: Path, emulator: list[str], features: list[str]) -> dict[str, np.ndarray]:
    answers = folder / "answers.npz"
    # numpy's BLAS picks a kernel that qemu's oldest CPUs can't run
    env = {**os.environ, "OPENBLAS_CORETYPE": "Nehalem", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", RUN, str(folder), str(answers)]
    command = [*emulator, *words, *features]
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

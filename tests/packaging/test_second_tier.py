"""What takes long: the wheel for 64-bit Arm, run."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sdk._cpu import cpu_features
from tests.export.int8_student import RUN, write_int8_student
from tests.packaging.builds import ROOT, build_wheel, command, pip

ARM_ROOT = ROOT / "build" / "arm64-root"
# 1.32 ends with a segmentation fault when qemu 7.2 imports it
ARM_ONNXRUNTIME = "onnxruntime==1.23.2"
SUFFIX = ".cpython-311-aarch64-linux-gnu.so"
ARM = {"_PYTHON_HOST_PLATFORM": "linux-aarch64", "SETUPTOOLS_EXT_SUFFIX": SUFFIX}
CLASSIFY = """
import platform, numpy as np, sdk, sonogaze
from sonogaze import _kernels
assert sdk is sonogaze
frame = np.random.default_rng(0).integers(0, 255, (600, 800), "uint8")
# opening a student runs its known answers
result = sdk.Classifier(precision="fp32").classify(frame)
print(platform.machine(), _kernels.available_isas(), result.decision)
"""

pytestmark = pytest.mark.skipif(
    os.environ.get("SONOGAZE_SECOND_TIER") != "1", reason="second tier: set SONOGAZE_SECOND_TIER=1"
)


def _arm_site(folder: Path) -> Path:
    """Cross-build the wheel and unpack it beside the packages that it needs."""
    toolchain = ROOT / "cpp_ext" / "aarch64-linux.cmake"
    option = ("-C", f"cmake.args=--toolchain={toolchain}")
    (folder / "built").mkdir()
    wheel = build_wheel(ROOT, folder / "built", *option, env=ARM)
    assert wheel.name.endswith("linux_aarch64.whl")
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (28, 27, 17)]
    words = ["download", "--quiet", "--only-binary=:all:", *platforms, "--python-version=3.11"]
    limits = folder / "constraints.txt"
    pinned = (ROOT / "constraints.txt").read_text().splitlines()
    limits.write_text("\n".join(line for line in pinned if not line.startswith("onnxruntime")))
    words += ["-c", limits, "-d", folder / "needed", "numpy", ARM_ONNXRUNTIME]
    pip(*words, cwd=folder)
    for path in (wheel, *(folder / "needed").glob("*.whl")):
        with zipfile.ZipFile(path) as file:
            file.extractall(folder / "site")
    return folder / "site"


def test_the_arm_wheel_classifies_under_emulation_and_int8_gives_our_logits(tmp_path: Path) -> None:
    python = ARM_ROOT / "usr" / "bin" / "python3.11"
    assert shutil.which("qemu-aarch64"), "install qemu-user"
    assert python.is_file(), f"run .ci/arm64-root {ARM_ROOT.relative_to(ROOT)}"
    site = _arm_site(tmp_path)
    assert (site / "sonogaze" / f"_kernels{SUFFIX}").is_file()
    write_int8_student(tmp_path)
    # one process for both: under emulation the imports take longer than what they are for
    emulated = ["qemu-aarch64", "-cpu", "max", "-L", ARM_ROOT, python, "-B", "-c", CLASSIFY + RUN]
    env = {"PYTHONPATH": str(site)}
    told = command(*emulated, tmp_path, tmp_path / "arm.npz", cwd=tmp_path, env=env)
    assert told.splitlines()[-1] == "aarch64 ['neon', 'scalar'] reject"
    command(sys.executable, "-c", RUN, tmp_path, tmp_path / "own.npz", *sorted(cpu_features()),
            cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})  # fmt: skip
    arm, own = np.load(tmp_path / "arm.npz"), np.load(tmp_path / "own.npz")
    assert arm["logits"].tobytes() == own["logits"].tobytes()
    assert np.abs(arm["attention"] - own["attention"]).max() < 1e-6

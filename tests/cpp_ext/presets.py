"""Builds of the C++ tests, one for each CMake preset, and the tools of the second tier."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "cpp_ext/fuzz/corpus.txt"
# Tool -> Debian package. `.ci/run` installs them and sets SONOGAZE_SECOND_TIER=1, which turns a
# missing tool from a skip (with its reason) into a failure.
PACKAGES = {
    "valgrind": "valgrind",
    "strace": "strace",
    "qemu-aarch64": "qemu-user",
    "aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu",
}


def require(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if not missing:
        return
    reason = f"second tier: apt-get install {' '.join(PACKAGES[tool] for tool in missing)}"
    if os.environ.get("SONOGAZE_SECOND_TIER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def program(preset: str, name: str) -> Path:
    """Build one test program and return its path. Workers of one test run take turns."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / f"build/{preset}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run("cmake", "--preset", preset)
        run("cmake", "--build", f"build/{preset}", "--target", name)
    return ROOT / "build" / preset / "cpp_ext/tests" / name


def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done

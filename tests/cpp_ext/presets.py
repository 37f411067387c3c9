"""The tools of the second tier, and what every test of the compiled core uses."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.cpp_ext.programs import ROOT, program, run

__all__ = ["CORPUS", "ROOT", "program", "require", "run"]

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

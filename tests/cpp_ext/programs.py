"""Builds of the C++ tests, one for each CMake preset.

Needs no package, so `python3 -m tests.cpp_ext.programs asan` can build while others are installed.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "asan": ("replay", "regions"),
    "tsan": ("threads",),
    "plain": ("replay", "one_frame", "count_plugin"),
    "arm64": ("replay", "one_frame"),
}


@cache
def program(preset: str, name: str) -> Path:
    """Build one test program and return its path. Processes take turns at a preset."""
    assert name in PROGRAMS[preset], f"{name} isn't listed, so nothing builds it early"
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


if __name__ == "__main__":
    for preset in sys.argv[1:]:
        for name in PROGRAMS[preset]:
            program(preset, name)

"""Building this tree's distributions and running them, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ["-c", str(ROOT / "constraints.txt")]
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}


def run(
    *words: object, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    # an editable checkout on the path would hide what a wheel lacks
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd, capture_output=True, text=True, env=clean | dict(env or {}),
    )  # fmt: skip


def command(*words: object, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    done = run(*words, cwd=cwd, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def pip(*words: object, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    return command(sys.executable, "-m", "pip", *words, cwd=cwd, env=env)


def build_wheel(
    source: Path, folder: Path, *options: str, env: Mapping[str, str] | None = None
) -> Path:
    """Build the wheel of a project into an empty folder."""
    always = ["--no-deps", "--no-build-isolation", "--quiet"]
    if not any(option.startswith("build-dir=") for option in options):
        always += ["-C", f"build-dir={folder}/build"]
    pip("wheel", *always, *options, "-w", folder, source, cwd=folder, env=EPOCH | dict(env or {}))
    (built,) = folder.glob("*.whl")
    return built


def unpacked_sdist(folder: Path) -> Path:
    """Pack the runtime's sources and return them as they come out, away from the checkout."""
    words = ["-m", "build", "--no-isolation", "--sdist", "--outdir", folder, ROOT]
    command(sys.executable, *words, cwd=folder, env=EPOCH)
    (packed,) = folder.glob("*.tar.gz")
    with tarfile.open(packed) as file:
        file.extractall(folder / "sources", filter="data")
    (source,) = (folder / "sources").iterdir()
    return source

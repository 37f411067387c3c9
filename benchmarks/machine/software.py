"""Versions, commit and build of what is measured."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.machine.kernel import available_isas
from benchmarks.record.jobs import Run
from benchmarks.record.machine import Commit, Kernel, Software
from benchmarks.subjects.runtimes import ORT_OPTIONS
from export.checkout import CHECKOUT
from export.files import file_sha256

#: Environment variables by which allocators and runtimes choose other code.
VARIABLES = (
    *("LD_PRELOAD", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "PYTHONMALLOC", "PYTHONDEVMODE"),
    *("OMP_WAIT_POLICY", "OPENBLAS_CORETYPE", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS"),
    *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY"),
)
PACKAGES = (
    "sonogaze",
    "numpy",
    "onnxruntime",
    "torch",
    "openvino",
    "ncnn",
    "pnnx",
    "ai-edge-litert",
    "onnx",
    "opencv-python-headless",
)


def software_facts(runs: Sequence[Run] = ()) -> Software:
    """Return versions, options, environment, commit, and the kernel that the processes ran."""
    return Software(
        python=platform.python_version(),
        environment=environment_facts(os.environ),
        onnxruntime_options=dict(ORT_OPTIONS),
        packages={name: _version(name) for name in PACKAGES},
        commit=commit(CHECKOUT) if CHECKOUT else None,
        kernels_sha256=kernels_sha256(),
        kernel=Kernel(isa_of(runs), available_isas(), os.environ.get("SONOGAZE_ISA")),
    )


def isas_of(runs: Sequence[Run]) -> list[str]:
    """Return every instruction set that processes say they ran, sorted."""
    facts = [run.result.process for run in runs]
    return sorted({one.isa for one in facts if one is not None and one.isa is not None})


def isa_of(runs: Sequence[Run]) -> str | None:
    """Return the one instruction set that the processes ran; None where none or several."""
    isas = isas_of(runs)
    return isas[0] if len(isas) == 1 else None


def environment_facts(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that change what the workers do, where set; paths by their last name.

    Threads are set for each worker, and `SONOGAZE_ISA` stands beside the kernel in use.
    """
    return {name: os.path.basename(variables[name]) for name in VARIABLES if name in variables}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def commit(root: Path) -> Commit | None:
    """Return the git commit of the tree and whether tracked files differ; None outside git."""
    try:
        head = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return Commit(head, bool(changes))


def _git(root: Path, *arguments: str) -> str:
    # without its optional locks, git leaves the repository as it is
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()


def kernels_sha256() -> str | None:
    """Return the SHA-256 of the compiled extension that `sdk` would load; None if not built."""
    from importlib.util import find_spec

    spec = find_spec("sdk._kernels")
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return None
    return file_sha256(Path(spec.origin))

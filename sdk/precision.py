"""Which student file a classifier reads; of the default student, which one on which CPU.

`precision="auto"` must give the same bits on the same machine each time, so it follows this fixed
table and never a measurement at run time. An explicit `precision=` overrides it.
"""

from __future__ import annotations

import os

from ._origin import raised_by
from ._shown import shown
from .errors import ModelError
from .model_file.metadata import PRECISIONS

PRECISION_BY_FEATURES: tuple[tuple[frozenset[str], str], ...] = ((frozenset(), "fp32"),)
"""Rows of (CPU features that must all be there, precision); the first row that fits counts.

int8 has no row yet, because nowhere was it faster. Inference of the default architecture (25,000
parameters, 144 x 192), onnxruntime 1.32, one thread: fp32 0.21 ms and int8 0.55 ms on an AMD EPYC
with AVX-512 VNNI (the machine shared with other work, best tenth of 300 runs).
"""

_MODELS: str | os.PathLike[str] = os.path.join(os.path.dirname(__file__), "models")
_CPUINFO = "/proc/cpuinfo"
_CPUINFO_BYTES = 16_384
_FEATURE_LINES = ("flags", "Features")


def cpu_features(cpuinfo: str | os.PathLike[str] = _CPUINFO) -> frozenset[str]:
    """Read the feature names of the first core, as Linux spells them.

    Args:
        cpuinfo: in the format of /proc/cpuinfo: `flags` on x86-64, `Features` on aarch64.

    Returns:
        Names such as `avx512_vnni` or `asimddp`; empty where there is no such file.
    """
    try:
        with open(cpuinfo, "rb") as file:
            text = file.read(_CPUINFO_BYTES).decode("ascii", "replace")
    except OSError as error:
        if not raised_by(error):
            raise  # a signal handler's
        return frozenset()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in _FEATURE_LINES:
            return frozenset(value.split())
    return frozenset()


def choose_precision(features: frozenset[str]) -> str:
    """Look up the precision for a CPU.

    Args:
        features: names of CPU features, as `cpu_features` gives them.

    Returns:
        `fp32` or `int8`.
    """
    for required, precision in PRECISION_BY_FEATURES:
        if required <= features:
            return precision
    raise AssertionError("the last row of PRECISION_BY_FEATURES fits every CPU")


def student_path(path: str | os.PathLike[str] | None, precision: str) -> str | os.PathLike[str]:
    """Return the path to read: the one given, or that of the default student.

    Args:
        path: of a student file; None is the default student.
        precision: `auto`, `fp32` or `int8`.

    Raises:
        ModelError: `model-precision` when there is no such precision.
    """
    if not isinstance(precision, str) or precision not in ("auto", *PRECISIONS):
        raise ModelError(
            "model-precision",
            f"precision is {shown(precision)}, allowed are 'auto', 'fp32' and 'int8'",
        )
    if path is not None:
        return path
    if precision == "auto":
        precision = choose_precision(cpu_features())
    return os.path.join(_MODELS, f"default-{precision}.onnx")


def check_precision(path: str | os.PathLike[str] | None, precision: str, actual: str) -> None:
    """Check that a file has the precision that was asked for.

    Args:
        path: as given to `student_path`, for messages.
        precision: likewise; `auto` takes any.
        actual: of the file.

    Raises:
        ModelError: `model-precision`.
    """
    if precision not in ("auto", actual):
        raise ModelError(
            "model-precision",
            f"precision is {precision!r}, but {path!r} holds {actual!r}; "
            "name the other file, or ask for 'auto'",
        )

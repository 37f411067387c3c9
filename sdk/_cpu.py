"""What the processor can do, as Linux spells it, and what follows for 8-bit arithmetic."""

from __future__ import annotations

import os
import platform

from ._origin import raised_by

_CPUINFO = "/proc/cpuinfo"
_CPUINFO_BYTES = 16_384
_FEATURE_LINES = ("flags", "Features")
_X86 = ("x86_64", "amd64", "i686", "x86")
_EXACT = frozenset({"avx512_vnni", "avx_vnni"})
"""Either multiplies unsigned by signed bytes into 32 bits, as NEON does."""


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


def signed_weights_saturate(features: frozenset[str], machine: str | None = None) -> bool:
    """Return whether products of unsigned and signed bytes may be cut off on this CPU.

    SSE and AVX2 add two such products in 16 bits (`pmaddubsw`), which large weights overflow.

    Args:
        features: as `cpu_features` gives them. Unknown ones count as absent: exact, if slower.
        machine: as `platform.machine` names it; None is this one.
    """
    name = (platform.machine() if machine is None else machine).lower()
    return name in _X86 and not features & _EXACT

"""A folder's name for a CPU, so that records of several machines lie side by side."""

from __future__ import annotations

import platform

from sdk import _kernels

_VENDORS = {"AuthenticAMD": "amd", "GenuineIntel": "intel"}


def cpu_folder() -> str:
    """Return vendor, family, model and best instruction set, such as `amd-26-2-avx512`."""
    facts = _kernels.kernel_facts()
    if not facts["vendor"]:  # told by x86 alone
        return f"{platform.machine()}-{_kernels.available_isas()[0]}"
    vendor = _VENDORS.get(facts["vendor"], facts["vendor"].lower())
    return f"{vendor}-{facts['family']}-{facts['model']}-{_kernels.available_isas()[0]}"

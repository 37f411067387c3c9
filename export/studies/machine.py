"""What a study's times were measured on."""

import platform
from typing import Any

from sdk import runtime
from sdk._cpu import cpu_features

TOLD = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8", "asimd", "asimddp", "i8mm")


def machine_facts() -> dict[str, Any]:
    """Return the processor, which of its features matter here, and the runtime's version."""
    runtime.load()
    features = cpu_features()
    return {
        "processor": platform.processor() or platform.machine(),
        "features": [name for name in TOLD if name in features],
        "onnxruntime": runtime.version(),
    }

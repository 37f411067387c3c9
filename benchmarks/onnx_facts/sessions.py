"""Sessions of one thread for looking at a model, silent on what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sdk import runtime


def quiet_options() -> Any:
    """Return `onnxruntime.SessionOptions` of one thread that log only what is fatal."""
    options = runtime.load().SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options


def open_session(path: Path, options: Any) -> Any:
    """Return a session on the CPU; whatever onnxruntime raises, it raises."""
    providers = ["CPUExecutionProvider"]
    return runtime.load().InferenceSession(str(path), options, providers=providers)

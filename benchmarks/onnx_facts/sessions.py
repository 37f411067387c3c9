"""Sessions of one thread for looking at a model, silent on what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sdk import runtime


def quiet_options() -> Any:
    """Return `onnxruntime.SessionOptions` of one thread that log only what is fatal."""
    options = runtime.session_options()
    options.log_severity_level = 4
    return options


def open_session(path: Path, options: Any) -> Any:
    """Return a session on the CPU; whatever onnxruntime raises, it raises."""
    return runtime.new_session(str(path), options)

"""onnxruntime sessions of this package, with the options of the SDK's own."""

from typing import Any

from sdk import runtime

WARNINGS, ERRORS = 3, 4  # of onnxruntime's log: what is below stays silent


def open_session(model: bytes, *, optimised: bool = True, log_severity: int = WARNINGS) -> Any:
    """Return a session of a model's bytes.

    Without `optimised` the graph runs as it is written: no fused integer kernels.
    """
    options = runtime.session_options()
    options.log_severity_level = log_severity
    if not optimised:
        options.graph_optimization_level = runtime.load().GraphOptimizationLevel.ORT_DISABLE_ALL
    return runtime.new_session(model, options)

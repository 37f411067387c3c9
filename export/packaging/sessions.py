"""onnxruntime sessions of this package: one thread, on the CPU, as the cart runs a student."""

from typing import Any

from sdk import runtime

WARNINGS, ERRORS = 3, 4  # of onnxruntime's log: what is below stays silent


def open_session(model: bytes, *, optimised: bool = True, log_severity: int = WARNINGS) -> Any:
    """Return a session of a model's bytes.

    Without `optimised` the graph runs as it is written: no fused integer kernels.
    """
    onnxruntime = runtime.load()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = log_severity
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = (
        levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    )
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

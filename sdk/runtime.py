"""onnxruntime in this process: imported late and without telemetry, and its sessions.

onnxruntime from 1.29 on writes a device id and a database under the user's cache folder as soon as
it is imported, starts threads, and sends events to its maker. The environment variable
``ORT_DISABLE_TELEMETRY`` prevents all of it, and is read at import alone. So onnxruntime is
imported by `load` and nowhere else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from ._cpu import cpu_features, signed_weights_saturate
from ._lifetime import loading
from ._origin import raised_by
from ._signals import postponed

__all__ = [
    "bound_run",
    "failed_inside",
    "failures",
    "load",
    "new_session",
    "session_options",
    "version",
]

EXACT_INT8 = "session.x64quantprecision"
"""onnxruntime's option that computes signed weights of 8 bits without saturation, if slower."""
_SWITCH = "ORT_DISABLE_TELEMETRY"
_SILENT = 4  # onnxruntime would write on the host's standard error
_onnxruntime: ModuleType | None = None


def load() -> ModuleType:
    """Import onnxruntime without telemetry.

    Where the host program imported it before, its events are disabled, which is all that can still
    be done: its files are written and its threads run by then (see docs/integrating.md).
    """
    global _onnxruntime
    if _onnxruntime is not None:
        return _onnxruntime
    with loading():
        host_was_first = "onnxruntime" in sys.modules
        # not set for good, since the environment is the host's; `disable_telemetry_events` alone
        # comes too late: the files are written by then
        before = os.environ.get(_SWITCH)
        os.environ[_SWITCH] = "1"
        try:
            # what a handler raises inside turns into ImportError, and may spoil it for good
            with postponed():
                import onnxruntime
        finally:
            if before is None:
                del os.environ[_SWITCH]
            else:
                os.environ[_SWITCH] = before
        if host_was_first:
            onnxruntime.disable_telemetry_events()
        _onnxruntime = onnxruntime
        return onnxruntime  # type: ignore[no-any-return]


def version() -> str:
    """Return the version of onnxruntime; it is loaded already."""
    return str(sys.modules["onnxruntime"].__version__)


def failures() -> tuple[type[Exception], ...]:
    """Return the exceptions that onnxruntime raises; see `failed_inside` for RuntimeError."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [kind for kind in vars(state).values() if isinstance(kind, type)]
    return (*(kind for kind in own if issubclass(kind, Exception)), RuntimeError)


def failed_inside(error: Exception) -> bool:
    """Whether onnxruntime raised this, and not a signal handler that ran meanwhile.

    onnxruntime's own exceptions tell by their class. A RuntimeError tells by the place where it
    was raised: a handler's is raised in the handler.
    """
    return type(error) is not RuntimeError or raised_by(error, "onnxruntime")


def session_options(threads: int = 1, features: frozenset[str] | None = None) -> Any:
    """Return options for `new_session`, with which every figure of this package is taken.

    Operators run one after the other and their threads sleep between two inferences. An int8 model
    gives the same bits on every x86 CPU. The caller may set more, such as
    `graph_optimization_level`.

    Args:
        threads: of one inference, at least 1.
        features: of the CPU, as `sdk._cpu.cpu_features` names them; None asks it.

    Returns:
        `onnxruntime.SessionOptions`.
    """
    onnxruntime = load()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # threads that spin cost a whole core at 30 frames a second
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # with VNNI the option would cost what signed weights gain, and change no bit
    if signed_weights_saturate(cpu_features() if features is None else features):
        options.add_session_config_entry(EXACT_INT8, "1")
    options.log_severity_level = _SILENT
    return options


def new_session(model: bytes | str, options: Any = None) -> Any:
    """Return a session on the CPU.

    Args:
        model: the bytes of an ONNX file, or its path.
        options: of onnxruntime; None is `session_options()`.

    Returns:
        `onnxruntime.InferenceSession`.

    Raises:
        Exception: one of `failures()` when onnxruntime refuses the model.
    """
    return load().InferenceSession(
        model,
        sess_options=session_options() if options is None else options,
        providers=["CPUExecutionProvider"],
        # the fallback prints on standard output, and tries again whatever was raised
        enable_fallback=0,
    )


def bound_run(session: Any, binding: Any) -> Callable[[], Any]:
    """Return a function that runs `binding` and does as little else as this onnxruntime allows.

    Its public method looks through the settings of WebGPU first, which a CPU has no use for and
    which costs 10 us where the caches are cold.

    Args:
        session: of onnxruntime.
        binding: that `session.io_binding` made.
    """
    run = getattr(getattr(session, "_sess", None), "run_with_iobinding", None)
    bound = getattr(binding, "_iobinding", None)
    if run is None or bound is None:
        return partial(session.run_with_iobinding, binding)
    return partial(run, bound, None)

"""onnxruntime in this process: imported late and without telemetry; what a fork and the end do.

onnxruntime from 1.29 on writes a device id and a database under the user's cache folder as soon as
it is imported, starts threads, and sends events to its maker. The environment variable
``ORT_DISABLE_TELEMETRY`` prevents all of it, and is read at import alone. So onnxruntime is
imported by `load` and nowhere else.

A fork copies one thread. The pools of a session stay behind as memory, so the child hangs when it
destroys the session, and a lock that another thread held stays locked. So a fork waits until no
session is being made, and the child makes its sessions anew when it needs them.

onnxruntime's own bindings abort the process when a daemon thread comes back from an inference
while the interpreter ends. So the end waits for inferences in progress, and begins no more.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock, get_ident
from types import ModuleType
from typing import Any, Protocol
from weakref import WeakSet

from ._origin import raised_by
from ._signals import postponed

__all__ = [
    "end_begun_elsewhere",
    "failed_inside",
    "failures",
    "load",
    "loading",
    "others_run",
    "stop_here_at_the_end",
    "version",
    "watch",
]

_lock = RLock()
_SWITCH = "ORT_DISABLE_TELEMETRY"
_LONGEST_WAIT_S = 10.0
_onnxruntime: ModuleType | None = None
_loading_thread: int | None = None
_ending_thread: int | None = None


class Watched(Protocol):
    """What a fork and the interpreter's end must tell."""

    def forget(self) -> None:
        """Drop all that a parent process made; called in a forked child."""

    def stop(self, deadline: float) -> None:
        """Wait, until `time.monotonic()` is `deadline`, for calls in progress."""


_watched: WeakSet[Any] = WeakSet()


@contextmanager
def loading() -> Iterator[None]:
    """Hold the lock under which onnxruntime is imported and sessions are made; may be nested."""
    global _loading_thread
    if _loading_thread == get_ident():
        yield
        return
    stop_here_at_the_end()
    with _lock:
        if not end_begun_elsewhere():
            _loading_thread = get_ident()
            try:
                yield
            finally:
                _loading_thread = None
            return
    stop_here_at_the_end()


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


def watch(session: Watched) -> None:
    """Tell `session` of forks and of the end, as long as it lives."""
    _watched.add(session)


def end_begun_elsewhere() -> bool:
    """Whether another thread ends the interpreter, and doesn't wait for this one's load."""
    return _ending_thread not in (None, get_ident()) and _loading_thread != get_ident()


def stop_here_at_the_end() -> None:
    """Return at once, unless `end_begun_elsewhere`: then never."""
    while end_begun_elsewhere():
        time.sleep(_LONGEST_WAIT_S)


def others_run() -> bool:
    """Whether any other thread is inside Python code, or in a call that it made."""
    return len(sys._current_frames()) > 1


def _in_forked_child() -> None:
    global _ending_thread
    _lock.release()
    _ending_thread = None  # the parent's end isn't the child's, which has this thread alone
    for session in tuple(_watched):
        session.forget()


def _at_exit() -> None:
    global _ending_thread
    _ending_thread = get_ident()
    deadline = time.monotonic() + _LONGEST_WAIT_S
    if not _lock.acquire(timeout=_LONGEST_WAIT_S):
        return  # a load that long is not waited for
    _lock.release()
    for session in tuple(_watched):
        session.stop(deadline)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire,
        after_in_parent=_lock.release,
        after_in_child=_in_forked_child,
    )
atexit.register(_at_exit)

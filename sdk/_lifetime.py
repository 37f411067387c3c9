"""What a fork and the interpreter's end do to onnxruntime's sessions.

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
from typing import Any, Protocol
from weakref import WeakSet

__all__ = [
    "end_begun_elsewhere",
    "loading",
    "others_run",
    "stop_here_at_the_end",
    "watch",
]

# reentrant: the thread that holds it may fork in the middle of a load
_lock = RLock()
_LONGEST_WAIT_S = 10.0
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
        # the end may have begun while this thread waited
        if not end_begun_elsewhere():
            _loading_thread = get_ident()
            try:
                yield
            finally:
                _loading_thread = None
            return
    stop_here_at_the_end()


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

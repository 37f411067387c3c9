"""The decoding processes that wait for a file: a process serves one at a time, and is kept.

At most `_IDLE` wait. Nothing here holds a lock, since an iterator may be collected at any point of
any thread.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections import deque

from . import limits
from .host import Worker, live

_IDLE = 2

_idle: deque[Worker] = deque()


def acquire() -> Worker:
    """Return an idle decoding process, or a new one."""
    while _idle:
        try:
            worker = _idle.pop()
        except IndexError:  # another thread was faster
            break
        if worker.usable():
            return worker
        worker.end()
    return Worker()


def release(worker: Worker, size_bytes: int | None) -> None:
    """Let go of a decoding process: keep it for another file, or end it.

    Args:
        worker: from `acquire`.
        size_bytes: of its address space, when it waits for a request; else None.
    """
    keep = size_bytes is not None and size_bytes < limits.RECYCLE_BYTES and len(_idle) < _IDLE
    try:
        if keep and worker.usable():
            worker.close_file()
            _idle.append(worker)
            return
    except OSError:
        pass  # it ended, or this process is ending
    worker.end()


def end_idle() -> None:
    """End the decoding processes that wait; those at a file are left alone."""
    while _idle:
        with contextlib.suppress(IndexError):  # another thread was faster
            _idle.pop().end()


def _at_exit() -> None:
    end_idle()
    for worker in list(live):
        worker.abandon()


def _after_fork() -> None:
    for worker in list(live):
        worker.forget()
    live.clear()
    _idle.clear()


atexit.register(_at_exit)
os.register_at_fork(after_in_child=_after_fork)

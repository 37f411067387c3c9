"""Who raised an exception: the library that was called, or a signal handler that ran meanwhile.

Python runs signal handlers between any two steps of the main thread, and what they raise appears
inside whatever call is in progress. A call that takes long must not take it for its own failure.
"""

from __future__ import annotations

import functools
import signal
from collections.abc import Iterator
from types import CodeType
from typing import Any

_OWN = __name__.partition(".")[0]


def raised_by(error: BaseException, *packages: str) -> bool:
    """Whether `error` comes from this package or one of `packages`, or compiled code below them.

    The innermost frame decides: compiled code has none of its own, so its caller's is there, and
    a handler's exception ends in the handler.

    Args:
        error: caught.
        packages: names of other top-level packages.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__"))
    return name.partition(".")[0] in (_OWN, *packages)


def raised_by_a_handler(error: BaseException) -> bool:
    """Whether `error` came through a signal handler that is in place.

    For calls into code of anybody's, whose packages `raised_by` can't be told.

    Args:
        error: caught.
    """
    handlers = set(_handlers())
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in handlers:
            return True
        trace = trace.tb_next
    return False


def _handlers() -> Iterator[CodeType]:
    for number in signal.valid_signals():
        handler: Any = signal.getsignal(number)
        while isinstance(handler, functools.partial):
            handler = handler.func
        if not hasattr(handler, "__code__") and callable(handler):
            handler = handler.__call__  # an object's own
        if hasattr(handler, "__code__"):
            yield handler.__code__

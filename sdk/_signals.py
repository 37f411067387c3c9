"""Keep signal handlers out of a step that must not be broken off in its middle."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def postponed() -> Iterator[None]:
    """Run the handlers of signals that arrive meanwhile at the end, when all is in place.

    What they raise is raised there. In other threads than the main one nothing is done, since
    handlers never run there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: dict[int, None] = {}  # in order, each once
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    own = {number: handler for number, handler in handlers.items() if callable(handler)}
    try:
        for number in own:
            signal.signal(number, lambda number, _: arrived.setdefault(number))
        yield
    finally:
        raised = [error for number in own if (error := _install(number, own[number]))]
        # all of them, although the first may raise: a signal that was held back must not be lost
        raised += [error for late in arrived if (error := _raised_by(late))]
        if raised:
            raise raised[0]


def _raised_by(number: int) -> BaseException | None:
    """Have a signal handled; return what its handler raises."""
    try:
        signal.raise_signal(number)
    except BaseException as error:
        return error
    return None


def _install(number: int, handler: Callable[..., Any]) -> BaseException | None:
    """Install a handler, whatever those that are installed raise meanwhile; return that."""
    raised = None
    while True:
        try:
            signal.signal(number, handler)
        except BaseException as error:
            raised = error
            continue
        return raised

"""An exception that came through a signal handler is told from one of the library's own."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sdk._origin import raised_by_a_handler


class Alarm(Exception):
    pass


def handler(*_: object) -> None:
    raise Alarm


class Handler:
    def __call__(self, *_: object) -> None:
        raise Alarm


PARTIAL = functools.partial(handler, 1)


@pytest.fixture(
    params=[handler, PARTIAL, functools.partial(PARTIAL, 2), Handler(), Handler().__call__],
    ids=["function", "partial", "partial of a partial", "object", "method"],
)  # fmt: skip
def installed(request: pytest.FixtureRequest) -> Iterator[None]:
    before = signal.signal(signal.SIGUSR1, request.param)
    yield
    signal.signal(signal.SIGUSR1, before)


def caught(act: Callable[[], Any]) -> Exception:
    try:
        act()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_what_a_handler_raises_is_its_own(installed: None) -> None:
    assert raised_by_a_handler(caught(lambda: signal.raise_signal(signal.SIGUSR1)))


def test_what_anything_else_raises_is_not(installed: None) -> None:
    assert not raised_by_a_handler(caught(lambda: int("x")))
    assert not raised_by_a_handler(ValueError("never raised"))


def test_a_handler_that_is_no_longer_in_place_is_anybodys_code() -> None:
    assert not raised_by_a_handler(caught(handler))

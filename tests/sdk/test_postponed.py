"""Signal handlers wait for the end of a step that must not be broken off."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from sdk import _signals
from sdk._signals import postponed

FIRST, SECOND = signal.SIGUSR1, signal.SIGUSR2


class Alarm(Exception):
    """What a handler raises."""


@pytest.fixture
def handled() -> Iterator[list[int]]:
    """Handle two signals by noting them."""
    noted: list[int] = []
    before = {number: signal.getsignal(number) for number in (FIRST, SECOND)}
    for number in before:
        signal.signal(number, lambda number, _: noted.append(number))
    yield noted
    for number, handler in before.items():
        signal.signal(number, handler)


def raising(number: int) -> None:
    def handler(number: int, _: object) -> None:
        raise Alarm(number)

    signal.signal(number, handler)


def test_handlers_run_at_the_end_each_once_in_the_order_of_their_signals(
    handled: list[int],
) -> None:
    with postponed():
        for number in (SECOND, FIRST, SECOND):
            signal.raise_signal(number)
        assert handled == []
    assert handled == [SECOND, FIRST]


def test_afterwards_all_is_as_before(handled: list[int]) -> None:
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    with postponed():
        assert signal.getsignal(FIRST) != before[FIRST]
    assert {number: signal.getsignal(number) for number in before} == before
    signal.raise_signal(FIRST)
    assert handled == [FIRST]


def held(*numbers: int, error: Exception | None = None) -> None:
    with postponed():
        for number in numbers:
            signal.raise_signal(number)
        if error is not None:
            raise error


def test_what_a_handler_raises_is_raised_at_the_end_and_loses_no_other_signal(
    handled: list[int],
) -> None:
    raising(FIRST)
    with pytest.raises(Alarm):
        held(FIRST, SECOND)
    assert handled == [SECOND]


def test_of_two_that_raise_the_first_is_heard(handled: list[int]) -> None:
    raising(FIRST)
    raising(SECOND)
    with pytest.raises(Alarm, match=str(int(SECOND))):
        held(SECOND, FIRST)


def test_handlers_run_also_where_the_step_fails(handled: list[int]) -> None:
    with pytest.raises(ValueError, match="of the step"):
        held(FIRST, error=ValueError("of the step"))
    assert handled == [FIRST]


def test_signals_without_a_handler_of_python_are_left_alone(handled: list[int]) -> None:
    signal.signal(FIRST, signal.SIG_IGN)
    with postponed():
        assert signal.getsignal(FIRST) == signal.SIG_IGN
        signal.raise_signal(FIRST)


def test_another_thread_changes_nothing(handled: list[int]) -> None:
    seen: list[object] = []
    before = signal.getsignal(FIRST)

    def work() -> None:
        with postponed():
            seen.append(signal.getsignal(FIRST))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_handler_comes_back_whatever_others_raise_meanwhile(
    handled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    install, errors = signal.signal, [Alarm("first"), Alarm("second")]

    def interrupted(number: int, handler: object) -> object:
        if errors:
            raise errors.pop(0)
        return install(number, handler)  # type: ignore[arg-type]

    def handler(number: int, _: object) -> None:
        handled.append(-number)

    monkeypatch.setattr(signal, "signal", interrupted)
    raised = _signals._install(FIRST, handler)
    assert str(raised) == "second"
    signal.raise_signal(FIRST)
    assert handled == [-FIRST]

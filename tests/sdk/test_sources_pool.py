"""Which decoding processes wait for another file, and what becomes of the others."""

from __future__ import annotations

from collections import deque

import pytest

from sdk.sources import limits, pool

SMALL = limits.RECYCLE_BYTES - 1


class Stand:
    """Stands for a decoding process, and keeps what is asked of it."""

    def __init__(self, usable: bool = True, hung_up: bool = False) -> None:
        self.is_usable, self.hung_up = usable, hung_up
        self.asked: list[str] = []

    def usable(self) -> bool:
        return self.is_usable

    def close_file(self) -> None:
        if self.hung_up:
            raise BrokenPipeError
        self.asked.append("close file")

    def end(self) -> None:
        self.asked.append("end")

    def abandon(self) -> None:
        self.asked.append("abandon")

    def forget(self) -> None:
        self.asked.append("forget")


class Emptied(deque[Stand]):
    """What another thread empties between a look and the next step."""

    def __bool__(self) -> bool:
        seen = getattr(self, "seen", False)
        self.seen = True
        return not seen


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a pool of its own, whose new processes stand for some."""
    monkeypatch.setattr(pool, "_idle", deque())
    monkeypatch.setattr(pool, "live", set())
    monkeypatch.setattr(pool, "Worker", Stand)


def given(size_bytes: int | None = SMALL, **state: bool) -> Stand:
    worker = Stand(**state)
    pool.release(worker, size_bytes)
    return worker


def test_two_wait_and_no_third() -> None:
    first, second, third = given(), given(), given()
    assert list(pool._idle) == [first, second]
    assert (first.asked, third.asked) == (["close file"], ["end"])


def test_one_more_than_should_wait_keeps_no_other() -> None:
    pool._idle.extend([Stand(), Stand(), Stand()])
    assert given().asked == ["end"]


@pytest.mark.parametrize("size_bytes", [None, SMALL + 1, SMALL + 2])
def test_one_that_is_at_a_file_or_has_grown_is_ended(size_bytes: int | None) -> None:
    assert given(size_bytes).asked == ["end"]
    assert not pool._idle


@pytest.mark.parametrize("state", [{"usable": False}, {"hung_up": True}])
def test_one_that_has_ended_is_not_kept(state: dict[str, bool]) -> None:
    assert given(**state).asked == ["end"]
    assert not pool._idle


def test_the_last_that_was_released_is_taken() -> None:
    first, second = given(), given()
    assert [pool.acquire(), pool.acquire()] == [second, first]
    assert pool.acquire() not in (first, second)


def test_those_that_ended_while_they_waited_are_passed_over() -> None:
    first, second = given(), given()
    second.is_usable = False
    assert pool.acquire() is first
    assert second.asked[-1] == "end"


def test_a_thread_that_is_overtaken_starts_one_and_ends_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "_idle", Emptied())
    assert isinstance(pool.acquire(), Stand)
    monkeypatch.setattr(pool, "_idle", Emptied())
    pool.end_idle()


def test_at_the_end_those_that_wait_are_ended_and_others_left_to_the_kernel() -> None:
    waiting, reading = given(), Stand()
    pool.live.add(reading)
    pool._at_exit()
    assert (waiting.asked, reading.asked) == (["close file", "end"], ["abandon"])


def test_a_forked_child_knows_of_none() -> None:
    waiting, reading = given(), Stand()
    pool.live.update([waiting, reading])
    pool._after_fork()
    assert (waiting.asked[-1], reading.asked) == ("forget", ["forget"])
    assert (list(pool._idle), list(pool.live)) == ([], [])

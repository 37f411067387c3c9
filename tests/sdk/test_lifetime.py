"""Loads, forks and the interpreter's end take turns."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from weakref import WeakSet

import pytest

from sdk import _lifetime

SOON_S = 0.2  # in which nothing may happen
AT_MOST_S = 20.0


class Watched:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def forget(self) -> None:
        self.told.append("forget")

    def stop(self, deadline: float) -> None:
        self.told.append(deadline)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Be the only one that is told of forks and of the end, which hasn't begun."""
    only = Watched()
    monkeypatch.setattr(_lifetime, "_watched", WeakSet())
    monkeypatch.setattr(_lifetime, "_ending_thread", None)
    _lifetime.watch(only)
    return only


def begun(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


class Load:
    """A load in another thread, that begins and ends when told."""

    def __init__(self) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()
        self.thread = begun(self._work)

    def _work(self) -> None:
        # one that never begins is let go by the test, which no end of an interpreter does
        with contextlib.suppress(RuntimeError), _lifetime.loading():
            self.began.set()
            self.go_on.wait(AT_MOST_S)

    def end(self) -> None:
        self.go_on.set()
        self.thread.join(AT_MOST_S)


def test_a_load_may_be_nested() -> None:
    with _lifetime.loading():
        with _lifetime.loading():
            pass
        other = Load()
        assert not other.began.wait(SOON_S)  # the inner end wasn't that of the load
    assert other.began.wait(AT_MOST_S)
    other.end()


def test_a_load_that_fails_lets_the_next_one_begin() -> None:
    with pytest.raises(ValueError, match="of a load"), _lifetime.loading():
        raise ValueError("of a load")
    other = Load()
    assert other.began.wait(AT_MOST_S)
    other.end()


def test_the_end_tells_each_session_by_when_to_stop(watched: Watched) -> None:
    before = time.monotonic()
    _lifetime._at_exit()
    (deadline,) = watched.told
    assert before < deadline - _lifetime._LONGEST_WAIT_S < time.monotonic()


def test_the_end_waits_for_a_load_and_is_not_in_its_way(watched: Watched) -> None:
    load = Load()
    assert load.began.wait(AT_MOST_S)
    end = begun(_lifetime._at_exit)
    end.join(SOON_S)
    assert end.is_alive()
    assert watched.told == []
    load.end()
    end.join(AT_MOST_S)
    assert len(watched.told) == 1


def test_the_end_waits_for_no_load_without_end(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lifetime, "_LONGEST_WAIT_S", SOON_S / 4)
    load = Load()
    assert load.began.wait(AT_MOST_S)
    _lifetime._at_exit()
    assert watched.told == []
    load.end()


def test_once_the_end_has_begun_no_other_thread_goes_on(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lifetime, "_LONGEST_WAIT_S", SOON_S / 4)
    _lifetime._at_exit()
    _lifetime.stop_here_at_the_end()  # not this one, which ends it
    with _lifetime.loading():
        pass
    other, load = begun(_lifetime.stop_here_at_the_end), Load()
    other.join(SOON_S)
    assert other.is_alive()
    assert not load.began.is_set()
    monkeypatch.setattr(_lifetime, "_ending_thread", None)
    other.join(AT_MOST_S)
    assert not other.is_alive()
    assert load.began.wait(AT_MOST_S)
    load.end()


def test_the_thread_that_loads_goes_on_when_the_end_begins(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lifetime, "_ending_thread", -1)
    assert _lifetime.end_begun_elsewhere()
    monkeypatch.setattr(_lifetime, "_ending_thread", None)
    with _lifetime.loading():
        monkeypatch.setattr(_lifetime, "_ending_thread", -1)
        assert not _lifetime.end_begun_elsewhere()


def test_a_load_that_waited_while_the_end_began_does_not_begin(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lifetime, "_LONGEST_WAIT_S", SOON_S / 4)
    with _lifetime.loading():
        load = Load()
        assert not load.began.wait(SOON_S)
        monkeypatch.setattr(_lifetime, "_ending_thread", threading.get_ident())
    assert not load.began.wait(SOON_S)
    assert load.thread.is_alive()  # it waits for the end of the process
    monkeypatch.setattr(_lifetime, "_ending_thread", None)
    load.end()
    assert not load.began.is_set()


def test_a_forked_child_has_this_thread_alone_and_sessions_of_its_own(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lifetime, "_ending_thread", -1)
    _lifetime._lock.acquire()  # as a fork does before
    _lifetime._in_forked_child()
    assert watched.told == ["forget"]
    assert not _lifetime.end_begun_elsewhere()
    load = Load()
    assert load.began.wait(AT_MOST_S)
    load.end()


@pytest.mark.parametrize(("threads", "others"), [(1, False), (2, True), (3, True)])
def test_other_threads_are_those_besides_this_one(
    threads: int, others: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "_current_frames", lambda: dict.fromkeys(range(threads)))
    assert _lifetime.others_run() is others

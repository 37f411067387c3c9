"""The clock, behind a small protocol so that tests need no real time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Monotonic time and CPU time in nanoseconds, and sleep in seconds."""

    def now_ns(self) -> int:
        """Return monotonic nanoseconds, shared by all processes of the machine."""

    def cpu_ns(self) -> int:
        """Return CPU nanoseconds of this process, all threads."""

    def sleep(self, seconds: float) -> None:
        """Sleep at least ``seconds``."""


class SystemClock:
    """CLOCK_MONOTONIC and CLOCK_PROCESS_CPUTIME_ID."""

    now_ns = staticmethod(time.monotonic_ns)
    cpu_ns = staticmethod(time.process_time_ns)
    sleep = staticmethod(time.sleep)


def resolution_ns(now_ns: Callable[[], int], trials: int = 200) -> int:
    """Return the smallest step that the clock is seen to make, in nanoseconds.

    Raises:
        RuntimeError: the clock does not advance within 10 million readings.
    """
    smallest = None
    for _ in range(trials):
        start = now_ns()
        for _ in range(10_000_000 // trials):
            step = now_ns() - start
            if step > 0:
                smallest = step if smallest is None else min(smallest, step)
                break
    if smallest is None:
        raise RuntimeError("the monotonic clock does not advance")
    return smallest

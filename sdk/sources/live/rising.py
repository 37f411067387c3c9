"""Times of a live source's frames, which rise whatever the sender's clock does."""

from __future__ import annotations

import time
from collections.abc import Callable

_NS_PER_US = 1000


class RisingTimes:
    """Times since a source's first frame, by the sender's clock where it gives one.

    A frame whose time doesn't rise gets the time that passed on this machine instead. Where the
    next one is behind as well, the sender has stepped back or begun anew: its clock is then taken
    to go on from there.

    Args:
        now_ns: this machine's clock, which never steps.
    """

    def __init__(self, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._now_ns = now_ns
        self._came_ns: int | None = None
        self._zero_ns: int | None = None  # of the sender's clock
        self._last_ns = 0
        self._behind = False

    def next_us(self, sent_ns: int | None) -> int:
        """Return the time of the frame that just came, in microseconds.

        Args:
            sent_ns: when it was taken, by the sender's clock; None where it doesn't say.
        """
        came_ns = self._now_ns()
        if self._came_ns is not None:
            self._last_ns = self._after_last(sent_ns, came_ns - self._came_ns)
        if self._zero_ns is None and sent_ns is not None:
            self._zero_ns = sent_ns - self._last_ns
        self._came_ns = came_ns
        return self._last_ns // _NS_PER_US

    def _after_last(self, sent_ns: int | None, passed_ns: int) -> int:
        if sent_ns is not None and self._zero_ns is not None:
            time_ns = sent_ns - self._zero_ns
            if time_ns >= self._last_ns + _NS_PER_US:
                self._behind = False
                return time_ns
            if self._behind:
                self._zero_ns = None
            self._behind = True
        return self._last_ns + max(_NS_PER_US, passed_ns)

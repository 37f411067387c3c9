"""Between a thread that receives and one that classifies: the newest few, the rest counted."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import NamedTuple

from ...errors import SdkError
from ...frame import Frame
from ..base import FrameInfo

Item = tuple[Frame, FrameInfo]


class LiveStats(NamedTuple):
    """What a live source has done so far.

    Attributes:
        received: frames that arrived.
        delivered: frames that the iterator gave.
        dropped: frames that newer ones displaced before anybody took them.
        damaged: messages left out because their checksum or their framing was wrong.
        ignored: messages of another kind, and overlays.
        connections: times that the sender was reached.
        since_frame_s: seconds since a frame last arrived, or None before the first.
    """

    received: int
    delivered: int
    dropped: int
    damaged: int
    ignored: int
    connections: int
    since_frame_s: float | None


class Mailbox:
    """Holds the newest frames; safe for any number of threads. Nothing in it grows."""

    def __init__(self, size: int) -> None:
        """Make room for `size` frames."""
        self._items: deque[Item | SdkError] = deque()
        self._size = size
        self._changed = threading.Condition()
        self._end: BaseException | None = None
        self._ended = False
        self.over = False  # its end was told to who takes
        self._received = self._delivered = self._dropped = 0
        self._last_s: float | None = None
        self.damaged = self.ignored = self.connections = 0

    def put(self, item: Item | SdkError) -> None:
        """Add a frame, or the error of one; the oldest goes when there is no room."""
        with self._changed:
            if self._ended:
                return
            if not isinstance(item, SdkError):
                self._received += 1
                self._last_s = time.monotonic()
            # the oldest: who shows a live image wants the newest, and a receiver mustn't wait
            if len(self._items) == self._size:
                self._dropped += not isinstance(self._items.popleft(), SdkError)
            self._items.append(item)
            self._changed.notify()

    def end(self, error: BaseException | None = None) -> None:
        """Say that nothing more comes, and why if that is an error; the first word counts."""
        with self._changed:
            # the first word counts: closing breaks the connection, whose error comes after it
            if not self._ended:
                self._ended, self._end = True, error
            self._changed.notify_all()

    def discard(self) -> None:
        """Let go of what is held."""
        with self._changed:
            self._items.clear()

    def take(self, timeout_s: float) -> Item | SdkError | None:
        """Return the oldest held item; None when nothing more comes.

        Raises:
            TimeoutError: nothing came in time.
            BaseException: what it ended with.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._items or self._ended, timeout_s):
                raise TimeoutError
            if self._items:
                item = self._items.popleft()
                self._delivered += not isinstance(item, SdkError)
                return item
            self.over = True
            if self._end is not None:
                raise self._end
            return None

    def stats(self) -> LiveStats:
        """Return the counts."""
        with self._changed:
            since = None if self._last_s is None else time.monotonic() - self._last_s
            counts = (self._received, self._delivered, self._dropped)
            return LiveStats(*counts, self.damaged, self.ignored, self.connections, since)

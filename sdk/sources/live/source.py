"""A source that goes on by itself: an iterator over what a thread receives."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..._shown import shown
from ...errors import FrameError, SdkError, SourceError
from ...frame import Frame, Region
from ..base import FrameInfo
from ..choices import Wanted
from ..found import Finder
from .mailbox import LiveStats, Mailbox
from .rising import RisingTimes

MAX_QUEUE = 256
MAX_TIMEOUT_S = 3600.0
_JOIN_S = 5.0


class Receiver:
    """What the receiving thread is given: where frames go, and when to stop."""

    def __init__(self, name: str, kind: str, asked: Wanted, queue: int) -> None:
        """Make the shared part of a live source."""
        self.name = name
        self.finder = Finder() if asked.find_region else None
        self.box = Mailbox(queue)
        self.stopped = threading.Event()
        self.connection: socket.socket | None = None  # what the thread may be waiting for
        self._kind, self._asked = kind, asked
        self._times = RisingTimes()
        self._index = 0

    @property
    def region(self) -> Region | None:
        """For every frame."""
        return self._asked.region

    @property
    def color(self) -> str | None:
        """Matrix and range for YUV."""
        return self._asked.color

    def frame(
        self, make: Callable[[], Frame], time_ns: int | None = None, path: str | None = None
    ) -> None:
        """Pass on a frame, or the error of describing it.

        Args:
            make: describes it.
            time_ns: of the sender's clock; without it the time of arrival counts.
            path: for `FrameInfo`, where that isn't the source's name.
        """
        try:
            frame = make()
        except FrameError as error:
            self.box.put(error)
            return
        color = frame._key.color
        info = FrameInfo(
            path or self.name,
            self._index,
            None,
            self._kind,
            self._times.next_us(time_ns),
            "whole" if self.region is None else "given",
            color,
            None if color is None else "given",
        )
        self._index += 1
        self.box.put((frame, info))

    def pause(self, seconds: float) -> bool:
        """Wait; return whether to go on."""
        return not self.stopped.wait(seconds)


class LiveSource(Iterator[tuple[Frame, FrameInfo]]):
    """Frames as they come; the newest count, older ones are dropped and counted.

    An iterator, and a context that closes itself. An error of one frame is raised once, and the
    next call goes on.
    """

    def __init__(
        self, receiver: Receiver, run: Callable[[Receiver], None] | None, timeout_s: float
    ) -> None:
        """Start to receive.

        Args:
            receiver: shared with the thread.
            run: receives until it is told to stop; None when frames come in some other way.
            timeout_s: how long to wait for a frame.
        """
        self._receiver, self._timeout_s = receiver, timeout_s
        self._finder = receiver.finder
        self._thread: threading.Thread | None = None
        if run is not None:
            # the thread holds no reference to this object, so it ends when nobody has that
            self._thread = threading.Thread(
                target=_received, args=(receiver, run), name="sonogaze-source", daemon=True
            )
            self._thread.start()
        self._finalizer = weakref.finalize(self, _stop, receiver)

    def __enter__(self) -> LiveSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> tuple[Frame, FrameInfo]:
        """Return the next frame.

        Raises:
            SourceError: `source-timeout` when none comes in time, which a later call may overcome;
                what the source ended with.
            FrameError: a frame arrived that is none.
        """
        try:
            item = self._receiver.box.take(self._timeout_s)
        except TimeoutError:
            raise SourceError(
                "source-timeout",
                f"{shown(self._receiver.name)}: no frame within {self._timeout_s:g} s; look whether"
                " it still sends, or allow more with timeout_s=",
            ) from None
        if item is None:
            raise StopIteration
        if isinstance(item, SdkError):
            raise item
        return item if self._finder is None else self._finder.place(item)

    @property
    def ended(self) -> bool:
        """Whether nothing more comes; an error raised just now was what it ended with."""
        return self._receiver.box.over

    def stats(self) -> LiveStats:
        """Return what it has done so far."""
        return self._receiver.box.stats()

    def close(self) -> None:
        """Stop receiving and let go of what is held; harmless when it is closed."""
        self._finalizer()
        self._receiver.box.discard()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)


class Waiting(NamedTuple):
    """How a live source holds frames, waits and tries again; see `sdk.sources.mjpeg`."""

    queue: int = 1
    timeout_s: float = 10.0
    give_up_s: float = 30.0
    remote: bool = False


def waiting(**options: Any) -> Waiting:
    """Check options of a live source.

    Raises:
        SourceError: `source-option`.
    """
    unknown = sorted(set(options) - set(Waiting._fields))
    if unknown:
        allowed = ", ".join(Waiting._fields)
        raise SourceError("source-option", f"{shown(unknown)} is unknown, allowed are {allowed}")
    asked = Waiting(**options)
    queue = asked.queue
    if type(queue) is not int or not 1 <= queue <= MAX_QUEUE:
        raise SourceError(
            "source-option", f"queue is {shown(queue)}, it must be a whole number 1..{MAX_QUEUE}"
        )
    for field in ("timeout_s", "give_up_s"):
        value = getattr(asked, field)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not 0 < value <= MAX_TIMEOUT_S:
            raise SourceError(
                "source-option",
                f"{field} is {shown(value)}, it must be seconds in (0, {MAX_TIMEOUT_S:g}]",
            )
    if not isinstance(asked.remote, bool):
        raise SourceError("source-option", f"remote is {shown(asked.remote)}, it must be a bool")
    return asked


def _received(receiver: Receiver, run: Callable[[Receiver], None]) -> None:
    try:
        run(receiver)
    except BaseException as error:  # raised where frames are taken, not lost in a thread
        receiver.box.end(error)
    else:
        receiver.box.end()


def _stop(receiver: Receiver) -> None:
    receiver.stopped.set()
    receiver.box.end()
    connection = receiver.connection
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

"""A stream in a thread of its own: the grabber never waits for an answer, nor for a callback."""

from __future__ import annotations

import atexit
import os
from collections import deque
from collections.abc import Callable, Iterator
from threading import Condition, Thread, current_thread
from time import monotonic, perf_counter_ns
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from .._shown import shown
from ..errors import FrameError, SdkError
from ..frame import Frame
from .copies import CopyPool
from .result import StreamResult
from .stats import StreamStats, name_of
from .timeline import Timeline

if TYPE_CHECKING:
    from .stream import Stream

_MOST_WAITING = 1024
_MOST_UNDELIVERED = 64
_AT_EXIT_S = 1.0
_US_PER_NS = 1e-3


class _Waiting(NamedTuple):
    frame: Frame
    time_us: int
    came_ns: int
    done: Callable[[], object]


class BackgroundStream:
    """Answers a stream's frames in a thread; made by `Stream.background`.

    `put` copies the pixels into buffers that are used
    again, so the grabber's buffer is free at once; or it takes `release`, which is called when the
    pixels aren't needed any more. Where answers can't keep up, waiting frames are dropped and
    counted. Answers go to `on_result` in a second thread, or to whoever iterates. At most 64
    answers wait for either; older ones are dropped and counted, so a callback that raises, sleeps
    or never returns stops nothing but itself.

    While it runs the stream is its own: `push` ends in `stream-busy` or mixes with it. Close it, or
    use it in a `with`; the interpreter's end closes what is left. It belongs to the process that
    made it: in a forked child every call but `stats` raises `stream-forked`.
    """

    def __init__(
        self,
        stream: Stream,
        on_result: Callable[[StreamResult], object] | None = None,
        *,
        capacity: int = 1,
        when_full: Literal["drop-oldest", "wait"] = "drop-oldest",
    ) -> None:
        _check(on_result, capacity, when_full)
        self._stream = stream
        self._on_result = on_result
        self._capacity = capacity
        self._waits = when_full == "wait"
        self._pid = os.getpid()
        self._changed = Condition()
        self._queue: deque[_Waiting] = deque()
        self._answers: deque[StreamResult] = deque()
        self._timeline = Timeline(stream.period_us)
        self._ahead_us = 0  # the frames' clock, ahead of this machine's
        # one for each frame that waits, one in the worker, one being filled
        self._pool = CopyPool(capacity + 2)
        self._latest: StreamResult | None = None
        self._closing = self._worked = False
        self._dropped = self._undelivered = self._callback_errors = 0
        self._bad_timestamps = 0
        self._error: str | None = None
        self._threads = [Thread(target=self._work, name="sonogaze-stream", daemon=True)]
        if on_result is not None:
            deliver = Thread(target=self._deliver, name="sonogaze-results", daemon=True)
            self._threads.append(deliver)
        _open.add(self)
        for thread in self._threads:
            thread.start()

    def put(
        self,
        frame: Frame | npt.NDArray[np.uint8],
        timestamp_us: int | None = None,
        *,
        release: Callable[[], object] | None = None,
        timeout_s: float | None = None,
    ) -> bool:
        """Hand over the video's next frame; from one thread at a time.

        Args:
            frame: a `Frame`, or uint8 (height, width), grey levels.
            timestamp_us: when it was taken; None is now, by a monotonic clock, which goes on from
                the last time that was given.
            release: called once when the pixels aren't needed any more, from any thread; the pixels
                are then used where they lie. None copies them.
            timeout_s: with `when_full="wait"`, the longest wait; None waits for as long as it
                takes.

        Returns:
            False where there was no room within `timeout_s`; the frame then counts as dropped.

        Raises:
            FrameError: as `Stream.push`, from the time and the frame's description.
            SdkError: `stream-closed` or `stream-forked`.
        """
        # before the copy, which is part of the time to an answer
        came_ns = perf_counter_ns()
        self._check_usable()
        if not isinstance(frame, Frame):
            frame = Frame.from_array(frame)
        if timestamp_us is None:
            timestamp_us = came_ns // 1000 + self._ahead_us
        try:
            time_us = self._timeline.check(timestamp_us)
        except FrameError:
            self._bad_timestamps += 1
            raise
        # after the time was checked: a frame that is refused takes no buffer
        buffer = None
        if release is None:
            frame, buffer = self._pool.copy(frame)
        done = release or (lambda: self._pool.give(buffer))
        self._timeline.take(time_us)
        self._ahead_us = time_us - came_ns // 1000
        return self._enqueue(_Waiting(frame, time_us, came_ns, done), timeout_s)

    def __iter__(self) -> Iterator[StreamResult]:
        """Yield answers as they come, until the stream is closed and all are taken."""
        while True:
            answer = self._next_answer()
            if answer is None:
                return
            yield answer

    @property
    def latest(self) -> StreamResult | None:
        """The newest answer, for a display that draws at its own pace; None before the first."""
        return self._latest

    def stats(self) -> StreamStats:
        """Return the counts as they are now; from any thread, whatever hangs."""
        counts = self._stream._counts
        return counts.view(
            perf_counter_ns(),
            bad_timestamps=counts.bad_timestamps + self._bad_timestamps,
            dropped=self._dropped,
            waiting=len(self._queue),
            undelivered=self._undelivered,
            callback_errors=self._callback_errors,
            last_error=self._error or counts.last_error,
        )

    def reset(self) -> None:
        """Start anew, as after a step of the clock; frames that wait are dropped.

        Raises:
            SdkError: `stream-closed` or `stream-forked`.
        """
        self._check_usable()
        with self._changed:
            dropped = self._clear()
            self._timeline.reset()
            self._ahead_us = 0
            self._restart = True
        self._finish(dropped)

    def close(self, timeout_s: float = 5.0, *, drain: bool = True) -> bool:
        """Take no more frames, and end the threads; may be called again and from a callback.

        Args:
            timeout_s: the longest wait.
            drain: answer the frames that wait; else they are dropped.

        Returns:
            False where a thread is stuck, in a callback for instance; it ends when that returns.

        Raises:
            SdkError: `stream-forked`.
        """
        self._check_process()
        with self._changed:
            self._closing = True
            dropped = [] if drain else self._clear()
            self._changed.notify_all()
        self._finish(dropped)
        deadline = monotonic() + timeout_s
        others = [thread for thread in self._threads if thread is not current_thread()]
        for thread in others:
            thread.join(max(0.0, deadline - monotonic()))
        _open.discard(self)
        return not any(thread.is_alive() for thread in others)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(drain=kind is None)

    _restart = False

    def _check_process(self) -> None:
        # its threads stayed in the parent, and one of them may have held the lock
        if os.getpid() != self._pid:
            raise SdkError(
                "stream-forked",
                "this background stream belongs to the process that forked this one; make a new "
                "one here: classifier.stream(...).background(...)",
            )

    def _check_usable(self) -> None:
        self._check_process()
        if self._closing:
            raise _closed()

    def _enqueue(self, item: _Waiting, timeout_s: float | None) -> bool:
        dropped: list[_Waiting] = []
        with self._changed:
            if self._waits:
                self._changed.wait_for(self._has_room, timeout_s)
            if self._closing or (self._waits and not self._has_room()):
                dropped = [item]
            else:
                if len(self._queue) >= self._capacity:
                    dropped = [self._queue.popleft()]
                self._queue.append(item)
                self._changed.notify_all()
            self._dropped += len(dropped)
        self._finish(dropped)
        return item not in dropped

    def _has_room(self) -> bool:
        return self._closing or len(self._queue) < self._capacity

    def _clear(self) -> list[_Waiting]:
        dropped = list(self._queue)
        self._queue.clear()
        self._dropped += len(dropped)
        return dropped

    def _finish(self, items: list[_Waiting]) -> None:
        for item in items:
            try:
                item.done()
            except Exception as error:
                self._callback_errors += 1
                self._error = name_of(error)

    def _work(self) -> None:
        while (taken := self._next_frame()) is not None:
            item, restart = taken
            answer = None
            try:
                if restart:
                    self._stream.reset()
                answer = self._stream._push(item.frame, item.time_us, item.came_ns)
            # whatever a frame brings about, the next one may be fine; the stream counted it
            except Exception as error:
                self._error = name_of(error)
            try:
                self._finish([item])
            except BaseException as error:  # a release that ends the thread would end the stream
                self._callback_errors += 1
                self._error = name_of(error)
            # or the pixels would be held while the next frame is waited for
            del taken, item
            if answer is not None:
                self._offer(answer)
        with self._changed:
            self._worked = True
            self._changed.notify_all()

    def _next_frame(self) -> tuple[_Waiting, bool] | None:
        """Return the next frame, and whether a reset came before it; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if not self._queue:
                return None
            # read with the frame: one that was taken before a reset is of the clock before it
            restart, self._restart = self._restart, False
            item = self._queue.popleft()
            self._changed.notify_all()  # there is room
            return item, restart

    def _offer(self, answer: StreamResult) -> None:
        with self._changed:
            self._latest = answer
            if len(self._answers) >= _MOST_UNDELIVERED:
                self._answers.popleft()
                self._undelivered += 1
            self._answers.append(answer)
            self._changed.notify_all()

    def _next_answer(self) -> StreamResult | None:
        self._check_process()
        with self._changed:
            self._changed.wait_for(lambda: self._answers or self._worked)
            return self._answers.popleft() if self._answers else None

    def _deliver(self) -> None:
        assert self._on_result is not None
        while (answer := self._next_answer()) is not None:
            try:
                self._on_result(answer)
            # SystemExit as well: a callback must not end the delivery of all later answers
            except BaseException as error:
                self._callback_errors += 1
                self._error = name_of(error)


def _check(on_result: Any, capacity: Any, when_full: Any) -> None:
    wrong = None
    if on_result is not None and not callable(on_result):
        wrong = f"on_result is {shown(on_result)}, it must be callable or None"
    elif type(capacity) is not int or not 1 <= capacity <= _MOST_WAITING:
        wrong = f"capacity is {shown(capacity)}, it must be a whole number 1..{_MOST_WAITING}"
    elif when_full not in ("drop-oldest", "wait"):
        wrong = f"when_full is {shown(when_full)}, it must be 'drop-oldest' or 'wait'"
    if wrong:
        raise SdkError("stream-setting", wrong)


def _closed() -> SdkError:
    return SdkError(
        "stream-closed", "this background stream was closed; make a new one: stream.background(...)"
    )


_open: WeakSet[BackgroundStream] = WeakSet()


def _close_all() -> None:
    for background in tuple(_open):
        if background._pid == os.getpid():
            background.close(_AT_EXIT_S, drain=False)


atexit.register(_close_all)

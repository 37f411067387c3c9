"""One video: frames in order, answers smoothed."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._shown import shown
from .._watch import Watch
from ..errors import FrameError, SdkError
from ..frame import Frame, Region
from ..model_file.stream_settings import StreamSettings
from ..preprocess import Statistics
from ..result import Decision, Result
from .regions import regions_of
from .result import StreamResult
from .scene import CUT, FREEZE, GAP, LAYOUT_CHANGED, SceneWatch
from .smoothing import LabelFilter, ShownLabel
from .stats import Counts, StreamStats
from .timeline import Timeline

if TYPE_CHECKING:
    from ..audit import AuditLog
    from ..classifier import Classifier
    from .background import BackgroundStream

LOW_CONFIDENCE = "low-confidence"
_UNSURE = (LOW_CONFIDENCE,)
# a frame withheld for anything else (a screen, unlike training) has probabilities that say nothing
_HEARD = ((), _UNSURE)
_FPS = (0.1, 1000.0)
_US_PER_S = 1e6
_US_PER_NS = 1e-3
_RESTARTS = frozenset({CUT, FREEZE, GAP, LAYOUT_CHANGED})


class Stream:
    """Answers the frames of one video in order, smoothed over time.

    Made by `Classifier.stream`. One thread pushes at a time; any thread may call `stats`. It keeps
    a few numbers and the coarse picture of one frame, and no pixels. After a call that raised it
    goes on with the next frame as if that one had never come. A forked child may go on with a
    stream that no call was in.

    Args:
        classifier: whose student answers.
        fps: see `Classifier.stream`.
        region: see `Classifier.stream`.
        audit: see `Classifier.stream`.

    Raises:
        SdkError: `stream-setting`.
    """

    def __init__(
        self,
        classifier: Classifier,
        *,
        fps: float = 30.0,
        region: Region | Literal["auto"] | None = None,
        audit: AuditLog | None = None,
    ) -> None:
        if type(fps) not in (int, float) or not _FPS[0] <= fps <= _FPS[1]:
            raise SdkError(
                "stream-setting", f"fps is {shown(fps)}, it must be a number {_FPS[0]}..{_FPS[1]:g}"
            )
        self._classifier = classifier
        self._labels = classifier.labels
        self._even = (1.0 / len(self._labels),) * len(self._labels)
        self._regions = regions_of(region)
        metadata = classifier.metadata
        self.settings: StreamSettings = metadata.stream or StreamSettings()
        self.period_us = _US_PER_S / fps
        self._timeline = Timeline(self.period_us)
        self._watch = Watch()
        self._scene = SceneWatch(self.settings)
        self._filter = LabelFilter(self.settings)
        thresholds = metadata.calibration.abstain_below
        enter = tuple(thresholds[label] for label in self._labels)
        self._shown = ShownLabel(enter, self.settings.leave_below)
        self._key: object = None  # of the last frame: size, format, region
        self._lock = Lock()
        self._counts = Counts()
        self._audit = audit if audit is None else audit.session(self)

    @property
    def classifier(self) -> Classifier:
        """Whose student answers."""
        return self._classifier

    def push(
        self, frame: Frame | npt.NDArray[np.uint8], timestamp_us: int | None = None
    ) -> StreamResult:
        """Classify the video's next frame; its pixels must not change until this returns.

        Args:
            frame: a `Frame`, or uint8 (height, width), grey levels.
            timestamp_us: when it was taken, on any clock that rises; None is one period after the
                frame before.

        Returns:
            A new immutable `StreamResult`.

        Raises:
            FrameError: `timestamp-not-rising`, `timestamp-invalid`, or when the frame isn't usable.
            ModelError: as `Classifier.classify`.
            SdkError: `stream-busy` when another call is still in this stream.
        """
        return self._push(frame, timestamp_us, perf_counter_ns())

    def reset(self) -> None:
        """Forget the frames so far, their times too; counts go on.

        Raises:
            SdkError: `stream-busy`.
        """
        self._enter()
        try:
            self._forget()
            if self._audit is not None:
                self._audit.reset()
        finally:
            self._lock.release()

    def stats(self) -> StreamStats:
        """Return the counts as they are now; from any thread, also while a call is stuck."""
        return self._counts.view(perf_counter_ns())

    def background(
        self,
        on_result: Callable[[StreamResult], object] | None = None,
        *,
        capacity: int = 1,
        when_full: Literal["drop-oldest", "wait"] = "drop-oldest",
    ) -> BackgroundStream:
        """Start a thread that answers frames for this stream; see `BackgroundStream`.

        Args:
            on_result: called with each answer, in a thread of its own; None to iterate instead.
            capacity: frames that may wait, 1 to 1024; with 1, the latest frame wins.
            when_full: `drop-oldest` replaces the frame that waits longest, `wait` lets `put` wait.

        Raises:
            SdkError: `stream-setting`.
        """
        from .background import BackgroundStream

        return BackgroundStream(self, on_result, capacity=capacity, when_full=when_full)

    def _enter(self) -> None:
        # never waits: a signal handler that pushes would wait for the very call it interrupts
        if not self._lock.acquire(blocking=False):
            raise SdkError(
                "stream-busy",
                "another call is in this stream; push from one thread, one stream for each video",
            )

    def _push(self, frame: Any, timestamp_us: int | None, came_ns: int) -> StreamResult:
        self._enter()
        try:
            counts = self._counts
            counts.came_ns = came_ns
            try:
                # only checked: a frame that fails further on leaves the time as it was
                time_us = self._timeline.check(timestamp_us)
            except FrameError:
                counts.bad_timestamps += 1
                raise
            seen = self._watch.statistics
            try:
                if not isinstance(frame, Frame):
                    frame = Frame.from_array(frame)
                frame = self._regions.place(frame)
                events = self._compare_layout(frame)
                result = self._classifier._classify(frame, self._watch)
            except BaseException as error:
                # the next frame is compared with the last one that was answered
                self._watch.statistics = seen
                counts.fail(error)
                raise
            self._key = frame._key
            answer = self._answer(result, events, time_us, came_ns)
            if self._audit is not None:
                self._audit.write(frame, answer, self._statistics)
            return answer
        finally:
            self._lock.release()

    @property
    def _statistics(self) -> Statistics:
        assert self._watch.statistics is not None
        return self._watch.statistics

    def _compare_layout(self, frame: Frame) -> tuple[str, ...]:
        """Return an event where the screen's layout is another than that of the frame before."""
        before = self._key
        if frame._key is before or frame._key == before:
            return ()
        self._watch.statistics = None
        return () if before is None else (LAYOUT_CHANGED,)

    def _answer(
        self, result: Result, events: tuple[str, ...], time_us: int, came_ns: int
    ) -> StreamResult:
        duration_s = self._timeline.take(time_us)
        if duration_s > self.settings.gap_s and self._counts.frames:
            events = (*events, GAP)
        begun = self._scene.step(self._statistics, duration_s)
        if begun:
            events = events + begun
        if events or self._scene.resumed:
            self._count_events(events)
        state = self._smooth(result, duration_s)
        return self._worded(result, state, events, time_us, came_ns)

    def _count_events(self, events: tuple[str, ...]) -> None:
        for event in events:
            self._counts.events[event] += 1
        if self._scene.resumed or not _RESTARTS.isdisjoint(events):
            self._filter.reset()
            self._shown.reset()

    def _smooth(self, result: Result, duration_s: float) -> tuple[float, ...] | None:
        probabilities = result.probabilities
        said = None
        if probabilities is not None and result.reasons in _HEARD:
            said = tuple(probabilities.values())
        if self._scene.frozen and self._filter.state is not None:
            # its repetitions are no new evidence
            return self._filter.state
        return self._filter.step(duration_s, said)

    def _worded(
        self,
        result: Result,
        state: tuple[float, ...] | None,
        events: tuple[str, ...],
        time_us: int,
        came_ns: int,
    ) -> StreamResult:
        index = self._shown.step(state)
        decision, label, reasons = Decision.ABSTAIN, None, result.reasons or _UNSURE
        confidence, probabilities = 0.0, None
        if result.probabilities is None:
            decision = Decision.REJECT
        else:
            if index is not None and result.reasons in _HEARD:
                decision, label, reasons = Decision.ACCEPT, self._labels[index], ()
            # since the start, or a cut, no frame has said anything
            shares = state or self._even
            confidence = max(shares)
            probabilities = _kernels.by_label(self._labels, shares)
        counts = self._counts
        now = perf_counter_ns()
        latency_us = (now - came_ns) * _US_PER_NS
        late = latency_us > self.period_us
        counts.answered_ns = now
        counts.latencies.add(latency_us)
        counts.decisions[decision] += 1
        counts.late += late
        number = counts.frames
        counts.frames = number + 1
        values = (
            decision, label, confidence, probabilities, reasons, events, self._scene.lasting,
            result, number, time_us, latency_us, late,
        )  # fmt: skip
        return _kernels.filled(StreamResult, StreamResult.__slots__, values)

    def _forget(self) -> None:
        self._timeline.reset()
        self._scene.reset()
        self._filter.reset()
        self._shown.reset()
        self._regions.reset()
        self._watch.statistics = None
        self._key = None

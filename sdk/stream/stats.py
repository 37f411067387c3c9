"""Counts of a stream, in memory that doesn't grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..result import Decision
from .scene import EVENTS

_STEPS = 16  # buckets an octave: a percentile is right within 4.5 %, half a bucket
_BUCKETS = _STEPS * 32  # octaves
_STEP_BITS = _STEPS.bit_length()
_NS_PER_US = 1e3
_NS_PER_S = 1e9


class Latencies:
    """A histogram of times, of bounded size; for one writing thread."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.total = 0

    def add(self, microseconds: float) -> None:
        """Count one time; what is longer than an hour counts as an hour."""
        whole = int(microseconds * _STEPS)
        octave = whole.bit_length() - _STEP_BITS
        place = octave * _STEPS + (whole >> octave) if octave > 0 else whole
        self._counts[place if place < _BUCKETS else -1] += 1
        self.total += 1

    def percentile(self, share: float) -> float | None:
        """Return the nearest-rank percentile in microseconds; None where nothing was counted."""
        # a copy, as the writing thread goes on counting
        counts = list(self._counts)
        rank, seen = max(1, -(-sum(counts) * share // 1)), 0
        for place, count in enumerate(counts):
            seen += count
            if seen >= rank:
                return _middle(place)
        return None


def _middle(place: int) -> float:
    octave = max(place // _STEPS - 1, 0)
    return ((place - octave * _STEPS + 0.5) * 2.0**octave) / _STEPS


@dataclass(frozen=True, slots=True)
class StreamStats:
    """A stream's counts since it was made; a watchdog's view of it.

    Attributes:
        frames: answered.
        decisions: answers by decision.
        events: by name; see `StreamResult.events`.
        late: answers that came after the next frame was due.
        failed: frames that ended in an error, timestamps apart.
        bad_timestamps: frames refused for their time.
        latency_p50_us: from a frame's arrival to its answer, within 4.5 %; None before the first.
        latency_p99_us: likewise.
        since_frame_s: since the last frame came, by a monotonic clock; None before the first.
        since_answer_s: since the last answer went.
        dropped: frames of a background stream that a newer one replaced, or that waited at its end.
        waiting: frames of a background stream that wait now.
        undelivered: answers of a background stream that nobody took in time.
        callback_errors: exceptions that a background stream's callbacks raised.
        last_error: slug or class of the last error, of frames and callbacks alike.
    """

    frames: int
    decisions: Mapping[str, int]
    events: Mapping[str, int]
    late: int
    failed: int
    bad_timestamps: int
    latency_p50_us: float | None
    latency_p99_us: float | None
    since_frame_s: float | None
    since_answer_s: float | None
    dropped: int = 0
    waiting: int = 0
    undelivered: int = 0
    callback_errors: int = 0
    last_error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a new JSON-ready object."""
        return asdict(self)


class Counts:
    """What a stream counts while it runs; one thread writes, any may read."""

    __slots__ = (
        "answered_ns", "bad_timestamps", "came_ns", "decisions", "events", "failed", "frames",
        "last_error", "late", "latencies",
    )  # fmt: skip

    def __init__(self) -> None:
        self.frames = self.late = self.failed = self.bad_timestamps = 0
        self.decisions = {decision.value: 0 for decision in Decision}
        self.events = dict.fromkeys(EVENTS, 0)
        self.latencies = Latencies()
        self.came_ns: int | None = None
        self.answered_ns: int | None = None
        self.last_error: str | None = None

    def fail(self, error: BaseException) -> None:
        """Count a frame that ended in an error."""
        self.failed += 1
        self.last_error = name_of(error)

    def view(self, now_ns: int, **background: Any) -> StreamStats:
        """Return the counts as they are now."""
        seen: dict[str, Any] = {
            "frames": self.frames,
            "decisions": dict(self.decisions),
            "events": dict(self.events),
            "late": self.late,
            "failed": self.failed,
            "bad_timestamps": self.bad_timestamps,
            "latency_p50_us": self.latencies.percentile(0.5),
            "latency_p99_us": self.latencies.percentile(0.99),
            "since_frame_s": _since(self.came_ns, now_ns),
            "since_answer_s": _since(self.answered_ns, now_ns),
            "last_error": self.last_error,
        }
        return StreamStats(**(seen | background))


def name_of(error: BaseException) -> str:
    """Return the slug of an error of this package, else its class."""
    return str(getattr(error, "slug", type(error).__name__))


def _since(then_ns: int | None, now_ns: int) -> float | None:
    return None if then_ns is None else (now_ns - then_ns) / _NS_PER_S

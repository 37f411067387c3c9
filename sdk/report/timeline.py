"""Answers over time in bounded memory: a clip of any length fits one plot and one table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..result import Decision
from ..stream import StreamResult

MOST_POINTS = 800
"""Most points of a plot; a longer clip has several frames a point."""
MOST_SPANS = 200
"""Most rows of the table of spans."""

State = tuple[str, str]
"""Decision, and the label or the reasons."""


def state_of(answer: StreamResult) -> State:
    """Return what is shown at a frame."""
    return answer.decision.value, answer.label or ", ".join(answer.reasons)


@dataclass(slots=True)
class Point:
    """Consecutive frames: their times, states, and for each label lowest, sum and highest."""

    first_us: int
    last_us: int
    frames: int
    classified: int
    low: list[float]
    total: list[float]
    high: list[float]
    states: Counter[State] = field(default_factory=Counter)

    def join(self, other: Point) -> None:
        """Take in the frames that follow."""
        # rejected frames have no probabilities: zeros of theirs would pull the curves down
        if not self.classified:
            self.low, self.high = other.low, other.high
        elif other.classified:
            self.low = list(map(min, self.low, other.low))
            self.high = list(map(max, self.high, other.high))
        self.total = [a + b for a, b in zip(self.total, other.total, strict=True)]
        self.last_us = other.last_us
        self.frames += other.frames
        self.classified += other.classified
        self.states.update(other.states)

    @property
    def state(self) -> State:
        """The most frequent one."""
        return self.states.most_common(1)[0][0]


@dataclass(slots=True)
class Span:
    """Consecutive frames of one state."""

    state: State
    first_index: int
    first_us: int
    last_us: int
    frames: int = 0
    confidence_sum: float = 0.0

    @property
    def confidence(self) -> float:
        """Mean over its frames."""
        return self.confidence_sum / self.frames


class Timeline:
    """Takes answers in order; halves its points whenever they become too many."""

    def __init__(self, labels: tuple[str, ...], most_points: int = MOST_POINTS) -> None:
        self.labels = labels
        self.points: list[Point] = []
        self.spans: list[Span] = []
        self.more_spans = 0
        self.frames_a_point = 1
        self._most_points = most_points
        self._open: Span | None = None

    def add(self, answer: StreamResult) -> Span:
        """Take a frame's answer, and return the span that it belongs to."""
        shares = answer.probabilities
        values = [0.0] * len(self.labels)
        if shares is not None:
            values = [shares[label] for label in self.labels]
        time_us, state = answer.timestamp_us, state_of(answer)
        point = Point(
            time_us, time_us, 1, int(shares is not None), values, values, values, Counter([state])
        )
        if self.points and self.points[-1].frames < self.frames_a_point:
            self.points[-1].join(point)
        else:
            if len(self.points) == self._most_points:
                self._halve()
            self.points.append(point)
        return self._extend(state, answer)

    def _halve(self) -> None:
        pairs = zip(self.points[::2], self.points[1::2], strict=True)
        for first, second in pairs:
            first.join(second)
        self.points = self.points[::2]
        self.frames_a_point *= 2

    def _extend(self, state: State, answer: StreamResult) -> Span:
        span = self._open
        if span is None or span.state != state:
            time_us = answer.timestamp_us
            span = self._open = Span(state, answer.index, time_us, time_us)
            if len(self.spans) < MOST_SPANS:
                self.spans.append(span)
            else:
                self.more_spans += 1
        span.frames += 1
        span.last_us = answer.timestamp_us
        if answer.decision != Decision.REJECT:
            span.confidence_sum += answer.confidence
        return span

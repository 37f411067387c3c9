"""Where the marks of the timeline lie; the page draws them, in shares of its width."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from math import floor, log10

from .key_frames import KeyFrame
from .timeline import Point, State, Timeline

MOST_LANES = 12
_TICKS = 6
_MARK_GAP = 8.0  # percent: a link that a finger can hit, on a phone
_US_PER_S = 1e6


@dataclass(frozen=True, slots=True)
class Lane:
    """The probability of one label; paths in a box of 1000 x 100, 0 at its foot."""

    label: str
    number: int
    band: str
    line: str
    highest: float


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of one state; left and width in 1000ths of the plot."""

    state: State
    kind: str
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A key frame on the time axis, in percent; `shown_at` is moved off its neighbours."""

    number: int
    at: float
    shown_at: float


@dataclass(frozen=True, slots=True)
class Plot:
    """All that the timeline shows."""

    lanes: list[Lane]
    lanes_left_out: int
    blocks: list[Block]
    ticks: list[tuple[float, str]]
    marks: list[Mark]
    seconds: float


def plot_of(timeline: Timeline, key_frames: list[KeyFrame]) -> Plot:
    """Lay a timeline out; it has at least one point."""
    points = timeline.points
    scale = _Scale(points)
    numbers = sorted(
        range(len(timeline.labels)), key=lambda i: -max(point.high[i] for point in points)
    )[:MOST_LANES]
    lanes = [_lane(timeline.labels[i], i, points, scale) for i in sorted(numbers)]
    return Plot(
        lanes,
        len(timeline.labels) - len(lanes),
        _blocks(timeline, scale),
        _ticks(scale.seconds),
        _marks([scale.at(key.answer.timestamp_us) / 10 for key in key_frames]),
        scale.seconds,
    )


class _Scale:
    """From times to 1000ths of the plot; the last frame lasts as long as the mean one."""

    def __init__(self, points: list[Point]) -> None:
        self._first_us = points[0].first_us
        frames = sum(point.frames for point in points)
        span_us = points[-1].last_us - self._first_us
        self._span_us = span_us * frames / (frames - 1) if span_us else 1.0
        self.seconds = self._span_us / _US_PER_S

    def at(self, time_us: float) -> float:
        return round((time_us - self._first_us) / self._span_us * 1000, 2)


def _lane(label: str, number: int, points: list[Point], scale: _Scale) -> Lane:
    band, line = "", ""
    for classified, run in groupby(points, key=lambda point: bool(point.classified)):
        if not classified:
            continue  # no probabilities: a gap
        stretch = [(scale.at((point.first_us + point.last_us) / 2), point) for point in run]
        line += _path((x, point.total[number] / point.classified) for x, point in stretch)
        upper = [(x, point.high[number]) for x, point in stretch]
        lower = [(x, point.low[number]) for x, point in reversed(stretch)]
        band += f"{_path(upper + lower)}Z"
    return Lane(label, number, band, line, max(point.high[number] for point in points))


def _path(places: Iterable[tuple[float, float]]) -> str:
    return f"M{'L'.join(f'{x:g} {100 * (1 - share):.1f}' for x, share in places)}"


def _blocks(timeline: Timeline, scale: _Scale) -> list[Block]:
    blocks: list[Block] = []
    points = timeline.points
    ends = [point.first_us for point in points[1:]]
    for index, point in enumerate(points):
        left = scale.at(point.first_us)
        right = scale.at(ends[index]) if index < len(ends) else 1000.0
        if blocks and blocks[-1].state == point.state:
            left = blocks.pop().left
        kind = point.state[0]
        if kind == "accept":
            kind = f"label-{timeline.labels.index(point.state[1]) % 8}"
        blocks.append(Block(point.state, kind, left, round(right - left, 2)))
    return blocks


def _ticks(seconds: float) -> list[tuple[float, str]]:
    raw = seconds / _TICKS
    power = 10.0 ** floor(log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    count = int(seconds / step + 1e-9)
    return [(round(100 * i * step / seconds, 3), f"{i * step:.6g}") for i in range(count + 1)]


def _marks(places: list[float]) -> list[Mark]:
    shown: list[float] = []
    for index, place in enumerate(places):
        room = 100 - _MARK_GAP * (len(places) - index)  # leave room for those that follow
        after = shown[-1] + _MARK_GAP if shown else 0.0
        shown.append(max(after, min(place - _MARK_GAP / 2, room)))
    return [
        Mark(index + 1, place, round(at, 2))
        for index, (place, at) in enumerate(zip(places, shown, strict=True))
    ]

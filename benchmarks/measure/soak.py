"""Does memory grow? Resident set over a long run of queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.measure.clock import Clock
from benchmarks.measure.counters import Memory
from benchmarks.measure.scenarios import Query


@dataclass
class Soak:
    """Resident KiB read after ``frames`` queries, once an interval."""

    frames: list[int] = field(default_factory=list)
    rss_kib: list[int] = field(default_factory=list)


def soak(
    query: Query, clock: Clock, memory: Callable[[], Memory], seconds: float, readings: int = 50
) -> Soak:
    """Run queries for ``seconds`` and read the resident set ``readings`` times."""
    result = Soak()
    start = clock.now_ns()
    step = seconds * 1e9 / readings
    count, due = 0, start + step
    while clock.now_ns() - start < seconds * 1e9:
        query(count)
        count += 1
        if clock.now_ns() >= due:
            due += step
            now = memory().now_kib
            if now is not None:
                result.frames.append(count)
                result.rss_kib.append(now)
    return result


def growth_kib_per_1000(frames: Sequence[int], rss_kib: Sequence[int]) -> float | None:
    """Return the Theil-Sen slope of the last two thirds in KiB per 1,000 frames; None if too few.

    The median of all pairwise slopes: one allocator step does not look like a leak, a leak does.
    """
    first = len(frames) // 3
    points = list(zip(frames[first:], rss_kib[first:], strict=True))
    slopes = sorted(
        (b[1] - a[1]) / (b[0] - a[0])
        for i, a in enumerate(points)
        for b in points[i + 1 :]
        if b[0] > a[0]
    )
    if len(points) < 5:
        return None
    middle = len(slopes) // 2
    median = slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2
    return median * 1000

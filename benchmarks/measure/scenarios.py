"""The load generators, in the words of MLPerf LoadGen where it has a word.

`single_stream` sends the next query when the last one is complete. `paced` sends one at fixed
instants, as a frame grabber does (LoadGen's `server` draws Poisson arrivals; a camera does not).
Latency under pacing is given twice: *service* from the call to its result, *response* from the
instant at which the frame was due, so that a stall is charged to every frame it delays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.measure.clock import Clock

Query = Callable[[int], dict[str, int] | None]


@dataclass
class Trace:
    """Raw nanoseconds of every query in order, warm-up included.

    ``stages_ns`` holds equally long lists by stage name; ``response_ns`` is empty unless paced.
    """

    service_ns: list[int] = field(default_factory=list)
    response_ns: list[int] = field(default_factory=list)
    stages_ns: dict[str, list[int]] = field(default_factory=dict)
    cpu_ns: int = 0
    wall_ns: int = 0

    def add(self, service_ns: int, stages: dict[str, int] | None) -> None:
        """Keep one query's time and its stages."""
        self.service_ns.append(service_ns)
        for name, value in (stages or {}).items():
            self.stages_ns.setdefault(name, []).append(value)


def single_stream(
    query: Query, clock: Clock, queries: int, max_seconds: float, min_queries: int = 32
) -> Trace:
    """Run ``queries`` queries back to back.

    A slow subject stops early, after ``max_seconds`` and at least ``min_queries``.
    """
    trace = Trace()
    start, cpu = clock.now_ns(), clock.cpu_ns()
    limit = start + int(max_seconds * 1e9)
    for index in range(queries):
        before = clock.now_ns()
        if index >= min_queries and before > limit:
            break
        stages = query(index)
        trace.add(clock.now_ns() - before, stages)
    trace.cpu_ns, trace.wall_ns = clock.cpu_ns() - cpu, clock.now_ns() - start
    return trace


def paced(query: Query, clock: Clock, queries: int, fps: float, offset_ns: int = 0) -> Trace:
    """Run one query at each tick of ``fps``, asleep in between.

    A query that is late is still sent, at once; its lateness stays in ``response_ns``.
    """
    trace = Trace()
    period = 1e9 / fps
    start, cpu = clock.now_ns() + offset_ns, clock.cpu_ns()
    for index in range(queries):
        # counted from the start: from the tick before, each delay would move all later ticks
        due = start + int(index * period)
        ahead = due - clock.now_ns()
        if ahead > 0:
            clock.sleep(ahead / 1e9)
        before = clock.now_ns()
        stages = query(index)
        after = clock.now_ns()
        trace.add(after - before, stages)
        trace.response_ns.append(after - due)
    trace.cpu_ns, trace.wall_ns = clock.cpu_ns() - cpu, clock.now_ns() - start
    return trace


def missed_deadlines(latencies_ns: list[int], fps: float) -> int:
    """Return how many latencies exceed the frame period of ``fps``."""
    return sum(value > 1e9 / fps for value in latencies_ns)

"""Several cameras at once: a thread each, one shared model."""

from __future__ import annotations

import threading

from benchmarks.measure.clock import Clock
from benchmarks.measure.scenarios import Query, Trace, paced


def multi_stream(query: Query, clock: Clock, streams: int, queries: int, fps: float) -> Trace:
    """Run ``streams`` paced threads and return their queries as one trace.

    LoadGen's `multi_stream` sends N samples in one query; cameras are not in step, so here each
    stream has its own thread and its ticks are spread evenly over the frame period.

    Raises:
        Exception: the first exception of any stream.
    """
    traces: list[Trace | None] = [None] * streams
    failures: list[BaseException] = []

    def work(index: int) -> None:
        try:
            traces[index] = paced(query, clock, queries, fps, int(index * 1e9 / fps / streams))
        except BaseException as error:
            failures.append(error)

    start, cpu = clock.now_ns(), clock.cpu_ns()
    threads = [threading.Thread(target=work, args=(index,)) for index in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        # in the thread that asked, which would otherwise take a part for all streams
        raise failures[0]
    merged = Trace(cpu_ns=clock.cpu_ns() - cpu, wall_ns=clock.now_ns() - start)
    for trace in traces:
        assert trace is not None
        merged.service_ns += trace.service_ns
        merged.response_ns += trace.response_ns
    return merged

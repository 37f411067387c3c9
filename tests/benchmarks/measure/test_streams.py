import threading
import time

import pytest

from benchmarks.measure.clock import SystemClock
from benchmarks.measure.streams import multi_stream


def test_every_stream_sends_all_its_queries_from_its_own_thread():
    seen = []
    trace = multi_stream(
        lambda i: seen.append((threading.current_thread(), i)),
        SystemClock(),
        3,
        queries=4,
        fps=2000,
    )
    assert sorted(i for _, i in seen) == sorted(list(range(4)) * 3)
    assert len({thread for thread, _ in seen}) == 3
    assert len(trace.service_ns) == len(trace.response_ns) == 12


def test_a_stream_that_fails_fails_the_measurement():
    def query(index):
        if index == 2:
            raise ValueError("broken")
        time.sleep(0)

    with pytest.raises(ValueError, match="broken"):
        multi_stream(query, SystemClock(), 2, queries=4, fps=2000)

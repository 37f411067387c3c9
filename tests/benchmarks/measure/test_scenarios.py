import pytest

from benchmarks.measure.clock import resolution_ns
from benchmarks.measure.scenarios import missed_deadlines, paced, single_stream
from tests.benchmarks.fakes import FakeClock

MS = 1_000_000


def test_single_stream_sends_the_next_query_when_the_last_is_complete():
    clock = FakeClock()
    trace = single_stream(lambda i: clock.work((i + 1) * MS), clock, 5, max_seconds=10)
    assert trace.service_ns == [1 * MS, 2 * MS, 3 * MS, 4 * MS, 5 * MS]
    assert (trace.wall_ns, trace.cpu_ns) == (15 * MS, 15 * MS)
    assert clock.sleeps == []


def test_a_slow_subject_stops_early_but_not_before_the_least_count():
    clock = FakeClock()
    trace = single_stream(lambda i: clock.work(1000 * MS), clock, 500, 2.0, min_queries=10)
    assert len(trace.service_ns) == 10


def test_stages_are_kept_query_by_query():
    clock = FakeClock()
    trace = single_stream(lambda i: {"inference": i}, clock, 3, max_seconds=1)
    assert trace.stages_ns == {"inference": [0, 1, 2]}


def test_paced_queries_start_on_their_tick_and_sleep_in_between():
    clock = FakeClock()
    starts = []

    def query(_index):
        starts.append(clock.now)
        clock.work(3 * MS)

    trace = paced(query, clock, 4, fps=100)
    assert starts == [0, 10 * MS, 20 * MS, 30 * MS]
    assert trace.service_ns == [3 * MS] * 4
    assert trace.response_ns == [3 * MS] * 4
    assert trace.cpu_ns == 12 * MS
    assert trace.wall_ns == 33 * MS


def test_a_stall_is_charged_to_every_frame_that_it_delays():
    clock = FakeClock()
    trace = paced(lambda i: clock.work(35 * MS if i == 0 else 1 * MS), clock, 5, fps=100)
    assert trace.service_ns == [35 * MS, MS, MS, MS, MS]
    # frames 1 to 3 were due at 10, 20 and 30 ms, while frame 0 was still running
    assert trace.response_ns == [35 * MS, 26 * MS, 17 * MS, 8 * MS, MS]
    assert missed_deadlines(trace.response_ns, 100) == 3


def test_the_ticks_do_not_drift_at_a_rate_that_is_no_whole_number_of_nanoseconds():
    clock = FakeClock()
    starts = []
    paced(lambda i: starts.append(clock.now), clock, 31, fps=30)
    assert starts[30] == pytest.approx(1e9, abs=1000)


def test_a_latency_of_exactly_the_period_is_not_missed():
    assert missed_deadlines([10 * MS, 10 * MS + 1], fps=100) == 1


def test_the_clocks_resolution_is_its_smallest_step():
    readings = iter([0, 0, 70, 100, 140, 200, 300, *range(1000, 10**6, 500)])
    assert resolution_ns(lambda: next(readings), trials=3) == 40


def test_a_clock_that_stands_still_is_reported():
    with pytest.raises(RuntimeError, match="does not advance"):
        resolution_ns(lambda: 5, trials=10_000)

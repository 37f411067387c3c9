"""Times of live sources: they rise, and follow the sender's clock where it can be followed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sdk.sources.live.rising import RisingTimes

_SECOND = 10**9
_FAR_NS = 2**62


class Host:
    """This machine's clock, set by the test."""

    def __init__(self) -> None:
        self.now_ns = 77 * _SECOND

    def __call__(self) -> int:
        return self.now_ns


def times_of(sent_ns: list[int | None], step_ns: int = _SECOND) -> list[int]:
    """Times in ms of frames that come one host step apart."""
    host = Host()
    rising = RisingTimes(host)
    found = []
    for sent in sent_ns:
        found.append(rising.next_us(sent) // 1000)
        host.now_ns += step_ns
    return found


def test_without_a_senders_clock_the_time_of_arrival_counts() -> None:
    assert times_of([None, None, None]) == [0, 1000, 2000]


def test_a_senders_clock_is_followed_whatever_the_time_of_arrival() -> None:
    assert times_of([5 * _SECOND, 5 * _SECOND + 40_000_000, 9 * _SECOND]) == [0, 40, 4000]


def test_one_time_that_is_behind_is_bridged_and_the_clock_stays() -> None:
    sent = [0, 10 * _SECOND, 3 * _SECOND, 12 * _SECOND]
    assert times_of(list(sent)) == [0, 10_000, 11_000, 12_000]


def test_a_scanner_that_begins_anew_goes_on_from_there() -> None:
    hour = 3600 * _SECOND
    sent = [0, hour, 0, 40_000_000, 80_000_000, 120_000_000]
    hour_ms = 3600 * 1000
    expected = [0, hour_ms, hour_ms + 1000, hour_ms + 2000, hour_ms + 2040, hour_ms + 2080]
    assert times_of(list(sent)) == expected


def test_a_clock_that_stands_still_is_replaced_by_this_machines() -> None:
    assert times_of([7, 7, 7, 7]) == [0, 1000, 2000, 3000]


def test_frames_without_a_time_among_others_count_by_arrival() -> None:
    assert times_of([None, 500, None, 500 + 2 * _SECOND]) == [0, 1000, 2000, 3000]


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-_FAR_NS, _FAR_NS), st.integers(0, _SECOND)), min_size=2
    )
)
def test_times_rise_whatever_the_clocks_say(frames: list[tuple[int | None, int]]) -> None:
    host = Host()
    rising = RisingTimes(host)
    found = []
    for sent_ns, passed_ns in frames:
        host.now_ns += passed_ns
        found.append(rising.next_us(sent_ns))
    assert found[0] == 0
    assert all(a < b for a, b in pairwise(found))

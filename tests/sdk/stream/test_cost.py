"""What the benchmark of a stream's cost tells, by a clock that the test turns."""

from __future__ import annotations

import pytest

import sdk
from benchmarks.streams import cost


def test_every_call_meets_frames_untouched_alike_and_the_first_is_taken_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_us = [0]
    met: list[int] = []

    def takes(us: int) -> cost.Call:
        def call(frame: sdk.Frame) -> None:
            met.append(id(frame))
            now_us[0] += us

        return call

    monkeypatch.setattr(cost, "perf_counter_ns", lambda: now_us[0] * 1000)
    frames = cost.screens(64, 48, "BGRA32")
    found = cost.turn_about({"first": takes(5), "second": takes(7), "third": takes(4)}, frames, 4)
    assert found == {
        "first_us": 5, "second_us": 7, "third_us": 4, "second_over_us": 2, "third_over_us": -1,
    }  # fmt: skip
    for at in range(8, len(met)):
        assert met.index(met[at], at - 8) == at - 8, "the same frame, eight calls before"


def test_streams_and_novelty_are_measured(classifier: sdk.Classifier) -> None:
    told = cost.stream_cost(classifier, (320, 240, "GRAY8"), 1)
    assert {"classify_us", "push_given_over_us", "push_found_over_us"} <= set(told)
    assert cost.novelty_cost(1)["novelty_us"] > 0

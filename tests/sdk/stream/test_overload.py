"""The short forms of `benchmarks.streams.overload`: what holds whatever the load."""

from __future__ import annotations

import numpy as np
import pytest

import sdk
from benchmarks.streams.clocks import stepping, times
from benchmarks.streams.killed import killed
from benchmarks.streams.memory import growth
from benchmarks.streams.overload import AGE, FORMS, Form, overload
from sdk.model_file.known_answers import pattern_frame

RING = pattern_frame("ring", 160, 120)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_ten_times_too_fast_is_counted_exactly_and_closes(
    classifier: sdk.Classifier, form: Form
) -> None:
    found = overload(classifier, form, seconds=1.0)
    held = dict(found["held"])
    # the one rule that a busy machine breaks
    held.pop(AGE)
    assert all(held.values()), held
    assert found["stats"]["dropped"] > found["stats"]["frames"] > 0


@pytest.mark.parametrize("kind", ["http", "igtl"])
def test_a_sender_that_is_killed_and_back_is_a_gap_under_a_stream(
    classifier: sdk.Classifier, kind: str
) -> None:
    found = killed(classifier, kind, kills=1)
    assert all(found["held"].values()), found


def test_a_senders_clock_that_steps_is_refused_and_counted(classifier: sdk.Classifier) -> None:
    found = stepping(classifier, frames=1500, seed=3)
    assert all(found["held"].values()), found
    assert min(found["said"].values()) > 10


def test_every_step_forward_is_a_gap_and_every_other_step_an_error(
    classifier: sdk.Classifier,
) -> None:
    stream = classifier.stream()
    gap_us = round(stream.settings.gap_s * 1e6)
    said = {"on": 0, "back": 0, "again": 0, "forward": 0}
    for time_us, kind in times(1500, gap_us, np.random.default_rng(3)):
        said[kind] += 1
        try:
            stream.push(RING, time_us)
        except sdk.FrameError:
            stream.reset()
            stream.push(RING, time_us)
    assert stream.stats().events["gap"] == said["forward"] > 10
    assert stream.stats().bad_timestamps == said["back"] + said["again"] > 10


def test_memory_that_grows_is_told() -> None:
    frames = list(range(0, 6000, 100))
    assert growth(frames, [5000] * 60) == (0, 0.0)
    assert growth(frames, [5000 + f // 10 for f in frames]) == (390, pytest.approx(100.0))
    # a cache that fills early is no growth
    assert growth(frames, [5000 + min(f, 1500) for f in frames]).grown_kib == 0

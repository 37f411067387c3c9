"""What the streams' measurements say is what was seen, and a fault shows in them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import sdk
from benchmarks.streams.changes import Cine, Segment, split
from benchmarks.streams.cine import moving
from benchmarks.streams.labels import by_kind, chosen, lags_of
from benchmarks.streams.paced import paced
from benchmarks.streams.replay import record, replay, tempered
from benchmarks.streams.slowed import Slowed
from benchmarks.streams.soak import soak
from export.data.dataset import FrameRecord
from export.data.phantom import phantom_frame
from sdk._watch import Watch
from sdk.model_file.stream_settings import StreamSettings


@pytest.fixture(scope="module")
def classifier() -> sdk.Classifier:
    return sdk.Classifier()


def cine() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    found = []
    for label in ("femur", "head", "abdomen"):
        still = phantom_frame(label, seed=2, height=120, width=160).pixels
        found += list(islice(moving(still, 25, 30, rng), 25))
    return found


def test_a_replay_shows_what_the_stream_showed(classifier: sdk.Classifier) -> None:
    stream, watch = classifier.stream(fps=30), Watch()
    shown, seen = [], []
    for picture in cine():
        shown.append(stream.push(picture).label)
        seen.append(record(classifier, sdk.Frame.from_array(picture), watch))
    assert len(set(shown)) > 1
    assert replay(classifier, seen, StreamSettings(), 30) == shown
    alone = [one.result.label for one in seen]
    assert [one.result.label for one in tempered(classifier, seen, 1.0)] == alone
    unsure = [one.result.label for one in tempered(classifier, seen, 20.0)]
    assert unsure == [None] * len(seen)


def test_the_longest_time_constant_that_keeps_enough_is_chosen() -> None:
    assert chosen({0.01: 1000, 0.02: 991, 0.03: 990, 0.04: 989}) == 0.03


def test_lags_are_counted_from_the_change_and_by_its_kind() -> None:
    truth = ["a"] * 10 + ["b"] * 10 + ["a"] * 10 + ["b"] * 10
    shown: list[str | None] = ["a"] * 15 + ["b"] * 11 + ["a"] * 4 + [None] * 10
    assert lags_of(truth, shown) == [(10, 5), (20, 6), (30, None)]
    segments = [
        Segment("a", False, True), Segment("b", False, True), Segment("a", True, True),
        Segment("b", True, False),
    ]  # fmt: skip
    numbers = [i // 10 for i in range(40)]
    assert by_kind(segments, Cine(truth, numbers, []), shown) == {
        "blended, still right": {"changes": 1, "within_5_frames": 0},
        "blended, still wrong or withheld": {"changes": 1, "within_5_frames": 0},
        "cut, still right": {"changes": 1, "within_5_frames": 1},
    }


def test_the_halves_share_no_patient() -> None:
    def of(group: str) -> FrameRecord:
        return FrameRecord("x", Path("x"), "head", "d", "c", group, "m", "l", "q")

    first, second = split([of(group) for group in "abcabdde"])
    assert {r.group for r in first} == {"a", "c", "e"}
    assert {r.group for r in second} == {"b", "d"}


class Spinning:
    """Stands for a stream whose frames cost ever more."""

    def __init__(self, more: int) -> None:
        self._more, self._turns = more, 3000
        self.classifier = SimpleNamespace(classify=lambda _: self._spin(3000))
        self.stats = lambda: SimpleNamespace(to_dict=dict)

    def push(self, _: Any) -> None:
        self._turns += self._more
        self._spin(self._turns)

    def _spin(self, turns: int) -> None:
        for _ in range(turns):
            pass


def test_a_frame_that_costs_ever_more_is_told() -> None:
    found = soak(Spinning(more=20), 1000)  # type: ignore[arg-type]
    assert not found["held"]["p99 stayed within a tenth"]
    assert found["last_tenth_over_first"]["p50"] > 2


@pytest.mark.parametrize("form", ["push", "background"])
def test_answers_after_their_deadline_are_counted(classifier: sdk.Classifier, form: str) -> None:
    frames = [sdk.Frame.from_array(picture) for picture in cine()[:3]]
    slowed: Any = Slowed(classifier, 0.03)
    slowed.stream = lambda fps, region: Slowed.stream(slowed, fps)
    found = paced(slowed, frames, 50.0, form, 0.4)
    assert found["answered"] == found["late"] > 0
    assert found["answered"] + found["dropped"] == found["put"] == 20
    assert found["latency_ms"]["p50"] > 30

"""A caller that watches gets the kernel's statistics with the very result that others get."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk import FrameError
from sdk._watch import Watch
from sdk.model_file.known_answers import pattern_frame

RING = pattern_frame("ring", 320, 240)


def test_a_watched_frame_has_the_result_of_an_unwatched_one(toy_path: Path) -> None:
    classifier = sdk.Classifier(toy_path)
    plain, watched = classifier.classify(RING), classifier._classify(RING, Watch())
    assert watched.probabilities == plain.probabilities
    np.testing.assert_array_equal(watched.attention, plain.attention)


def test_statistics_are_those_of_the_pixels_and_of_the_change(toy_path: Path) -> None:
    classifier, watch = sdk.Classifier(toy_path), Watch()
    classifier._classify(RING, watch)
    first = watch.statistics
    assert first is not None
    assert first.mean == pytest.approx(RING[::7].mean(), abs=1e-9), "240 rows, every seventh"
    assert first.difference is None
    classifier._classify(RING, watch)
    assert watch.statistics is not None
    assert watch.statistics.difference == 0.0
    brighter = np.minimum(RING, 245) + np.uint8(10)
    classifier._classify(brighter, watch)
    change = np.abs(brighter.astype(float) - RING).mean()
    assert watch.statistics.difference == pytest.approx(change, abs=0.5)
    watch.statistics = first
    classifier._classify(RING, watch)
    assert watch.statistics.difference == 0.0, "compared with what the caller put there"


def test_a_rejected_frame_is_counted_and_one_that_is_none_is_not(toy_path: Path) -> None:
    classifier, watch = sdk.Classifier(toy_path), Watch()
    black = np.zeros((60, 80), np.uint8)
    assert classifier._classify(black, watch).decision == "reject"
    assert watch.statistics is not None
    assert watch.statistics.black == 1.0
    before = watch.statistics
    with pytest.raises(FrameError):
        classifier._classify(np.zeros((4, 4), np.float32), watch)  # type: ignore[arg-type]
    assert watch.statistics is before

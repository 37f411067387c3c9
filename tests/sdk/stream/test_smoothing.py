"""The filter against its formula in NumPy, and what hysteresis shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk import _kernels
from sdk.model_file.stream_settings import StreamSettings
from sdk.stream.smoothing import LabelFilter, ShownLabel

SETTINGS = StreamSettings(smoothing_s=0.1, evidence_floor=0.01)


@st.composite
def frames(draw: st.DrawFn) -> list[tuple[float, tuple[float, ...] | None]]:
    labels = draw(st.integers(2, 6))
    share = st.floats(0, 1)
    found = []
    for _ in range(draw(st.integers(1, 12))):
        raw = np.array([draw(share) for _ in range(labels)]) + 1e-9
        says = draw(st.booleans()) or not found
        duration_s = draw(st.floats(1e-4, 2))
        found.append((duration_s, tuple((raw / raw.sum()).tolist()) if says else None))
    return found


def pooled(given_frames: list[tuple[float, tuple[float, ...] | None]]) -> np.ndarray:
    """Weighted geometric mean of all frames at once: no recursion."""
    durations = np.array([duration for duration, _ in given_frames])
    labels = len(next(p for _, p in given_frames if p is not None))
    shares = np.array([p if p is not None else [1 / labels] * labels for _, p in given_frames])
    take = -np.expm1(-durations / SETTINGS.smoothing_s)
    take[0] = 1.0
    left = np.concatenate([np.cumprod((1 - take)[::-1])[::-1][1:], [1.0]])
    weights = take * left
    assert weights.sum() == pytest.approx(1)
    logs = weights @ np.log(np.maximum(shares, SETTINGS.evidence_floor))
    raw = np.exp(logs)
    return raw / raw.sum()


@given(frames())
def test_the_state_is_the_weighted_geometric_mean_of_all_frames(
    given_frames: list[tuple[float, tuple[float, ...] | None]],
) -> None:
    # the recursion floors its own state; above the floor that changes nothing
    given_frames = [(d, None if p is None else _above_floor(p)) for d, p in given_frames]
    labels = LabelFilter(SETTINGS)
    for duration_s, probabilities in given_frames:
        labels.step(duration_s, probabilities)
    np.testing.assert_allclose(labels.state, pooled(given_frames), rtol=1e-9)


@given(frames())
def test_the_compiled_step_is_the_formula_bit_for_bit(
    given_frames: list[tuple[float, tuple[float, ...] | None]],
) -> None:
    labels, state, floor = LabelFilter(SETTINGS), None, SETTINGS.evidence_floor
    for duration_s, shares in given_frames:
        found = labels.step(duration_s, shares)
        now = shares or (1 / len(state or ()),) * len(state or ())
        if state is None:
            state = now
        else:
            keep = math.exp(-duration_s / SETTINGS.smoothing_s)
            logs = [
                keep * math.log(max(old, floor)) + (1.0 - keep) * math.log(max(p, floor))
                for old, p in zip(state, now, strict=True)
            ]
            total = 0.0
            for value in logs:  # not sum(): from Python 3.12 on it rounds otherwise
                total += math.exp(value)
            state = tuple(math.exp(value) * (1.0 / total) for value in logs)
        assert found == state


@pytest.mark.parametrize(
    "wrong",
    [
        ((0.5, 0.5), (1.0,), 0.5, 0.01), ((), (), 0.5, 0.01), ((1.0,), (1.0,), 1.1, 0.01),
        ((1.0,), (1.0,), -0.1, 0.01), ((1.0,), (1.0,), 0.5, 0.0),
        ((1.0,), (1.0,), math.nan, 0.01),
    ],
)  # fmt: skip
def test_the_compiled_step_refuses_what_has_no_mean(wrong: tuple) -> None:
    with pytest.raises(ValueError, match="must be"):
        _kernels.pooled(*wrong)


def _above_floor(shares: tuple[float, ...]) -> tuple[float, ...]:
    raw = np.array(shares) + 0.2
    return tuple((raw / raw.sum()).tolist())


@given(frames())
def test_no_label_gains_more_on_another_than_in_the_frame_that_favours_it_most(
    given_frames: list[tuple[float, tuple[float, ...] | None]],
) -> None:
    labels = LabelFilter(SETTINGS)
    most = None
    for duration_s, given_shares in given_frames:
        probabilities = given_shares and _above_floor(given_shares)
        state = labels.step(duration_s, probabilities)
        assert state is not None
        assert sum(state) == pytest.approx(1)
        ratios = _log_ratios(probabilities or (1 / len(state),) * len(state))
        most = ratios if most is None else np.maximum(most, ratios)
        assert (_log_ratios(state) <= most + 1e-6).all()


def _log_ratios(shares: tuple[float, ...]) -> np.ndarray:
    logs = np.log(np.maximum(shares, SETTINGS.evidence_floor))
    return logs[:, None] - logs


def test_twice_the_rate_smooths_alike() -> None:
    slow, fast = LabelFilter(SETTINGS), LabelFilter(SETTINGS)
    for labels in (slow, fast):
        labels.step(1.0, (0.9, 0.1))
    for _ in range(3):
        slow.step(1 / 30, (0.2, 0.8))
        fast.step(1 / 60, (0.2, 0.8))
        fast.step(1 / 60, (0.2, 0.8))
    assert fast.state == pytest.approx(slow.state)


def test_one_wrong_frame_is_smoothed_away_and_a_few_are_a_change() -> None:
    labels, shown = LabelFilter(StreamSettings()), ShownLabel((0.85, 0.85), 0.5)
    seen = []
    for first in (0.95, 0.95, 0.95, 0.3, 0.95, 0.95, 0.02, 0.02, 0.02, 0.02):
        seen.append(shown.step(labels.step(1 / 60, (first, 1 - first))))
    assert seen[:6] == [0] * 6
    assert seen[-1] == 1


def test_after_a_reset_a_frame_is_taken_at_its_word() -> None:
    labels = LabelFilter(SETTINGS)
    labels.step(0.01, (0.9, 0.1))
    labels.reset()
    assert labels.step(0.01, (0.25, 0.75)) == (0.25, 0.75)
    labels.reset()
    assert labels.step(0.01, None) is None


def test_a_label_is_shown_from_its_threshold_on_and_until_it_leaves() -> None:
    shown = ShownLabel((0.8, 0.9), 0.6)
    first = [shown.step((share, 1 - share)) for share in (0.79, 0.8, 0.61, 0.59, 0.79, 0.15, 0.1)]
    assert first == [None, 0, 0, None, None, None, 1]


def test_a_threshold_below_leave_below_is_where_the_label_leaves() -> None:
    shown = ShownLabel((0.4, 0.4, 0.4), 0.6)
    assert shown.step((0.5, 0.3, 0.2)) == 0
    assert shown.step((0.41, 0.3, 0.29)) == 0
    assert shown.step((0.39, 0.31, 0.3)) is None

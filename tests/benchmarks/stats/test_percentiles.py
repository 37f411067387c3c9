import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats.percentiles import nearest_rank, samples_needed, summarise

durations = st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=200)


@given(durations, st.sampled_from([1, 50, 90, 99, 99.9, 100]))
def test_nearest_rank_is_the_smallest_value_that_enough_values_do_not_exceed(values, percentile):
    got = nearest_rank(values, percentile)
    need = percentile * len(values)
    candidates = [v for v in values if 100 * sum(w <= v for w in values) >= need - 1e-6]
    assert got == min(candidates)


@given(durations)
def test_every_percentile_is_a_value_that_was_measured(values):
    found = summarise(values)
    assert {found.p50, found.p90, found.p99, found.max} <= set(map(float, values))
    assert found.p50 <= found.p90 <= found.p99 <= found.max == max(values)


def test_a_tail_is_never_clipped():
    # 2 % of frames take a hundred times as long: two-sigma clipping would drop them all
    values = np.array([1.0] * 980 + [100.0] * 20)
    clipped = values[np.abs(values - values.mean()) <= 2 * values.std()]
    assert nearest_rank(clipped, 99) == 1.0
    found = summarise(values)
    assert (found.count, found.p99, found.max) == (1000, 100.0, 100.0)


def test_one_slow_frame_is_the_maximum():
    assert summarise([1.0] * 999 + [5000.0]).max == 5000.0


@pytest.mark.parametrize(("percentile", "rank"), [(50, 50), (90, 90), (99, 99), (100, 100)])
def test_percentiles_of_one_to_a_hundred_are_themselves(percentile, rank):
    assert nearest_rank(range(1, 101), percentile) == rank


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_refused_and_located(bad):
    with pytest.raises(ValueError, match=r"values\[1\] is .*must be finite"):
        summarise([1.0, bad, 2.0])


@pytest.mark.parametrize("bad", [[], [[1.0]], [-1.0]])
def test_no_values_two_dimensions_and_negative_durations_are_refused(bad):
    with pytest.raises(ValueError, match="values"):
        summarise(bad)


@pytest.mark.parametrize("percentile", [0, -1, 100.5, math.nan])
def test_a_percentile_outside_its_range_is_refused(percentile):
    with pytest.raises(ValueError, match="percentile"):
        nearest_rank([1.0], percentile)


@pytest.mark.parametrize(("percentile", "needed"), [(50, 7), (90, 44), (99, 459)])
def test_samples_needed_follow_wilks(percentile, needed):
    assert samples_needed(percentile) == needed
    assert 1 - (percentile / 100) ** needed >= 0.99 > 1 - (percentile / 100) ** (needed - 1)

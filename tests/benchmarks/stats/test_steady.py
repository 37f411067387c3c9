import numpy as np

from benchmarks.stats.steady import find_steady


def settled(count=1000, seed=0):
    return 100 + np.random.default_rng(seed).normal(0, 1, count)


def test_steady_values_have_no_warmup():
    assert find_steady(settled()).warmup == 0
    assert find_steady(settled()).reached


def test_a_slow_start_is_set_apart_to_its_end():
    values = settled()
    values[:100] *= 3
    found = find_steady(values)
    assert found.reached
    assert 100 <= found.warmup <= 120


def test_a_fast_start_before_throttling_is_set_apart_too():
    values = settled()
    values[:100] *= 0.5
    assert 100 <= find_steady(values).warmup <= 120


def test_slow_frames_after_the_start_are_never_warmup():
    values = settled()
    values[500:520] *= 50
    values[-1] *= 1000
    assert find_steady(values).warmup == 0


def test_lone_slow_frames_at_the_start_stay_in_the_figures():
    values = settled()
    values[3] *= 50  # a tail, not a level: the window's median does not move
    assert find_steady(values).warmup == 0


def test_a_run_that_never_settles_says_so_and_keeps_half():
    values = np.linspace(1, 100, 1000)
    found = find_steady(values)
    assert not found.reached
    assert found.warmup == 500, "the half that is nearest to its end is kept"


def test_too_few_values_are_not_called_steady():
    found = find_steady([1.0] * 31)
    assert (found.warmup, found.reached) == (0, False)

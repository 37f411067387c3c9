import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats.intervals import between_processes, ratio
from benchmarks.stats.student_t import two_sided_t

# Published two-sided quantiles (NIST/SEMATECH e-Handbook, table 1.3.6.7.2).
TABLE = [
    (0.95, 1, 12.706),
    (0.95, 4, 2.776),
    (0.95, 9, 2.262),
    (0.99, 4, 4.604),
    (0.95, 100, 1.984),
]


@pytest.mark.parametrize(("confidence", "freedom", "expected"), TABLE)
def test_student_quantiles_are_those_of_the_table(confidence, freedom, expected):
    assert two_sided_t(confidence, freedom) == pytest.approx(expected, abs=6e-4)


def test_one_degree_of_freedom_is_cauchy_and_two_has_its_closed_form():
    assert two_sided_t(0.9, 1) == pytest.approx(math.tan(math.pi * 0.45), rel=1e-9)
    p = 0.9
    assert two_sided_t(p, 2) == pytest.approx(p * math.sqrt(2 / (1 - p * p)), rel=1e-9)


@pytest.mark.parametrize(("confidence", "freedom"), [(0, 3), (1, 3), (0.9, 0), (math.nan, 3)])
def test_impossible_confidence_and_freedom_are_refused(confidence, freedom):
    with pytest.raises(ValueError, match="confidence"):
        two_sided_t(confidence, freedom)


def test_the_interval_covers_as_often_as_it_says_with_five_processes():
    random = np.random.default_rng(1)
    hits = 0
    for _ in range(2000):
        figures = np.exp(random.normal(0, 0.1, 5))
        found = between_processes(float(np.exp(np.log(figures).mean())), figures)
        hits += found.low <= 1.0 <= found.high
    assert 0.93 <= hits / 2000 <= 0.97


def test_a_ratio_covers_as_often_as_it_says():
    random = np.random.default_rng(2)
    hits = 0
    for _ in range(2000):
        a, b = np.exp(random.normal(0, 0.05, 5)), np.exp(random.normal(0, 0.1, 5))
        found = ratio(a, b)
        hits += found.low <= 1.0 <= found.high
    assert 0.935 <= hits / 2000 <= 0.98


@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=8), st.floats(0.5, 4))
def test_a_scaled_run_has_that_ratio_and_the_reverse_its_reciprocal(values, factor):
    found = ratio([v * factor for v in values], values)
    back = ratio(values, [v * factor for v in values])
    assert found.value == pytest.approx(factor)
    assert found.low <= factor * (1 + 1e-9)
    assert found.high >= factor * (1 - 1e-9)
    assert back.low == pytest.approx(1 / found.high)


def test_one_process_has_no_interval():
    found = between_processes(1.0, [1.0])
    assert (found.low, found.high) == (None, None)
    assert ratio([1.0], [2.0, 2.1]).low is None


def test_a_negative_growth_gets_a_linear_interval():
    found = between_processes(0.0, [-1.0, 0.0, 1.0])
    assert found.low == pytest.approx(-found.high)
    assert found.high == pytest.approx(4.303 / math.sqrt(3), abs=1e-3)


def test_no_interval_is_narrower_than_the_clock():
    found = between_processes(10.0, [10.0, 10.0, 10.0], floor=0.5)
    assert (found.low, found.high) == (9.5, 10.5)


def test_a_figure_of_zero_has_no_ratio():
    assert ratio([0.0, 1.0], [1.0, 1.0]) is None


@pytest.mark.parametrize("bad", [[], [math.nan], [1.0, math.inf]])
def test_figures_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        between_processes(1.0, bad)
    with pytest.raises(ValueError, match="after"):
        ratio(bad, [1.0])

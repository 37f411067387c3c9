import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import betaincinv

from export import proportions
from export.proportions import beta_quantile, clopper_pearson, clustered_interval


@given(st.floats(0.001, 0.999), st.floats(0.1, 400), st.floats(0.1, 400))
def test_the_beta_quantile_is_scipys(probability, a, b):
    assert beta_quantile(probability, a, b) == pytest.approx(
        stats.beta.ppf(probability, a, b), abs=1e-9
    )


@given(st.integers(1, 300), st.data())
def test_the_exact_interval_is_scipys(trials, data):
    hits = data.draw(st.integers(0, trials))
    exact = stats.binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert clopper_pearson(hits, trials) == pytest.approx((exact.low, exact.high), abs=1e-9)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=40))
def test_an_interval_has_width_and_holds_the_share_whatever_the_patients(patients):
    right, groups = [], []
    for index, (frames, hits) in enumerate(patients):
        right += [k < hits for k in range(frames)]
        groups += [str(index)] * frames
    low, high = clustered_interval(np.array(right), groups)
    assert 0 <= low <= np.mean(right) <= high <= 1
    # never narrower than frames that are all independent, never without width
    alone = clopper_pearson(sum(right), len(right))
    assert high - low >= 0.99 * (alone[1] - alone[0]) > 0


@pytest.mark.parametrize("frames", [1, 5, 400])
def test_100_percent_of_ten_patients_is_ten_observations_however_many_frames(frames):
    groups = [str(i) for i in range(10) for _ in range(frames)]
    low, high = clustered_interval(np.ones(10 * frames, bool), groups)
    assert (low, high) == (pytest.approx(0.025 ** (1 / 10)), 1.0)


def test_one_patient_is_one_observation():
    assert clustered_interval(np.ones(500, bool), ["p"] * 500) == (pytest.approx(0.025), 1.0)


def test_a_patient_with_most_of_the_frames_counts_as_few_patients():
    groups = ["big"] * 91 + [str(i) for i in range(9)]
    low, _ = clustered_interval(np.ones(100, bool), groups)
    assert low < 0.1  # (91^2 + 9) / 100 frames count as one: 1.2 observations


def test_swapping_right_and_wrong_mirrors_the_interval():
    random = np.random.default_rng(0)
    right, groups = random.random(60) < 0.8, random.integers(0, 12, 60).astype(str)
    low, high = clustered_interval(right, groups)
    mirrored = clustered_interval(~right, groups)
    assert mirrored == pytest.approx((1 - high, 1 - low))


def _clusters(random, patients, sizes, share, alike):
    """Draw frames of patients whose own rates are beta distributed; ``alike`` is their ICC."""
    counts = {
        "one": np.ones(patients, int),
        "five": np.full(patients, 5),
        "forty": np.full(patients, 40),
        "unequal": random.geometric(0.3, patients),
    }[sizes]
    if alike == 0:
        rates = np.full(patients, share)
    elif alike == 1:
        rates = (random.random(patients) < share).astype(float)
    else:
        scale = 1 / alike - 1
        rates = random.beta(share * scale, (1 - share) * scale, patients)
    owner = np.repeat(np.arange(patients), counts)
    return random.random(owner.size) < rates[owner], owner


@pytest.mark.parametrize("sizes", ["one", "five", "forty", "unequal"])
@pytest.mark.parametrize("patients", [5, 20, 60])
def test_95_percent_of_the_intervals_hold_the_true_share(patients, sizes, monkeypatch):
    # ours, which the first tests hold against this one, takes 100 times as long
    monkeypatch.setattr(proportions, "beta_quantile", lambda p, a, b: betaincinv(a, b, p))
    random = np.random.default_rng(0)
    draws = 150
    for share in (0.5, 0.9, 0.98):
        for alike in (0.0, 0.3, 1.0):
            inside = 0
            for _ in range(draws):
                right, owner = _clusters(random, patients, sizes, share, alike)
                low, high = clustered_interval(right, owner)
                inside += low <= share <= high
            # 95 % of 150 is 142.5; 130 or fewer has a chance below 1 in 1,500 each
            assert inside > 130, (patients, sizes, share, alike, inside / draws)


def test_the_bootstrap_that_stood_here_before_fails_that_coverage():
    from export.evaluation import patient_bootstrap

    random = np.random.default_rng(1)
    inside = 0
    for _ in range(60):
        right, owner = _clusters(random, 20, "five", 0.98, 1.0)
        low, high = patient_bootstrap(lambda i, r=right: float(r[i].mean()), owner, draws=200)
        inside += low <= 0.98 <= high
    assert inside < 40


@pytest.mark.parametrize(
    ("right", "groups"),
    [(np.ones(0, bool), []), (np.ones(3, bool), ["a"]), (np.ones((2, 2)), "ab")],
)
def test_no_frames_or_groups_of_another_number_are_refused(right, groups):
    with pytest.raises(ValueError, match="n >= 1"):
        clustered_interval(right, groups)


@pytest.mark.parametrize(("hits", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_hits_that_are_no_part_of_the_trials_are_refused(hits, trials):
    with pytest.raises(ValueError, match="hits"):
        clopper_pearson(hits, trials)

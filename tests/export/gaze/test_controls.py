"""Controls keep exactly what they should, and the probe finds leaks of a known size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.gaze import (
    GazeError,
    centre_prior,
    donors_among_all,
    donors_within_class,
    gaussian_map,
    leakage_probe,
)

FRAMES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 6)), min_size=2, max_size=60)


@given(frames=FRAMES, seed=st.integers(0, 2**31))
def test_every_map_is_given_once_and_nobody_keeps_its_own(
    frames: list[tuple[str, int]], seed: int
) -> None:
    donors = donors_among_all([str(group) for _, group in frames], seed)
    assert sorted(donors.tolist()) == list(range(len(frames)))
    assert (donors != np.arange(len(frames))).all()


@given(frames=FRAMES, seed=st.integers(0, 2**31))
def test_no_map_stays_within_its_patient_where_that_is_possible(
    frames: list[tuple[str, int]], seed: int
) -> None:
    groups = np.array([str(group) for _, group in frames])
    largest = max(np.unique(groups, return_counts=True)[1])
    donors = donors_among_all(groups.tolist(), seed)
    if 2 * largest <= len(groups):
        assert (groups[donors] != groups).all()


@given(frames=FRAMES, seed=st.integers(0, 2**31))
def test_within_a_class_the_label_of_the_donor_is_the_same(
    frames: list[tuple[str, int]], seed: int
) -> None:
    labels = np.array([label for label, _ in frames])
    groups = [str(group) for _, group in frames]
    if min(np.unique(labels, return_counts=True)[1]) < 2:
        with pytest.raises(GazeError, match="1 frame to shuffle; at least 2"):
            donors_within_class(labels.tolist(), groups, seed)
        return
    donors = donors_within_class(labels.tolist(), groups, seed)
    assert (labels[donors] == labels).all()
    assert sorted(donors.tolist()) == list(range(len(frames)))
    assert (donors != np.arange(len(frames))).all()


def test_another_seed_shuffles_otherwise_and_the_same_alike() -> None:
    groups = [str(i) for i in range(50)]
    first, again, other = (donors_among_all(groups, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_the_centre_prior_is_symmetric_and_peaks_in_the_middle() -> None:
    prior = centre_prior(24, 18)
    assert prior.shape == (18, 24)
    assert prior.sum() == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(prior, prior[::-1, ::-1], rtol=1e-5)
    assert prior[8:10, 11:13].min() == prior.max()


def maps_at(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([
        gaussian_map(np.array([a]), np.array([b]), frame_size=(24, 18), grid=(24, 18),
                     sigma_px=(2, 2))
        for a, b in zip(x, y, strict=True)
    ])  # fmt: skip


def dealt(count: int, seed: int) -> tuple[np.ndarray, list[str], list[str]]:
    """Labels of two classes and groups of three frames, independent of one another."""
    rng = np.random.default_rng(seed)
    side = rng.integers(0, 2, count)
    return side, ["left" if s == 0 else "right" for s in side], [str(i // 3) for i in range(count)]


def test_the_probe_tells_classes_that_gaze_gives_away() -> None:
    side, labels, groups = dealt(120, 0)
    rng = np.random.default_rng(0)
    maps = maps_at(6 + 12 * side + rng.normal(0, 1, 120), rng.uniform(4, 14, 120))
    result = leakage_probe(maps, labels, groups)
    assert result.accuracy > 0.97
    assert result.confusion.sum() == 120


def test_the_probe_tells_nothing_where_gaze_knows_nothing() -> None:
    _, labels, groups = dealt(300, 1)
    rng = np.random.default_rng(1)
    maps = maps_at(rng.uniform(0, 24, 300), rng.uniform(0, 18, 300))
    result = leakage_probe(maps, labels, groups)
    # 300 fair coins: 0.5 +- 0.029, so 0.61 would be four standard deviations.
    assert abs(result.balanced_accuracy - 0.5) < 0.11


def test_the_probe_is_not_fooled_by_maps_that_only_tell_the_patient() -> None:
    """All frames of a patient share label and map; nothing carries over to other patients."""
    rng = np.random.default_rng(2)
    side = np.repeat(rng.integers(0, 2, 60), 5)
    place = np.repeat(rng.uniform(0, 24, 60), 5), np.repeat(rng.uniform(0, 18, 60), 5)
    labels = ["left" if s == 0 else "right" for s in side]
    groups = [str(i) for i in np.repeat(np.arange(60), 5)]
    by_patient = leakage_probe(maps_at(*place), labels, groups)
    by_frame = leakage_probe(maps_at(*place), labels, [str(i) for i in range(300)])
    assert by_frame.accuracy > 0.7  # what a split by frame would have claimed
    assert by_patient.accuracy < by_frame.accuracy - 0.1


def test_the_majority_is_that_of_the_training_parts() -> None:
    maps = np.zeros((12, 6, 8), dtype=np.float32)
    labels = ["a"] * 9 + ["b"] * 3
    result = leakage_probe(maps, labels, [str(i) for i in range(12)], folds=3)
    assert result.majority == pytest.approx(0.75)
    assert result.accuracy == pytest.approx(0.75)
    assert result.balanced_accuracy == pytest.approx(0.5)


def test_the_fit_is_at_the_minimum_of_its_loss() -> None:
    """Against SciPy's own minimiser, on overlapping classes."""
    from scipy.optimize import minimize

    from export.studies.gaze_probe import _fit

    rng = np.random.default_rng(3)
    features, target = rng.normal(size=(80, 4)), rng.integers(0, 3, 80)

    def loss(flat: np.ndarray) -> float:
        weights = flat.reshape(5, 3)
        scores = features @ weights[:-1] + weights[-1]
        scores = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        fit = -scores[np.arange(80), target].mean()
        return float(fit + 0.5 * 2.0 / 80 * (weights[:-1] ** 2).sum())

    best = minimize(loss, np.zeros(15), tol=1e-12).fun
    assert loss(_fit(features, target, 3, ridge=2.0).ravel()) == pytest.approx(best, abs=1e-6)


@given(count=st.integers(2, 5), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_every_frame_is_predicted_once(count: int, seed: int) -> None:
    side, labels, groups = dealt(40, seed)
    result = leakage_probe(maps_at(6.0 + side, 9.0 + side), labels, groups, folds=count, seed=seed)
    assert result.predicted.shape == (40,)
    assert result.confusion.sum() == 40
    assert result.accuracy == pytest.approx(np.diag(result.confusion).sum() / 40)


def test_a_probe_without_enough_to_go_by_is_refused() -> None:
    maps = np.zeros((4, 3, 3), dtype=np.float32)
    with pytest.raises(GazeError, match="a probe needs at least two"):
        leakage_probe(maps, ["a"] * 4, list("1234"))
    with pytest.raises(GazeError, match="folds is 5; allowed are 2 to the 4 groups"):
        leakage_probe(maps, list("abab"), list("1234"))
    with pytest.raises(GazeError, match="4 maps, 3 labels and 4 groups"):
        leakage_probe(maps, list("aba"), list("1234"))

import numpy as np
import pytest

from benchmarks.stats.bootstrap import group_bootstrap

RIGHT = np.random.default_rng(0).random(40) < 0.8
FRAMES = np.repeat(RIGHT, 10)  # 40 patients, ten frames each, all right or all wrong


def accuracy(indices):
    return float(FRAMES[indices].mean())


def test_frames_of_one_patient_are_no_more_evidence_than_the_patient():
    patients = [f"p{i // 10}" for i in range(400)]
    by_patient = group_bootstrap(patients, accuracy)
    by_frame = group_bootstrap([str(i) for i in range(400)], accuracy)
    share = RIGHT.mean()
    expected = 2 * 1.96 * np.sqrt(share * (1 - share) / 40)
    assert by_patient.high - by_patient.low == pytest.approx(expected, rel=0.15)
    assert by_frame.high - by_frame.low == pytest.approx(expected / np.sqrt(10), rel=0.15)
    assert by_patient.value == by_frame.value == FRAMES.mean()


def test_the_same_seed_gives_the_same_interval():
    groups = [f"p{i // 10}" for i in range(400)]
    assert group_bootstrap(groups, accuracy, seed=3) == group_bootstrap(groups, accuracy, seed=3)


def test_one_patient_gives_no_interval():
    assert group_bootstrap(["p"] * 400, accuracy).low is None


def test_draws_in_which_a_class_is_missing_are_left_out():
    def recall(indices):
        mine = indices[indices < 10]
        return float(FRAMES[mine].mean()) if len(mine) else float("nan")

    found = group_bootstrap([f"p{i // 10}" for i in range(400)], recall)
    assert np.isfinite([found.low, found.high]).all()


def test_no_frames_are_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        group_bootstrap([], accuracy)

import json

import numpy as np
import pytest

from export.evaluation import (
    best_temperature,
    crossed_bootstrap,
    expected_calibration_error,
    log_evaluation,
    patient_bootstrap,
    softmax,
)


def test_calibration_error_is_the_weighted_gap_of_confidence_and_accuracy():
    # four answers at 0.8, three right: gap 0.05; six at 0.6, all right: gap 0.4
    probabilities = np.array([[0.8, 0.2]] * 4 + [[0.6, 0.4]] * 6)
    truth = np.array([0, 0, 0, 1] + [0] * 6)
    expected = 0.4 * 0.05 + 0.6 * 0.4
    assert expected_calibration_error(probabilities, truth) == pytest.approx(expected)


def test_the_best_temperature_recovers_the_one_that_was_applied():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 4)) * 2
    cumulative = softmax(logits).cumsum(axis=1)
    truth = (rng.random((4000, 1)) > cumulative).sum(axis=1)
    assert best_temperature(logits * 3, truth) == pytest.approx(3, rel=0.1)


def test_the_bootstrap_draws_whole_patients():
    # one patient has ninety right answers, nine have one wrong each: drawing frames would
    # give a narrow interval near 0.9, drawing patients a wide one
    groups = ["a"] * 90 + [f"p{i}" for i in range(9)]
    right = np.array([1.0] * 90 + [0.0] * 9)
    low, high = patient_bootstrap(lambda chosen: float(right[chosen].mean()), groups)
    assert low == 0.0
    assert high > 0.9


def test_frames_of_one_patient_are_no_more_evidence_than_the_patient():
    right = np.random.default_rng(0).random(40) < 0.8
    frames = np.repeat(right, 10)  # 40 patients, ten frames each, all right or all wrong
    width = {}
    for name, groups in (("patients", np.arange(400) // 10), ("frames", np.arange(400))):
        low, high = patient_bootstrap(lambda chosen: float(frames[chosen].mean()), groups.tolist())
        width[name] = high - low
    share = right.mean()
    expected = 2 * 1.96 * np.sqrt(share * (1 - share) / 40)
    assert width["patients"] == pytest.approx(expected, rel=0.15)
    assert width["frames"] == pytest.approx(expected / np.sqrt(10), rel=0.15)


def test_the_same_seed_draws_the_same_interval():
    values, groups = np.random.default_rng(1).random(60), [f"p{i // 3}" for i in range(60)]
    twice = [patient_bootstrap(lambda i: float(values[i].mean()), groups, seed=3) for _ in range(2)]
    assert twice[0] == twice[1]


def test_one_patient_gives_no_interval():
    assert patient_bootstrap(lambda i: 1.0, ["p"] * 40) == (None, None)


def test_draws_in_which_a_class_is_missing_are_left_out():
    values, groups = np.arange(40.0), [f"p{i // 4}" for i in range(40)]

    def mean_of_one_patient(chosen):
        mine = chosen[chosen < 4]
        return float(values[mine].mean()) if len(mine) else float("nan")

    low, high = patient_bootstrap(mean_of_one_patient, groups)
    assert (low, high) == (1.5, 1.5)
    assert patient_bootstrap(lambda i: float("nan"), groups) == (None, None)


def test_no_frames_are_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        patient_bootstrap(lambda i: 1.0, [])


def test_the_crossed_bootstrap_draws_patients_and_runs():
    rng = np.random.default_rng(0)
    runs, patients = rng.normal(size=(30, 1)), rng.normal(size=(1, 50))
    groups = np.arange(50).tolist()
    for values, deviation in (
        (runs + 0 * patients, runs.std() / np.sqrt(30)),
        (0 * runs + patients, patients.std() / np.sqrt(50)),
    ):
        low, high = crossed_bootstrap(values, groups)
        assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_the_crossed_bootstrap_of_one_run_is_that_over_patients():
    right = np.random.default_rng(2).random(90)
    groups = [f"p{i // 3}" for i in range(60)] + ["last"] * 30
    crossed = crossed_bootstrap(right[None], groups, draws=20_000)
    plain = patient_bootstrap(lambda i: float(right[i].mean()), groups, draws=20_000)
    assert crossed == pytest.approx(plain, abs=0.005)


def test_the_crossed_bootstrap_refuses_values_that_are_not_one_a_frame():
    assert crossed_bootstrap(np.ones((3, 4)), ["p"] * 4) == (None, None)
    with pytest.raises(ValueError, match=r"needed: \(runs, 3\)"):
        crossed_bootstrap(np.ones((3, 4)), ["p"] * 3)


def test_every_look_adds_one_line_and_its_repetition_none(tmp_path):
    path = tmp_path / "looks.jsonl"
    for _ in range(2):
        log_evaluation("test", "first", 0.5, path)
        log_evaluation("external", "second", 0.25, path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["part"], line["what"], line["accuracy"]) for line in lines] == [
        ("test", "first", 0.5),
        ("external", "second", 0.25),
    ]

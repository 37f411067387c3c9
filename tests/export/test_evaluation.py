import json

import numpy as np
import pytest

from export.evaluation import (
    best_temperature,
    expected_calibration_error,
    log_look,
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


def test_every_look_adds_one_line_and_its_repetition_none(tmp_path):
    path = tmp_path / "looks.jsonl"
    for _ in range(2):
        log_look("test", "first", 0.5, path)
        log_look("external", "second", 0.25, path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["part"], line["what"], line["accuracy"]) for line in lines] == [
        ("test", "first", 0.5),
        ("external", "second", 0.25),
    ]

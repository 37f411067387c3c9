import numpy as np
import pytest

from export.release.calibration import adaptive_calibration_error, calibration_report, reliability

# four answers at 0.8, three right (gap 0.05); six at 0.6, all right (gap 0.4)
PROBABILITIES = np.array([[0.8, 0.2]] * 4 + [[0.6, 0.4]] * 6)
TRUTH = np.array([0, 0, 0, 1] + [0] * 6)


def test_adaptive_bins_hold_the_same_number_of_frames():
    # two bins of five: the lower has five of 0.6, the upper one of 0.6 and four of 0.8
    expected = (5 * 0.4 + abs(0.4 + 3 * 0.2 - 0.8)) / 10
    assert adaptive_calibration_error(PROBABILITIES, TRUTH, bins=2) == pytest.approx(expected)


def test_one_frame_a_bin_is_the_mean_absolute_gap():
    assert adaptive_calibration_error(PROBABILITIES, TRUTH, bins=99) == pytest.approx(
        (3 * 0.2 + 0.8 + 6 * 0.4) / 10
    )


def test_the_reliability_curve_has_a_point_for_each_bin_that_holds_any():
    low, high = reliability(PROBABILITIES, TRUTH, bins=10)
    assert (low["frames"], high["frames"]) == (6, 4)
    assert (low["accuracy"], high["accuracy"]) == (1.0, 0.75)
    assert (low["confidence"], high["confidence"]) == pytest.approx((0.6, 0.8))


def test_the_report_gives_the_error_within_its_patient_interval():
    report = calibration_report(PROBABILITIES, TRUTH, [f"p{i}" for i in range(10)])
    low, high = report["ece_95"]
    assert low <= report["ece"] <= high
    assert report["ece"] == pytest.approx(0.4 * 0.05 + 0.6 * 0.4)

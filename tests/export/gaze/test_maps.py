"""Gaze maps: against SciPy, against hand-computed windows, and the whole way from samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.stats import multivariate_normal

from export.gaze import (
    Display,
    GazeError,
    GazeSamples,
    MapSettings,
    Placement,
    gaussian_map,
    gaze_maps,
)
from export.gaze.samples import from_points

SCREEN = Display(1000, 1000, pixel_pitch_mm=1.0001706, viewing_distance_mm=573.0)  # 10 px a degree
WHOLE = Placement(0, 0, 1000, 1000, 1000, 1000)
RAW = MapSettings(20, 20, fixations_only=False, before_us=5, after_us=5)


def at(times: list[int], x: list[float], y: list[float], valid: list[bool]) -> GazeSamples:
    return from_points(np.array(times), np.array(x), np.array(y), np.array(valid))


def test_a_map_is_scipys_normal_density_at_the_cell_centres() -> None:
    points = np.array([[30.0, 40.0], [71.5, 20.0], [200.0, -30.0]])
    weights = np.array([1.0, 2.0, 0.5])
    centres = np.stack(np.meshgrid((np.arange(24) + 0.5) * 4, (np.arange(18) + 0.5) * 5), axis=-1)
    expected = sum(
        weight * multivariate_normal.pdf(centres, point, np.diag([7.0**2, 9.0**2]))
        for point, weight in zip(points, weights, strict=True)
    )
    found = gaussian_map(
        points[:, 0], points[:, 1],
        frame_size=(96, 90), grid=(24, 18), sigma_px=(7.0, 9.0), weights=weights,
    )  # fmt: skip
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-5, atol=1e-9)


def test_a_map_in_the_middle_is_scipys_gaussian_filter_of_a_dot() -> None:
    dot = np.zeros((61, 61))
    dot[30, 30] = 1.0
    found = gaussian_map(
        np.array([30.5]), np.array([30.5]), frame_size=(61, 61), grid=(61, 61), sigma_px=(4.0, 4.0)
    )
    np.testing.assert_allclose(found, gaussian_filter(dot, 4.0, truncate=7.0), atol=1e-6)


@given(
    x=st.lists(st.floats(-50, 150), min_size=1, max_size=8),
    y=st.floats(-50, 150),
    sigma=st.floats(0.01, 100),
)
@settings(deadline=None)
def test_a_map_sums_to_one_however_far_the_points_and_however_small_sigma(
    x: list[float], y: float, sigma: float
) -> None:
    found = gaussian_map(
        np.array(x), np.full(len(x), y),
        frame_size=(100, 80), grid=(12, 9), sigma_px=(sigma, sigma),
    )  # fmt: skip
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert float(found.sum()) == pytest.approx(1.0, abs=1e-5)


def test_no_point_gives_a_map_of_zeros() -> None:
    none = np.array([])
    found = gaussian_map(none, none, frame_size=(9, 9), grid=(3, 4), sigma_px=(1, 1))
    assert found.shape == (4, 3)
    assert not found.any()


def test_the_width_of_a_map_is_the_visual_angle_on_the_display() -> None:
    """The frame is shown twice as large: half as many frame pixels a degree."""
    shown = Placement(0, 0, 1000, 1000, 500, 250)
    samples = at([0], [500.0], [500.0], [True])
    settings_ = MapSettings(500, 250, sigma_deg=2.0, fixations_only=False)
    found = gaze_maps(samples, SCREEN, shown, np.array([0]), settings_).maps[0]
    x, y = np.arange(500) + 0.5, np.arange(250) + 0.5
    spread_x = np.sqrt((found.sum(axis=0) * (x - 250) ** 2).sum())
    spread_y = np.sqrt((found.sum(axis=1) * (y - 125) ** 2).sum())
    assert spread_x == pytest.approx(10.0, rel=1e-2)  # 20 px on the display / 2
    assert spread_y == pytest.approx(5.0, rel=1e-2)  # 20 px on the display / 4


def test_a_frame_gathers_from_before_up_to_but_not_with_the_end_of_its_window() -> None:
    samples = at([90, 95, 99, 104, 105], [1.0] * 5, [1.0] * 5, [True, True, False, True, True])
    found = gaze_maps(samples, SCREEN, WHOLE, np.array([100, 300]), RAW)
    assert found.samples.tolist() == [3, 0]  # 95, 99 (lost), 104
    assert found.points.tolist() == [2, 0]
    assert found.covered.tolist() == [True, False]
    assert found.coverage == 0.5
    assert not found.maps[1].any()


def test_the_offset_is_added_to_the_gaze_clock() -> None:
    samples = at([1000], [500.0], [500.0], [True])
    later = MapSettings(20, 20, fixations_only=False, before_us=5, after_us=5, offset_us=-900)
    assert gaze_maps(samples, SCREEN, WHOLE, np.array([100]), later).coverage == 1.0
    assert gaze_maps(samples, SCREEN, WHOLE, np.array([100]), RAW).coverage == 0.0
    shifted = samples.shifted(-900)
    assert gaze_maps(shifted, SCREEN, WHOLE, np.array([100]), RAW).coverage == 1.0


def test_gaze_beside_the_frame_covers_nothing() -> None:
    beside = Placement(0, 0, 400, 400, 100, 100)
    samples = at([0, 1], [450.0, 10.0], [10.0, 450.0], [True, True])
    assert gaze_maps(samples, SCREEN, beside, np.array([0]), RAW).coverage == 0.0


def test_saccades_are_left_out_unless_asked_for() -> None:
    x = [100.0] * 20 + [300.0, 500.0, 700.0] + [900.0] * 20
    times = [10_000 * i for i in range(len(x))]
    samples = at(times, x, [500.0] * len(x), [True] * len(x))
    around = np.array([215_000])
    wide = {"before_us": 10**6, "after_us": 10**6}
    fixed = gaze_maps(samples, SCREEN, WHOLE, around, MapSettings(10, 10, **wide))
    every = gaze_maps(
        samples, SCREEN, WHOLE, around, MapSettings(10, 10, fixations_only=False, **wide)
    )
    assert fixed.points[0] == 40
    assert every.points[0] == 43
    assert fixed.maps[0, :, 5].sum() < 0.01 < every.maps[0, :, 5].sum()


def test_the_peak_of_a_map_is_where_the_gaze_was() -> None:
    samples = at([0], [725.0], [275.0], [True])
    found = gaze_maps(samples, SCREEN, WHOLE, np.array([0]), RAW).maps[0]
    assert np.unravel_index(found.argmax(), found.shape) == (5, 14)


def test_maps_of_simulated_samples_say_so() -> None:
    point = np.array([1.0])
    samples = from_points(np.array([0]), point, point, point > 0, simulated=True)
    assert gaze_maps(samples, SCREEN, WHOLE, np.array([0]), RAW).simulated


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0}, "a map of 0x18 cells"),
        ({"before_us": -1}, r"the window is -1 \+ 250000 us"),
        ({"before_us": 0, "after_us": 0}, r"the window is 0 \+ 0 us"),
    ],
)
def test_impossible_settings_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(GazeError, match=message) as caught:
        MapSettings(**arguments)
    assert caught.value.slug == "gaze-argument"


def test_points_that_are_not_finite_are_refused() -> None:
    with pytest.raises(GazeError, match="points must be finite"):
        gaussian_map(
            np.array([np.nan]), np.array([0.0]), frame_size=(9, 9), grid=(3, 3), sigma_px=(1, 1)
        )

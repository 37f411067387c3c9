"""Samples, displays and placements: hand-computed numbers, round trips, refusals."""

from math import atan, degrees, radians, tan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.gaze import Display, GazeError, Placement
from export.gaze.samples import Eye, combine_eyes, from_points

NAN = float("nan")
SIDES = st.integers(1, 5000)


def samples_at(*times_us: int) -> object:
    zeros = np.zeros(len(times_us))
    return from_points(np.array(times_us), zeros, zeros, zeros == 0)


def test_one_degree_at_620_mm_on_a_quarter_millimetre_pitch_is_43_pixels() -> None:
    # 620 * tan(1 degree) = 10.8221 mm; / 0.25 mm = 43.2886 px
    assert Display(1920, 1080, 0.25, 620.0).degrees_to_px(1.0) == pytest.approx(43.2886, abs=5e-4)


@given(angle=st.floats(0.01, 44.9), pitch=st.floats(0.05, 1.0), distance=st.floats(200, 2000))
def test_an_angle_can_be_computed_back_from_its_pixels(
    angle: float, pitch: float, distance: float
) -> None:
    pixels = Display(100, 100, pitch, distance).degrees_to_px(angle)
    assert degrees(atan(pixels * pitch / distance)) == pytest.approx(angle)


def test_a_line_of_sight_15_degrees_aside_keeps_the_stated_error() -> None:
    """One degree either side of 15 spans more of the display than straight ahead."""
    distance = 620.0
    aside = distance * (tan(radians(15.5)) - tan(radians(14.5)))
    foreshortened = aside * np.cos(radians(15.0))  # as seen at right angles to the line of sight
    assert foreshortened / (distance * tan(radians(1.0))) == pytest.approx(1.0, abs=0.04)


def test_a_letterboxed_frame_keeps_its_aspect_in_the_middle() -> None:
    placed = Placement.letterboxed(448, 336, 0, 0, 1920, 1080)
    # height decides: 1080 / 336 = 3.2143; width 448 * 3.2143 = 1440; (1920 - 1440) / 2 = 240
    assert (placed.x, placed.y) == pytest.approx((240, 0))
    assert (placed.width, placed.height) == pytest.approx((1440, 1080))


def test_display_pixels_map_to_frame_pixels() -> None:
    placed = Placement(100, 50, 800, 400, 400, 100)
    x, y, inside = placed.to_frame(np.array([100.0, 500, 899, 900, 99, NAN]), np.full(6, 250.0))
    np.testing.assert_allclose(x, [0, 200, 399.5, 400, -0.5, NAN])
    np.testing.assert_allclose(y, 50.0)
    assert inside.tolist() == [True, True, True, False, False, False]


@given(
    frame=st.tuples(SIDES, SIDES), box=st.tuples(SIDES, SIDES),
    corner=st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000)),
    share=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)  # fmt: skip
def test_frame_to_display_and_back_is_the_identity(
    frame: tuple[int, int],
    box: tuple[int, int],
    corner: tuple[float, float],
    share: tuple[float, float],
) -> None:
    placed = Placement.letterboxed(*frame, *corner, *box)
    point = np.array([share[0] * frame[0]]), np.array([share[1] * frame[1]])
    x, y, _ = placed.to_frame(*placed.to_display(*point))
    assert x[0] == pytest.approx(point[0][0], abs=1e-6 * max(frame))
    assert y[0] == pytest.approx(point[1][0], abs=1e-6 * max(frame))
    assert placed.scale[0] == pytest.approx(placed.scale[1])
    assert placed.width <= box[0] * (1 + 1e-9)
    assert placed.height <= box[1] * (1 + 1e-9)


def test_both_eyes_become_their_mean_and_one_eye_itself() -> None:
    on, off = np.array([True, True, False, False]), np.array([True, False, True, False])
    left = Eye(np.array([1.0, 2, NAN, NAN]), np.array([10.0, 20, NAN, NAN]), on)
    right = Eye(np.array([3.0, NAN, 5, NAN]), np.array([30.0, NAN, 50, NAN]), off)
    both = combine_eyes(left, right)
    np.testing.assert_array_equal(both.x, [2, 2, 5, NAN])
    np.testing.assert_array_equal(both.y, [20, 20, 50, NAN])
    assert both.valid.tolist() == [True, True, True, False]


def test_a_shift_moves_the_clock_and_nothing_else() -> None:
    moved = samples_at(0, 5, 9).shifted(-100)
    assert moved.timestamp_us.tolist() == [-100, -95, -91]


def test_samples_whose_time_stands_are_refused() -> None:
    with pytest.raises(GazeError, match="sample 2 is at 5 us, after 5 us") as caught:
        samples_at(0, 5, 5)
    assert caught.value.slug == "gaze-time"


def test_a_valid_sample_without_a_position_is_refused() -> None:
    with pytest.raises(GazeError, match="valid must be True exactly where") as caught:
        from_points(np.array([0]), np.array([NAN]), np.array([1.0]), np.array([True]))
    assert caught.value.slug == "gaze-samples"


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(
        GazeError, match=r"y_px has shape \(1,\); it must be \(2,\)|shape"
    ) as caught:
        from_points(np.array([0, 1]), np.zeros(2), np.zeros(2), np.ones(2, bool), np.zeros(1))
    assert caught.value.slug == "gaze-samples"


@pytest.mark.parametrize("value", [0.0, -1.0, NAN, float("inf")])
def test_impossible_displays_and_placements_are_refused(value: float) -> None:
    with pytest.raises(GazeError, match="viewing_distance_mm is") as caught:
        Display(1920, 1080, 0.25, value)
    assert caught.value.slug == "gaze-display"
    with pytest.raises(GazeError, match="width is") as caught:
        Placement(0, 0, value, 10, 10, 10)
    assert caught.value.slug == "gaze-placement"


@pytest.mark.parametrize("angle", [0.0, -1.0, 45.0, NAN])
def test_impossible_angles_are_refused(angle: float) -> None:
    with pytest.raises(GazeError, match="angle is") as caught:
        Display(1920, 1080, 0.25, 600).degrees_to_px(angle)
    assert caught.value.slug == "gaze-argument"

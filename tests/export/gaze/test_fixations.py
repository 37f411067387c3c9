"""The dispersion filter: worked examples, invariants, and real recordings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.data.dataset import find_data_root
from export.gaze import Display, GazeError, GazeSamples, find_fixations, fixation_mask, read_gaze
from export.gaze.samples import from_points

# 573 mm * tan(1 deg) = 10.0017 mm: one degree is 10.0 px.
SCREEN = Display(1000, 1000, pixel_pitch_mm=1.0001706, viewing_distance_mm=573.0)
NAN = float("nan")


def recording(x: list[float], step_us: int = 10_000) -> GazeSamples:
    values = np.array(x, dtype=np.float64)
    times = np.arange(len(x), dtype=np.int64) * step_us
    return from_points(times, values, np.zeros(len(x)), np.isfinite(values))


def raw(samples: GazeSamples, **options: float) -> list[tuple[int, int]]:
    found = find_fixations(samples, SCREEN, smooth_us=0, **options)
    return [(fixation.first, fixation.last) for fixation in found]


def test_two_steady_places_are_two_fixations_and_the_jump_belongs_to_none() -> None:
    samples = recording([100.0] * 15 + [130.0, 170.0] + [200.0] * 20)
    found = find_fixations(samples, SCREEN, smooth_us=0)
    assert [(f.first, f.last, f.x_px) for f in found] == [(0, 14, 100.0), (17, 36, 200.0)]
    assert found[0].duration_us == 140_000
    mask = fixation_mask(samples, found)
    assert mask.sum() == 35
    assert not mask[15:17].any()


def test_the_dispersion_limit_is_the_sum_of_both_ranges() -> None:
    x = [0.0, 4.9] * 10
    y = np.array([0.0, 5.0] * 10)
    flat = recording(x)
    tilted = from_points(flat.timestamp_us, flat.x_px, y, flat.valid)
    assert raw(tilted) == [(0, 19)]  # 4.9 + 5.0 < 10 px
    wider = from_points(flat.timestamp_us, flat.x_px + y / 25, y, flat.valid)
    assert raw(wider) == []  # 5.1 + 5.0 > 10 px


def test_a_dispersion_of_exactly_the_limit_is_within_it() -> None:
    exact = SCREEN.degrees_to_px(1.0)
    assert raw(recording([0.0] * 15 + [exact] + [0.0] * 14)) == [(0, 29)]


def test_a_gap_of_exactly_the_maximum_is_bridged() -> None:
    samples = recording([0.0] * 12 + [NAN] * 6 + [0.0] * 12)  # 70 ms from sample to sample
    assert raw(samples, max_gap_us=70_000) == [(0, 29)]
    assert raw(samples, max_gap_us=69_999) == [(0, 11), (18, 29)]


def test_a_stay_shorter_than_the_minimum_is_none() -> None:
    # Ten samples 10 ms apart last 90 ms, eleven last 100 ms.
    assert raw(recording([0.0] * 10 + [500.0])) == []
    assert raw(recording([0.0] * 11 + [500.0])) == [(0, 10)]


def test_a_slow_drift_is_cut_where_the_dispersion_runs_out() -> None:
    found = raw(recording([0.5 * i for i in range(40)]))  # 5 px in 100 ms, 10 px in 200 ms
    assert found[0] == (0, 20)
    assert found[1][0] == 21


def test_a_short_loss_of_track_does_not_end_a_fixation_and_a_long_one_does() -> None:
    short = recording([0.0] * 12 + [NAN] * 6 + [0.0] * 12)
    long = recording([0.0] * 12 + [NAN] * 7 + [0.0] * 12)
    assert raw(short) == [(0, 29)]  # 70 ms between the samples around it
    assert raw(long) == [(0, 11), (19, 30)]  # 80 ms
    assert fixation_mask(short, find_fixations(short, SCREEN)).sum() == 24


def test_the_median_bears_a_single_wild_sample() -> None:
    values = [0.0] * 20
    values[9] = 300.0
    samples = recording(values)
    assert raw(samples) != [(0, 19)]
    found = find_fixations(samples, SCREEN, smooth_us=30_000)
    assert [(f.first, f.last) for f in found] == [(0, 19)]
    assert found[0].x_px == pytest.approx(15.0)  # the centroid is of what was recorded


def test_an_empty_recording_and_one_sample_have_no_fixation() -> None:
    assert raw(recording([])) == []
    assert raw(recording([1.0])) == []


@given(
    x=st.lists(st.floats(0, 60) | st.just(NAN), max_size=120),
    limit=st.floats(0.2, 5.0),
    least=st.integers(20_000, 300_000),
)
@settings(deadline=None)
def test_fixations_are_ordered_apart_long_enough_and_within_the_limit(
    x: list[float], limit: float, least: int
) -> None:
    samples = recording(x)
    found = find_fixations(
        samples, SCREEN, smooth_us=0, dispersion_deg=limit, min_duration_us=least
    )
    allowed = SCREEN.degrees_to_px(limit) * (1 + 1e-12)
    before = -1
    for fixation in found:
        assert fixation.first > before
        before = fixation.last
        assert fixation.duration_us >= least
        part = samples.x_px[fixation.first : fixation.last + 1]
        assert np.nanmax(part) - np.nanmin(part) <= allowed


@pytest.mark.parametrize("name", ["min_duration_us", "max_gap_us", "smooth_us"])
def test_negative_limits_are_refused(name: str) -> None:
    with pytest.raises(GazeError, match=f"{name} is -1; it must be at least") as caught:
        find_fixations(recording([0.0]), SCREEN, **{name: -1})
    assert caught.value.slug == "gaze-argument"


# Found once by I2MC 2.2.8 (Hessels et al., Behav. Res. Methods 49:1802-1823, 2017), the algorithm
# that the recordings were published with: x and y of its fixations, pixels of 1920 x 1080.
I2MC = {
    "participant1_1.tsv": [(946, 486), (781, 405), (1349, 416), (1244, 373), (1290, 384),
                           (1523, 311)],
    "participant1_4.tsv": [(1141, 798), (1263, 769), (1392, 832)],
    "participant2_3.tsv": [(970, 600), (1050, 726), (1009, 790), (539, 1313), (163, 1124),
                           (643, 916), (769, 1075), (841, 1435)],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(I2MC))
def test_real_recordings_give_the_fixations_that_i2mc_finds(name: str) -> None:
    root = find_data_root()
    if root is None:
        pytest.skip("the real Tobii recordings are not here (../shared/data)")
    display = Display(1920, 1080, 0.265, 620.0)
    found = find_fixations(read_gaze(root / "gaze" / "tobii" / name, display), display)
    degree = display.degrees_to_px(1.0)
    for x, y in I2MC[name]:
        nearest = min(np.hypot(f.x_px - x, f.y_px - y) for f in found)
        # Below the display (two stays of one recording) the tracker is outside its range.
        assert nearest < (0.5 if y < 1080 else 1.0) * degree, (x, y)
    assert len(found) <= 1.5 * len(I2MC[name]) + 2

"""The simulated observer: looks where it is told, and says that it is simulated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.data.dataset import find_data_root
from export.data.phantom import LABELS, Point, phantom_cine, phantom_frame
from export.gaze import (
    Display,
    GazeError,
    MapSettings,
    Observer,
    Placement,
    find_fixations,
    fixation_mask,
    gaze_maps,
    read_gaze,
    simulate_gaze,
    write_gaze_csv,
)
from export.gaze.interest import (
    HeadEllipse,
    cine_scene,
    ellipse_circumference,
    read_hc18_ellipses,
    still,
)

SCREEN = Display(1920, 1080, 0.2665, 620.0)
SHOWN = Placement.letterboxed(448, 336, 0, 0, 1920, 1080)
PERFECT = Observer(aim_deg=0, drift_deg=0, noise_deg=0, offset_deg=0, wander=0, blinks_per_s=0,
                   dropout=0)  # fmt: skip
POINTS = [Point("a", 100.0, 100.0, 1.0), Point("b", 300.0, 200.0, 3.0)]


def on_frame(samples: object) -> tuple[np.ndarray, np.ndarray]:
    x, y, _ = SHOWN.to_frame(samples.x_px, samples.y_px)  # type: ignore[attr-defined]
    return x, y


def test_a_perfect_observer_rests_on_the_points_and_nowhere_else() -> None:
    samples = simulate_gaze(still(POINTS), SCREEN, SHOWN, duration_s=20, seed=1, observer=PERFECT)
    found = find_fixations(samples, SCREEN, smooth_us=0, dispersion_deg=0.1)
    assert len(found) > 30
    for fixation in found:
        x, y = (float(v[0]) for v in SHOWN.to_frame(np.array([fixation.x_px]),
                                                    np.array([fixation.y_px]))[:2])  # fmt: skip
        assert min(np.hypot(x - p.x, y - p.y) for p in POINTS) < 3
    x, y = on_frame(samples)
    resting = np.isclose(x, 100) & np.isclose(y, 100) | np.isclose(x, 300) & np.isclose(y, 200)
    assert resting.mean() > 0.75  # the rest are saccades on the straight line between
    np.testing.assert_allclose(y[~resting], 100 + (x[~resting] - 100) / 2, atol=1e-6)


def test_heavier_points_are_looked_at_more() -> None:
    places = [(100.0, 100.0), (300.0, 100.0), (100.0, 250.0), (300.0, 250.0)]
    weights = [4.0, 2.0, 1.0, 1.0]
    four = [Point("p", x, y, w) for (x, y), w in zip(places, weights, strict=True)]
    samples = simulate_gaze(still(four), SCREEN, SHOWN, duration_s=400, seed=1, observer=PERFECT)
    x, y = on_frame(samples)
    share = np.array([float((np.hypot(x - p.x, y - p.y) < 1).mean()) for p in four])
    # The last point is never drawn again at once. The stationary distribution of that walk has
    # weight w_i * (W - w_i): 4 * 4, 2 * 6, 1 * 7, 1 * 7 of 42.
    np.testing.assert_allclose(share / share.sum(), np.array([16, 12, 7, 7]) / 42, atol=0.03)


def test_fixations_last_as_the_model_says() -> None:
    samples = simulate_gaze(still(POINTS), SCREEN, SHOWN, duration_s=200, seed=1, observer=PERFECT)
    x, _ = on_frame(samples)
    resting = np.isclose(x, 100) | np.isclose(x, 300)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], resting, [False]]).astype(int)))
    lengths_ms = np.diff(edges)[::2] / PERFECT.rate_hz * 1e3
    assert np.median(lengths_ms) == pytest.approx(280, rel=0.12)
    assert np.log(lengths_ms).std() == pytest.approx(0.45, abs=0.08)


def test_losses_and_noise_are_as_large_as_the_model_says() -> None:
    one = [Point("a", 224.0, 168.0, 1.0)]
    noisy = replace(PERFECT, noise_deg=0.3, dropout=0.1)
    samples = simulate_gaze(still(one), SCREEN, SHOWN, duration_s=100, seed=2, observer=noisy)
    assert samples.share_valid == pytest.approx(0.9, abs=0.01)
    degree = SCREEN.degrees_to_px(1.0)
    assert np.nanstd(samples.x_px) / degree == pytest.approx(0.3, rel=0.05)
    assert np.nanstd(samples.y_px) / degree == pytest.approx(0.3, rel=0.05)
    blinking = replace(PERFECT, rate_hz=30.0, blinks_per_s=0.5, blink_ms=200.0)
    samples = simulate_gaze(still(one), SCREEN, SHOWN, duration_s=1500, seed=2, observer=blinking)
    # Blinks begin by chance, 0.5 a second, and last 200 ms * 1.1 on average: with overlaps,
    # 1 - exp(-0.5 * 0.22) = 0.104 of the time is lost.
    assert 1 - samples.share_valid == pytest.approx(0.104, abs=0.012)


def test_a_wanderer_looks_all_over_the_frame() -> None:
    samples = simulate_gaze(still(POINTS), SCREEN, SHOWN, duration_s=120, seed=3,
                            observer=replace(PERFECT, wander=1.0))  # fmt: skip
    x, y = on_frame(samples)
    counts, _, _ = np.histogram2d(x, y, bins=3, range=[[0, 448], [0, 336]])
    assert counts.min() > 0.03 * counts.sum()


def test_without_any_point_the_observer_wanders() -> None:
    samples = simulate_gaze(still([]), SCREEN, SHOWN, duration_s=5, seed=3, observer=PERFECT)
    assert np.nanstd(samples.x_px) > 100


def test_the_same_seed_gives_the_same_recording() -> None:
    runs = [simulate_gaze(still(POINTS), SCREEN, SHOWN, duration_s=2, seed=s) for s in (4, 4, 5)]
    np.testing.assert_array_equal(runs[0].x_px, runs[1].x_px)
    assert not np.array_equal(runs[0].x_px, runs[2].x_px)


def test_simulated_gaze_says_so_also_after_it_was_written_and_read(tmp_path: Path) -> None:
    samples = simulate_gaze(still(POINTS), SCREEN, SHOWN, duration_s=1, seed=0, start_us=77)
    assert samples.simulated
    write_gaze_csv(samples, tmp_path / "gaze.csv")
    again = read_gaze(tmp_path / "gaze.csv", SCREEN)
    assert again.simulated
    assert again.timestamp_us[0] == 77


@pytest.mark.parametrize("label", LABELS)
def test_maps_of_a_phantom_lie_on_its_points_of_interest(label: str) -> None:
    hits = []
    for seed in range(6):
        frame = phantom_frame(label, seed)
        samples = simulate_gaze(still(frame.truth.points), SCREEN, SHOWN, duration_s=3, seed=seed)
        window = MapSettings(48, 36, before_us=0, after_us=3_000_000)
        found = gaze_maps(samples, SCREEN, SHOWN, np.array([0]), window)
        assert found.simulated
        assert found.coverage == 1.0
        y, x = np.mgrid[:36, :48]
        x, y = (x + 0.5) * 448 / 48, (y + 0.5) * 336 / 36
        near = np.zeros((36, 48), dtype=bool)
        for point in frame.truth.points:
            near |= np.hypot(x - point.x, y - point.y) < 35
        hits.append((found.maps[0][near].sum(), near.mean()))
    gained = np.mean([inside for inside, _ in hits])
    by_chance = np.mean([area for _, area in hits])
    assert gained > 0.5
    assert gained > 2.0 * by_chance


def test_gaze_follows_a_moving_phantom() -> None:
    frames = list(phantom_cine("femur", 4, frames=36, height=96, width=128))
    scene = cine_scene(frames)
    assert scene(0.0) == frames[0].truth.points
    assert scene(1.0) == frames[30].truth.points
    assert scene(0.999) == frames[29].truth.points
    assert scene(99.0) == frames[-1].truth.points


@given(
    points=st.lists(st.builds(Point, st.just("p"), st.floats(0, 448), st.floats(0, 336),
                              st.floats(0.1, 9)), max_size=4),
    seed=st.integers(0, 2**31), duration=st.floats(0.001, 3.0),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_any_points_give_a_recording_the_whole_pipeline_takes(
    points: list[Point], seed: int, duration: float
) -> None:
    samples = simulate_gaze(still(points), SCREEN, SHOWN, duration_s=duration, seed=seed)
    assert len(samples) == max(1, round(duration * 120))
    mask = fixation_mask(samples, find_fixations(samples, SCREEN))
    assert not (mask & ~samples.valid).any()


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(GazeError, match="duration_s is 0 and seed 0"):
        simulate_gaze(still(POINTS), SCREEN, SHOWN, duration_s=0, seed=0)
    with pytest.raises(GazeError, match=r"wander is 1\.5; allowed 0 to 1"):
        Observer(wander=1.5)
    with pytest.raises(GazeError, match="rate_hz is 0; must be > 0"):
        Observer(rate_hz=0)
    with pytest.raises(GazeError, match=r"weights are .* must be above 0"):
        simulate_gaze(still([Point("p", 1, 1, 0.0)]), SCREEN, SHOWN, duration_s=5, seed=0)


def test_the_ends_of_a_head_ellipse_are_where_its_axes_end() -> None:
    ellipse = HeadEllipse(0.5, 0.5, 0.4, 0.2, 90.0, 800, 400)
    points = {p.name: (p.x, p.y) for p in ellipse.points(400, 200)}
    # axis1 is 320 px of the original, upright: 80 px either way of the centre at half size.
    assert points["midline"] == pytest.approx((200, 100))
    assert points["axis1_a"] == pytest.approx((200, 20))
    assert points["axis1_b"] == pytest.approx((200, 180))
    assert points["axis2_a"] == pytest.approx((240, 100))
    assert points["axis2_b"] == pytest.approx((160, 100))


def test_ellipse_circumference_of_a_circle_and_of_a_known_ellipse() -> None:
    assert ellipse_circumference(2.0, 2.0) == pytest.approx(2 * np.pi)
    around = np.linspace(0, 2 * np.pi, 200_001)
    steps = np.hypot(np.diff(5 * np.cos(around)), np.diff(3 * np.sin(around)))
    assert ellipse_circumference(10.0, 6.0) == pytest.approx(steps.sum(), rel=1e-6)


HC18 = (
    "id,cx,cy,axis1,axis2,angle_deg,original_width,original_height,pixel_mm,head_circumference_mm\n"
)


def test_hc18_axes_are_scaled_to_the_published_circumference(tmp_path: Path) -> None:
    path = tmp_path / "ellipses.csv"
    path.write_text(HC18 + f"a,0.5,0.5,0.25,0.25,0,800,540,0.1,{np.pi * 30}\n")
    ellipse = read_hc18_ellipses(path)["a"]  # 20 mm across in the table, 30 by circumference
    assert ellipse.axis1 * 800 * 0.1 == pytest.approx(30.0)


def test_a_bad_ellipse_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ellipses.csv"
    path.write_text(HC18 + "a,0.5,0.5,wide,0.25,0,800,540,0.1,94\n")
    with pytest.raises(GazeError, match=r"ellipses\.csv, line 2: .*wide") as caught:
        read_hc18_ellipses(path)
    assert caught.value.slug == "gaze-number"
    with pytest.raises(GazeError, match="cannot be read"):
        read_hc18_ellipses(tmp_path / "none.csv")


def test_real_head_ellipses_lie_on_the_skull() -> None:
    root = find_data_root()
    if root is None or not (root / "hc18_ellipses.csv").is_file():
        pytest.skip("the real HC18 ellipses are not here (../shared/data)")
    cv2 = pytest.importorskip("cv2")
    ellipses = read_hc18_ellipses(root / "hc18_ellipses.csv")
    gains = []
    for name in list(ellipses)[::50]:
        pixels = cv2.imread(str(root / "hc18" / f"{name}.jpg"), 0).astype(float)
        height, width = pixels.shape
        means = {}
        for scale in (0.82, 1.0):
            e, mask = ellipses[name], np.zeros((height, width), np.uint8)
            box = ((e.cx * width, e.cy * height),
                   (e.axis1 * width * scale, e.axis2 * width * scale), e.angle_deg)  # fmt: skip
            cv2.ellipse(mask, box, 1, 3)
            means[scale] = pixels[mask > 0].mean()
        gains.append(means[1.0] / means[0.82])
    assert np.median(gains) > 1.8

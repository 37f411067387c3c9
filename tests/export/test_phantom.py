"""The synthetic frames: deterministic, physically what they claim, drawn where the truth says."""

import json
from math import atan2, cos, degrees, hypot, radians, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.data.phantom import (
    LABELS,
    Ellipse,
    Line,
    PhantomError,
    PhantomTruth,
    phantom_cine,
    phantom_frame,
)
from export.data.phantom.beam import Machine, Tissue, echo_levels
from export.data.phantom.field import DEPTHS, Fan, Field
from export.data.phantom.shapes import Blob, Pose

FAN = Fan(r_min_mm=50.0, r_max_mm=160.0, half_angle_rad=0.6)
PLAIN = Machine(
    axial=1.2, lateral=1.6, dynamic_range_db=300.0, gain_db=0.0, noise_db=-250.0,
    depth_gain_db=np.zeros((DEPTHS, 1), dtype=np.float32),
)  # fmt: skip


def even_tissue() -> Tissue:
    tissue = Tissue(np.random.default_rng(1))
    tissue.uneven[:] = 1.0
    return tissue


def level_db(field: Field) -> np.ndarray:
    """Undo the compression of ``PLAIN``."""
    levels = echo_levels(field, Pose(0.0, 100.0), even_tissue(), PLAIN, 0)
    return (levels.astype(np.float64) - 0.45) * 300.0


def sample(pixels: np.ndarray, x: float, y: float) -> float:
    column, row = int(x), int(y)
    if not (1 <= row < pixels.shape[0] - 1 and 1 <= column < pixels.shape[1] - 1):
        return float("nan")
    return float(pixels[row - 1 : row + 2, column - 1 : column + 2].mean())


@pytest.mark.parametrize("label", LABELS)
def test_the_same_seed_gives_the_same_frame_and_another_seed_another(label: str) -> None:
    first, again, other = (phantom_frame(label, seed) for seed in (5, 5, 6))
    assert np.array_equal(first.pixels, again.pixels)
    assert first.truth == again.truth
    assert not np.array_equal(first.pixels, other.pixels)


def test_the_same_seed_gives_another_frame_for_another_label() -> None:
    frames = [phantom_frame(label, 5).pixels for label in LABELS]
    assert len({frame.tobytes() for frame in frames}) == len(LABELS)


def test_numpys_global_random_state_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    phantom_frame("head", 0)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(("height", "width"), [(32, 32), (144, 192), (97, 451), (720, 960)])
def test_frames_are_uint8_grey_of_the_size_asked_for(height: int, width: int) -> None:
    frame = phantom_frame("abdomen", 3, height, width)
    assert frame.pixels.shape == (height, width)
    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.max() > 100


@pytest.mark.parametrize("label", LABELS)
def test_pixels_outside_the_sector_are_black_and_inside_is_an_image(label: str) -> None:
    for seed in range(4):
        frame = phantom_frame(label, seed)
        s = frame.truth.sector
        rows, columns = np.mgrid[: frame.pixels.shape[0], : frame.pixels.shape[1]] + 0.5
        dx, dy = columns - s.cx, rows - s.cy
        radius, angle = np.hypot(dx, dy), np.degrees(np.arctan2(dx, dy))
        inside = (radius > s.r_min) & (radius < s.r_max) & (np.abs(angle) < s.angle_max_deg)
        edge = 1.5  # the rim itself may round either way
        far = (radius < s.r_min - edge) | (radius > s.r_max + edge)
        far |= np.abs(angle) > s.angle_max_deg + np.degrees(edge / radius)
        assert frame.pixels[far].max(initial=0) == 0
        assert frame.pixels[inside].std() > 10


def test_uniform_tissue_has_the_signal_to_noise_ratio_of_rayleigh_speckle() -> None:
    envelope = 10.0 ** (level_db(Field(FAN, echo=1.0)) / 20.0)
    # A Rayleigh variable: mean / std = sqrt(pi / (4 - pi)) = 1.913 (Wagner et al., 1983).
    assert envelope.mean() / envelope.std() == pytest.approx(1.913, abs=0.06)
    assert np.mean(envelope**2) == pytest.approx(1.0, abs=0.1)


def test_speckle_is_correlated_over_its_grain_and_not_beyond() -> None:
    envelope = 10.0 ** (level_db(Field(FAN, echo=1.0)) / 20.0)
    centred = envelope - envelope.mean()

    def correlation(beams: int) -> float:
        product = centred[:, beams:] * centred[:, : centred.shape[1] - beams]
        return float(product.mean() / centred.var())

    assert correlation(1) > 0.6
    assert abs(correlation(12)) < 0.06


def test_what_lies_behind_an_absorber_is_darker_by_its_loss() -> None:
    clear, shaded = Field(FAN, echo=1.0), Field(FAN, echo=1.0)
    Blob(0.0, 90.0, 200.0, 5.0, loss=1.0, soft=0.5).paint(shaded)  # 10 mm thick, 1 dB a mm
    middle = slice(80, 96)
    drop = level_db(clear)[:, middle] - level_db(shaded)[:, middle]
    depth = np.linspace(FAN.r_min_mm, FAN.r_max_mm, DEPTHS)
    assert np.abs(drop[depth < 80]).max() < 0.05
    assert np.median(drop[depth > 100]) == pytest.approx(10.0, abs=0.4)


def test_the_skull_is_drawn_where_the_truth_puts_it() -> None:
    contrasts = []
    for seed in range(12):
        frame = phantom_frame("head", seed)
        skull = frame.truth.structures["head"]
        assert isinstance(skull, Ellipse)
        values: dict[float, list[float]] = {0.8: [], 1.0: [], 1.25: []}
        for around in np.linspace(0, 2 * np.pi, 120):
            for scale in values:
                u = 0.5 * scale * skull.axis1 * cos(around)
                v = 0.5 * scale * skull.axis2 * sin(around)
                turn = radians(skull.angle_deg)
                x = skull.cx + u * cos(turn) - v * sin(turn)
                y = skull.cy + u * sin(turn) + v * cos(turn)
                values[scale].append(sample(frame.pixels, x, y))
        on, inside, outside = (np.nanmean(values[k]) for k in (1.0, 0.8, 1.25))
        contrasts.append((on > 1.3 * inside, on > 1.1 * outside))
    assert np.mean([first for first, _ in contrasts]) > 0.9
    assert np.mean([second for _, second in contrasts]) > 0.7


def test_the_femur_is_bright_between_its_ends_and_shadows_what_lies_behind() -> None:
    for seed in range(12):
        frame = phantom_frame("femur", seed)
        bone = frame.truth.structures["femur"]
        assert isinstance(bone, Line)
        apex = frame.truth.sector
        on, behind = [], []
        shaft = next(point for point in frame.truth.points if point.name == "shaft")
        bow_x, bow_y = shaft.x - (bone.x1 + bone.x2) / 2, shaft.y - (bone.y1 + bone.y2) / 2
        for share in np.linspace(0.15, 0.85, 40):
            bend = 1 - (2 * share - 1) ** 2
            x = bone.x1 + share * (bone.x2 - bone.x1) + bend * bow_x
            y = bone.y1 + share * (bone.y2 - bone.y1) + bend * bow_y
            on.append(sample(frame.pixels, x, y))
            along = hypot(x - apex.cx, y - apex.cy)
            deeper = 1 + 25 / along
            deep_x, deep_y = apex.cx + (x - apex.cx) * deeper, apex.cy + (y - apex.cy) * deeper
            behind.append(sample(frame.pixels, deep_x, deep_y))
        assert np.nanmean(on) > 1.8 * np.nanmean(behind) + 15, seed


@given(label=st.sampled_from(LABELS), seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_every_point_of_interest_lies_in_the_frame_and_in_the_sector(label: str, seed: int) -> None:
    frame = phantom_frame(label, seed, 96, 128)
    s = frame.truth.sector
    assert frame.truth.points
    for point in frame.truth.points:
        assert 0 <= point.x < 128
        assert 0 <= point.y < 96
        assert point.weight > 0
        assert s.r_min <= hypot(point.x - s.cx, point.y - s.cy) <= s.r_max
        assert abs(degrees(atan2(point.x - s.cx, point.y - s.cy))) <= s.angle_max_deg + 1e-9


@given(label=st.sampled_from(LABELS), seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_truth_survives_json(label: str, seed: int) -> None:
    truth = phantom_frame(label, seed, 64, 64).truth
    assert PhantomTruth.from_dict(json.loads(json.dumps(truth.to_dict()))) == truth


def test_truth_scales_with_the_frame() -> None:
    small, large = phantom_frame("head", 4, 168, 224), phantom_frame("head", 4, 336, 448)
    half, whole = small.truth.structures["head"], large.truth.structures["head"]
    assert isinstance(half, Ellipse)
    assert isinstance(whole, Ellipse)
    assert half.axis1 * 2 == pytest.approx(whole.axis1)
    assert half.cx * 2 == pytest.approx(whole.cx)
    assert small.truth.pixel_size_mm == pytest.approx(2 * large.truth.pixel_size_mm)


def test_the_structure_of_the_label_is_in_the_truth_under_its_name() -> None:
    kinds = {"head": Ellipse, "abdomen": Ellipse, "femur": Line}
    for label, kind in kinds.items():
        assert isinstance(phantom_frame(label, 1).truth.structures[label], kind)
    assert not set(kinds) & set(phantom_frame("background", 1).truth.structures)


def test_a_single_frame_is_the_first_of_its_cine() -> None:
    first = next(phantom_cine("femur", 9, frames=3))
    assert np.array_equal(first.pixels, phantom_frame("femur", 9).pixels)


def test_timestamps_of_a_cine_follow_its_rate() -> None:
    stamps = [frame.timestamp_us for frame in phantom_cine("head", 2, 4, fps=25, height=32)]
    assert stamps == [0, 40_000, 80_000, 120_000]


def test_speckle_moves_with_the_tissue() -> None:
    frames = list(phantom_cine("abdomen", 3, frames=46))
    first, last = frames[0], min(frames[5:], key=lambda f: abs(_moved(frames[0], f) - 6.0))
    before, after = first.truth.structures["abdomen"], last.truth.structures["abdomen"]
    assert isinstance(before, Ellipse)
    assert isinstance(after, Ellipse)
    shift_x, shift_y = round(after.cx - before.cx), round(after.cy - before.cy)
    assert hypot(shift_x, shift_y) >= 4
    row, column = int(before.cy), int(before.cx)
    patch = first.pixels[row - 20 : row + 20, column - 20 : column + 20].astype(float)

    def match(dx: int, dy: int) -> float:
        r, c = row + dy, column + dx
        other = last.pixels[r - 20 : r + 20, c - 20 : c + 20].astype(float)
        return float(np.corrcoef(patch.ravel(), other.ravel())[0, 1])

    assert match(shift_x, shift_y) > match(0, 0) + 0.1


def _moved(a: object, b: object) -> float:
    one, two = a.truth.structures["abdomen"], b.truth.structures["abdomen"]  # type: ignore[attr-defined]
    return hypot(two.cx - one.cx, two.cy - one.cy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"label": "thorax"}, "label is 'thorax'; it must be one of head, abdomen, femur"),
        ({"seed": -1}, "seed is -1; it must be at least 0"),
        ({"frames": 0}, "frames is 0; it must be at least 1"),
        ({"fps": 0.0}, "fps is 0.0; it must be finite and above 0"),
        ({"fps": float("nan")}, "fps is nan"),
        ({"height": 31}, "height is 31; it must be at least 32 pixels"),
        ({"width": 0}, "width is 0; it must be at least 32 pixels"),
    ],
)
def test_an_impossible_argument_is_refused_at_the_call(arguments: dict, message: str) -> None:
    good = {"label": "head", "seed": 0, "frames": 1}
    with pytest.raises(PhantomError, match=message) as caught:
        phantom_cine(**(good | arguments))
    assert caught.value.slug == "phantom-argument"

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from export.data import augment
from export.data.augment import random_view
from export.data.phantom import phantom_frame
from export.recipe.settings import AugmentConfig

STILL = AugmentConfig(
    scale_min=1.0,
    scale_max=1.0,
    aspect=0.0,
    rotation_deg=0.0,
    shift=0.0,
    p_flip=0.0,
    gamma=0.0,
    gain=0.0,
    depth_gain=0.0,
    speckle=0.0,
    blur_sigma_px=0.0,
    p_sector=0.0,
    p_text=0.0,
    p_mask=0.0,
    p_shadow=0.0,
    p_recode=0.0,
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(16, 200), st.integers(16, 200), st.booleans())
def test_a_view_has_the_asked_size_and_depends_on_its_seed_alone(seed, height, width, letterbox):
    frame = np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)
    views = [
        random_view(frame, np.random.default_rng(seed), AugmentConfig(), (96, 72), letterbox).pixels
        for _ in range(2)
    ]
    assert views[0].shape == (72, 96)
    assert views[0].dtype == np.uint8
    assert np.array_equal(views[0], views[1])


def test_a_view_never_changes_the_frame_it_is_drawn_from():
    frame = phantom_frame("head", seed=1, height=96, width=128).pixels
    before = frame.copy()
    for seed in range(30):
        random_view(frame, np.random.default_rng(seed), AugmentConfig(), (96, 72), True)
    assert np.array_equal(frame, before)


def test_without_jitter_a_stretched_view_is_the_resized_frame():
    frame = phantom_frame("head", seed=1, height=144, width=192).pixels
    view = random_view(frame, np.random.default_rng(0), STILL, (192, 144), False).pixels
    assert np.abs(view[2:-2, 2:-2].astype(int) - frame[2:-2, 2:-2]).max() <= 8


def test_without_jitter_a_letterboxed_square_keeps_its_shape_and_its_bars_are_black():
    square = np.full((100, 100), 200, np.uint8)
    rng = np.random.default_rng(1)
    view = random_view(square, rng, STILL, (200, 100), True).pixels
    inside = view[:, 55:145]
    assert inside.min() > 150
    assert view[:, :45].max() < 60 or cv2.countNonZero(view[:, :45]) == view[:, :45].size


GEOMETRY_ONLY = structs.replace(
    STILL, scale_min=0.7, scale_max=1.5, aspect=0.3, rotation_deg=30.0, shift=0.1, p_flip=0.5
)


@pytest.mark.parametrize("letterbox", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_the_matrix_of_a_view_says_where_a_point_of_the_frame_went(seed, letterbox):
    frame = np.zeros((180, 240), np.uint8)
    frame[70:77, 130:137] = 255  # centre (133.5, 73.5)
    view, matrix = random_view(
        frame, np.random.default_rng(seed), GEOMETRY_ONLY, (192, 144), letterbox
    )
    rows, columns = np.nonzero(view > 100)
    seen = ((columns.mean() + 0.5) / 192, (rows.mean() + 0.5) / 144)
    assert matrix @ [133.5 / 240, 73.5 / 180, 1] == pytest.approx(seen, abs=0.004)


@pytest.mark.parametrize("seed", range(6))
def test_the_matrix_follows_a_point_through_a_crop_too(seed):
    frame = np.zeros((180, 260), np.uint8)
    frame[86:93, 126:133] = 255  # centre (129.5, 89.5): no crop to these aspects loses it
    cropped = structs.replace(GEOMETRY_ONLY, p_crop=1.0, crop_aspect_min=1.0, crop_aspect_max=1.7)
    view, matrix = random_view(frame, np.random.default_rng(seed), cropped, (192, 144), True)
    rows, columns = np.nonzero(view > 100)
    if len(rows):
        seen = ((columns.mean() + 0.5) / 192, (rows.mean() + 0.5) / 144)
        assert matrix @ [129.5 / 260, 89.5 / 180, 1] == pytest.approx(seen, abs=0.006)


@pytest.mark.parametrize("size", [(90, 90), (90, 150), (150, 90)])
def test_a_crop_has_an_aspect_within_its_range_and_is_as_large_as_it_can_be(size):
    frame = np.full(size, 255, np.uint8)
    only = structs.replace(STILL, p_crop=1.0, crop_aspect_min=0.8, crop_aspect_max=1.6)
    aspects = []
    for seed in range(60):
        view, matrix = random_view(frame, np.random.default_rng(seed), only, (160, 160), True)
        rows, columns = np.flatnonzero(view.max(1) > 127), np.flatnonzero(view.max(0) > 127)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        if min(height, width) == 160:
            continue  # the view's edges are filled by reflection
        assert max(height, width) >= 157  # letterboxed: the crop fills one side
        aspects.append(width / height)
        # where the whole frame would reach: one side was not cut
        whole = np.abs(np.diag(matrix[:, :2])) * 160
        assert min(abs(whole[0] - width), abs(whole[1] - height)) < 4
    assert 0.78 < min(aspects) < 0.95
    assert 1.4 < max(aspects) < 1.63


def test_a_border_covers_edges_with_one_level_and_leaves_the_middle():
    frame = phantom_frame("head", seed=1, height=144, width=192).pixels
    framed = structs.replace(STILL, p_border=1.0)
    plain = random_view(frame, np.random.default_rng(0), STILL, (192, 144), False).pixels
    for seed in range(10):
        view = random_view(frame, np.random.default_rng(seed), framed, (192, 144), False).pixels
        assert np.abs(view[20:-20, 24:-24].astype(int) - plain[20:-20, 24:-24]).max() <= 60
    drawn = [
        random_view(frame, np.random.default_rng(s), framed, (192, 144), False).pixels[72, 0]
        for s in range(10)
    ]
    assert len(set(drawn)) > 3


def test_what_a_recipe_leaves_out_draws_nothing_at_random(monkeypatch):
    """Banks that were drawn before there were crops and borders stay the same, bit by bit."""
    recoded = []
    monkeypatch.setattr(augment, "_recode", lambda frame, rng: recoded.append(1) or frame)
    frame = phantom_frame("femur", seed=3, height=96, width=128).pixels
    first = np.random.default_rng(11).random()  # decides on recoding, as it always did
    for share, times in ((first + 1e-9, 1), (first - 1e-9, 0)):
        recoded.clear()
        config = structs.replace(AugmentConfig(), p_recode=share)
        random_view(frame, np.random.default_rng(11), config, (96, 72), True)
        assert len(recoded) == times

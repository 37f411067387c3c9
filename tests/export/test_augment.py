import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

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

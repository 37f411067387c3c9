"""Painting over: what is masked goes, the rest stays; shapes where they were said to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.data.alteration import Alteration, covered, has_room_beside, largest_beside
from export.data.fills import FILLS, HELD_BACK, painted
from export.data.phantom import phantom_frame
from export.data.phantom.structures import annotation_of
from export.data.shapes import Ellipse, Line
from export.recipe.settings import ErasingConfig

BONE = Line(0.2, 0.3, 0.8, 0.4, 0.03)
BODY = Ellipse(0.5, 0.35, 0.5, 0.4, 20.0)


def test_an_ellipse_covers_what_its_equation_says():
    height, width = 150, 200
    y, x = (np.mgrid[:height, :width] + 0.5) / width
    turn = np.deg2rad(BODY.angle_deg)
    u = (x - BODY.cx) * np.cos(turn) + (y - BODY.cy) * np.sin(turn)
    v = (y - BODY.cy) * np.cos(turn) - (x - BODY.cx) * np.sin(turn)
    inside = (2 * u / BODY.axis1) ** 2 + (2 * v / BODY.axis2) ** 2 < 1
    assert (BODY.mask(height, width) != inside).mean() < 0.01


def test_a_line_covers_what_lies_within_half_its_width():
    height, width = 150, 200
    y, x = (np.mgrid[:height, :width] + 0.5) / width
    along = np.array([BONE.x2 - BONE.x1, BONE.y2 - BONE.y1])
    share = ((x - BONE.x1) * along[0] + (y - BONE.y1) * along[1]) / BONE.length**2
    across = np.abs((y - BONE.y1) * along[0] - (x - BONE.x1) * along[1]) / BONE.length
    inside = (share > 0) & (share < 1) & (across < BONE.width / 2)
    assert (BONE.mask(height, width) != inside).mean() < 0.01


@pytest.mark.parametrize("shape", [BONE, BODY])
def test_a_margin_widens_and_a_move_moves_a_shape(shape):
    plain, wide = shape.mask(150, 200), shape.mask(150, 200, 0.02)
    assert (plain <= wide).all()
    assert wide.sum() > plain.sum()
    moved = shape.moved(0.05, -0.1).mask(150, 200)
    assert (np.roll(plain, (-20, 10), (0, 1)) != moved).mean() < 0.005


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(FILLS)), st.integers(0, 999), st.booleans())
def test_a_fill_changes_what_is_masked_and_nothing_far_from_it(fill, seed, bone):
    frame = phantom_frame("femur", seed=1, height=96, width=128).pixels
    rng = np.random.default_rng(seed)
    shape = (BONE if bone else BODY).moved(float(rng.uniform(-0.3, 0.3)), 0.0)
    mask = shape.mask(96, 128)
    before = frame.copy()
    filled = painted(frame, mask, fill, rng)
    assert filled.dtype == np.uint8
    assert np.array_equal(frame, before)
    near = np.zeros_like(mask)
    ys, xs = np.nonzero(mask)
    if len(ys):
        near[max(0, ys.min() - 9) : ys.max() + 10, max(0, xs.min() - 9) : xs.max() + 10] = True
    assert np.array_equal(filled[~near], frame[~near])


@pytest.mark.parametrize("fill", sorted(FILLS))
def test_a_bright_bone_is_gone_after_any_fill(fill):
    frame = np.full((120, 160), 60, np.uint8)
    frame[BONE.mask(120, 160)] = 250
    filled = Alteration("erased", (BONE,), (fill,)).apply(frame, np.random.default_rng(0))
    assert filled[BONE.mask(120, 160)].mean() < 110
    assert np.percentile(filled[BONE.mask(120, 160)], 75) < 140


def test_the_held_back_fill_is_no_recipes_unless_it_says_so():
    assert HELD_BACK in FILLS
    assert HELD_BACK not in ErasingConfig(("femur",)).fills
    assert set(ErasingConfig(("femur",)).fills) == set(FILLS) - {HELD_BACK}


def test_paint_elsewhere_leaves_the_structure_alone_and_varies():
    frame = np.full((120, 160), 100, np.uint8)
    row = Alteration("elsewhere", (BONE,), ("speckle",), (BONE.moved(0.1, 0.1),))
    own = covered((BONE,), frame, 0.0)
    places = set()
    for seed in range(12):
        changed = row.apply(frame, np.random.default_rng(seed)) != frame
        assert not changed[own].any() or (changed & own).mean() < 0.002  # the soft edge
        places.add(tuple(np.argwhere(changed).mean(0).round().tolist()))
    assert len(places) > 8


def test_paint_elsewhere_that_finds_no_place_changes_nothing():
    black = np.zeros((60, 80), np.uint8)
    row = Alteration("elsewhere", (), ("blur",), (BODY,))
    assert np.array_equal(row.apply(black, np.random.default_rng(0)), black)


def test_a_crop_beside_holds_nothing_of_the_structure():
    frame = np.full((120, 160), 50, np.uint8)
    low = Line(0.1, 0.1, 0.9, 0.1, 0.03)
    frame[low.mask(120, 160)] = 255
    crop = Alteration("beside", (low,), ("blur",)).apply(frame, np.random.default_rng(0))
    assert crop.max() == 50
    assert crop.shape[0] > 80
    assert crop.shape[1] == 160
    assert has_room_beside((low,), 120, 160)
    assert not has_room_beside((Ellipse(0.5, 0.4, 0.9, 0.75, 0),), 120, 160)


def test_the_largest_strip_of_an_empty_mask_is_the_frame():
    assert largest_beside(np.zeros((5, 7), bool)) == (0, 5, 0, 7)


@pytest.mark.parametrize("label", ["head", "abdomen", "femur"])
def test_the_phantoms_annotation_lies_on_what_it_drew(label):
    """Erasing it takes the brightest reflections of a head or a femur away."""
    for seed in range(3):
        frame = phantom_frame(label, seed=seed, height=168, width=224)
        found = annotation_of(frame, "x")
        assert found is not None
        assert found.structure == label
        mask = found.mask(168, 224, 0.025)
        assert 0.005 < mask.mean() < 0.8
        if label == "femur":
            assert frame.pixels[mask].mean() > frame.pixels[~mask].mean() + 15
    assert annotation_of(phantom_frame("background", 1, 64, 64), "x") is None


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 90), st.integers(8, 120), st.integers(0, 9999))
def test_a_shuffled_frame_has_the_pixels_of_its_tiles_in_other_places(height, width, seed):
    frame = np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)
    shuffled = Alteration("shuffled").apply(frame, np.random.default_rng(seed))
    rows, columns = np.random.default_rng(seed).integers(4, 8, 2, endpoint=True)
    tall, wide = height // rows, width // columns
    assert shuffled.shape == (rows * tall, columns * wide)
    tiles = [
        sorted(whole[y : y + tall, x : x + wide].tobytes()
               for y in range(0, rows * tall, tall) for x in range(0, columns * wide, wide))
        for whole in (frame, shuffled)
    ]  # fmt: skip
    assert tiles[0] == tiles[1]
    assert not np.array_equal(shuffled, frame[: rows * tall, : columns * wide])


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 90), st.integers(8, 120), st.integers(0, 9999))
def test_a_drawing_has_the_frames_size_follows_the_seed_and_nothing_of_the_frame(
    height, width, seed
):
    noise = np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)
    drawn = [
        Alteration("drawn").apply(frame, np.random.default_rng(seed))
        for frame in (noise, np.zeros_like(noise))
    ]
    assert drawn[0].dtype == np.uint8
    assert drawn[0].shape == (height, width)
    assert np.array_equal(*drawn)

"""A video's region is held while its layout holds, and found again when it changes."""

from __future__ import annotations

import numpy as np

import sdk
from sdk.preprocess import Preprocessing
from sdk.region_tracker import RegionTracker
from tests.sdk.test_region import RECTANGLE, SECTOR, _inside, _overlap, _screen, _speckle

TRUE_SECTOR, TRUE_RECTANGLE = sdk.Region.sector(*SECTOR), sdk.Region.rectangle(*RECTANGLE)


def _video(truth: sdk.Region, count: int) -> list[sdk.Frame]:
    """Tissue that moves under one layout, and a clock that runs."""
    mask, tissue, base = _inside(truth), _speckle(5), _screen(truth)
    frames = []
    for i in range(count):
        screen = base.copy()
        screen[mask] = np.roll(tissue, 3 * i, (0, 1))[mask]
        screen[690:710, 1180 : 1200 + i % 60] = 220
        frames.append(sdk.Frame.from_array(screen))
    return frames


def test_the_layout_holds_while_the_tissue_moves() -> None:
    tracker = RegionTracker()
    regions = [tracker.update(frame) for frame in _video(TRUE_SECTOR, 60)]
    assert tracker.searches == 2
    assert len(set(regions)) <= 2
    assert len(set(regions[22:])) == 1
    assert _overlap(regions[-1], TRUE_SECTOR)[0] > 0.97


def test_another_layout_is_found_within_six_frames() -> None:
    tracker = RegionTracker()
    for frame in _video(TRUE_SECTOR, 40):
        tracker.update(frame)
    regions = [tracker.update(frame) for frame in _video(TRUE_RECTANGLE, 10)]
    assert regions[0].kind == "sector"
    assert [_overlap(region, TRUE_RECTANGLE)[0] > 0.97 for region in regions[6:]] == [True] * 4


def test_another_frame_size_begins_anew_at_once() -> None:
    tracker = RegionTracker()
    tracker.update(_video(TRUE_SECTOR, 1)[0])
    speckle = np.ascontiguousarray(_speckle(2).astype(np.uint8)[:300, :400])
    assert tracker.update(sdk.Frame.from_array(speckle)).numbers == (0, 0, 400, 300)
    assert tracker.searches == 2


def test_a_screen_without_an_image_has_no_region_until_one_appears() -> None:
    tracker = RegionTracker()
    empty = sdk.Frame.from_array(_screen())
    assert [tracker.update(empty) for _ in range(30)] == [None] * 30
    regions = [tracker.update(frame) for frame in _video(TRUE_SECTOR, 8)]
    assert regions[-1] is not None


def test_the_region_is_searched_again_after_900_frames() -> None:
    tracker = RegionTracker()
    frame = _video(TRUE_SECTOR, 1)[0]
    for _ in range(901):
        tracker.update(frame)
    assert tracker.searches == 3


def test_cells_that_moved_are_counted_where_a_level_was_kept() -> None:
    rng = np.random.default_rng(3)
    recipe = Preprocessing(96, 1, aspect="stretch", std=1 / 255)
    rows = rng.integers(0, 256, (2, 1, 640)).astype(np.uint8)
    before, now = (recipe.tensor(row).ravel() for row in rows)
    plan, data = recipe._prepare(rows[1])
    for kept in (np.ones(96, bool), rng.random(96) < 0.5, np.zeros(96, bool)):
        for level in (0.0, 12.0, 60.0, float(abs(now[0] - before[0]))):
            expected = np.count_nonzero((np.abs(now - before) > level) & kept)
            was = np.where(kept, before, np.float32(np.nan))
            assert plan.moved(data, was, level) == expected


def test_a_video_described_in_turns_in_two_ways_is_one_video() -> None:
    tracker = RegionTracker()
    for number, frame in enumerate(_video(TRUE_SECTOR, 60)):
        pixels = np.asarray(frame._data)
        if number % 2:
            padded = np.zeros((pixels.shape[0], pixels.shape[1] + 64), np.uint8)
            padded[:, : pixels.shape[1]] = pixels
            frame = sdk.Frame.from_array(padded[:, : pixels.shape[1]])
        region = tracker.update(frame)
    assert tracker.searches == 2
    assert _overlap(region, TRUE_SECTOR)[0] > 0.97

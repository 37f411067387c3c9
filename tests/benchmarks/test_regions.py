"""Composed screens: the same seed gives the same screen, and the truth is where the image is."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import sdk
from benchmarks.regions import clips
from benchmarks.regions.compose import compose
from benchmarks.regions.held_out import HELD_OUT
from benchmarks.regions.images import inside
from benchmarks.regions.layouts import EMPTY, LAYOUTS, Layout, Pane
from benchmarks.regions.score import Score, score_screen
from export.data.phantom import phantom_frame
from sdk.region import find_regions

FRAMES = [phantom_frame("head", seed).pixels for seed in range(4)]


@pytest.mark.parametrize("layout", [*LAYOUTS[:3], HELD_OUT[3]], ids=lambda layout: layout.name)
def test_a_seed_gives_one_screen_and_its_truth(layout: Layout) -> None:
    one, two = (compose(layout, FRAMES, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one.rgb, two.rgb)
    height, width = one.rgb.shape[:2]
    for pane in one.panes:
        covered = np.count_nonzero(pane.mask & inside(pane.region, width, height))
        assert covered > 0.995 * np.count_nonzero(pane.mask)


def test_most_composed_screens_are_found_and_none_without_an_image() -> None:
    right = []
    for seed, layout in enumerate(LAYOUTS[:6]):
        screen = compose(layout, FRAMES, np.random.default_rng(seed))
        found = find_regions(sdk.Frame.from_array(screen.rgb, format="RGB24"))
        right.append(all(score.right for score in score_screen(screen, found)))
    assert sum(right) >= 5
    blank = compose(EMPTY[1], [], np.random.default_rng(1))
    assert find_regions(sdk.Frame.from_array(blank.rgb, format="RGB24")) == ()


def test_a_fan_cut_off_by_its_pane_has_the_pane_as_its_clip() -> None:
    pane = Pane((100, 100, 600, 700), ("clipped",))
    layout = Layout("bare", (400, 300), (0, 0, 0), (pane,), ())
    screen = compose(layout, FRAMES, np.random.default_rng(2))
    (shown,) = screen.panes
    assert shown.region.clip is not None
    np.testing.assert_array_equal(inside(shown.region, *screen.rgb.shape[1::-1]), shown.mask)


def test_the_score_of_a_region_by_hand() -> None:
    layout = Layout("bare", (400, 300), (0, 0, 0), (LAYOUTS[4].panes[0],), ())
    screen = compose(layout, FRAMES, np.random.default_rng(0))
    x, y, width, height = (int(n) for n in screen.panes[0].region.numbers)
    exact = sdk.Region.rectangle(x, y, width, height)
    wide = sdk.Region.rectangle(x, y, width, 2 * height) if 2 * height + y <= 300 else exact
    half = sdk.Region.rectangle(x, y, width // 2, height)
    assert score_screen(screen, [exact]) == [Score(1.0, 0.0)]
    assert score_screen(screen, [half])[0].covered == pytest.approx(0.5, abs=0.01)
    assert score_screen(screen, [])[0] == Score(0.0, 1.0)
    assert score_screen(screen, [half, wide, exact])[0].right


def test_a_clip_is_followed_and_drawn(tmp_path: Path) -> None:
    layout = Layout("bare", (400, 300), (0, 0, 0), (LAYOUTS[4].panes[0],), ())
    picture, record, sheet = (tmp_path / name for name in ("clip.png", "clips.json", "sheet.png"))
    cv2.imwrite(str(picture), compose(layout, FRAMES, np.random.default_rng(0)).rgb)
    clips.main([picture], record, sheet)
    told = json.loads(record.read_text(encoding="utf-8"))["clip.png"]
    assert (told["frames"], told["searches"], told["region"]["origin"]) == (1, 1, "found")
    assert cv2.imread(str(sheet)).any()

"""Cuts, freezes, black screens and Doppler, told by statistics alone."""

from __future__ import annotations

import numpy as np
import pytest

from sdk.model_file.stream_settings import StreamSettings
from sdk.preprocess import Preprocessing, Statistics
from sdk.stream.scene import SceneWatch

RECIPE = Preprocessing(64, 48)
RNG = np.random.default_rng(0)
SCENE = RNG.integers(20, 200, (12, 16)).repeat(20, 0).repeat(20, 1).astype(np.uint8)
OTHER = RNG.integers(20, 200, (12, 16)).repeat(20, 0).repeat(20, 1).astype(np.uint8)


def watch(pictures: list[np.ndarray], fps: float = 30, watcher: SceneWatch | None = None):
    """Return the watcher and what began with each picture."""
    watcher = watcher or SceneWatch(StreamSettings())
    out = np.empty((1, 1, 48, 64), np.float32)
    last: Statistics | None = None
    begun = []
    for picture in pictures:
        last = RECIPE.measure_into(picture, out, last)
        begun.append(watcher.step(last, 1 / fps))
    return watcher, begun


def noisy(picture: np.ndarray, count: int) -> list[np.ndarray]:
    return [
        np.clip(picture + RNG.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        for _ in range(count)
    ]


def test_another_scene_is_a_cut_and_noise_is_none() -> None:
    _, begun = watch([*noisy(SCENE, 10), *noisy(OTHER, 10)])
    assert begun == [()] * 10 + [("cut",)] + [()] * 9


def test_a_change_of_gain_is_no_cut() -> None:
    brighter = (SCENE * 1.2).astype(np.uint8)
    change = RECIPE.measure_into(brighter, np.empty((1, 1, 48, 64), np.float32)).mean - SCENE.mean()
    assert change > 2 * StreamSettings().cut_level, "or nothing would be shown"
    _, begun = watch([*noisy(SCENE, 5), *noisy(brighter, 5)])
    assert begun == [()] * 10


def test_where_every_frame_differs_there_are_no_cuts_for_long() -> None:
    scenes = [np.roll(SCENE, 20 * k, 1) for k in range(16)] * 3
    _, begun = watch(scenes)
    assert begun[1] == ("cut",)
    assert ("cut",) not in begun[20:]


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_a_repeated_frame_is_frozen_after_its_time_and_until_it_moves(fps: int) -> None:
    still = noisy(SCENE, 1) * (fps + 1)
    watcher, begun = watch(still, fps)
    place = [i for i, events in enumerate(begun) if events == ("freeze",)]
    assert len(place) == 1
    assert 0.4 * fps <= place[0] <= 0.4 * fps + 1
    assert watcher.lasting == ("freeze",)
    last = RECIPE.measure_into(still[0], np.empty((1, 1, 48, 64), np.float32))
    moved = RECIPE.measure_into(noisy(SCENE, 1)[0], np.empty((1, 1, 48, 64), np.float32), last)
    assert watcher.step(moved, 1 / fps) == ()
    assert watcher.resumed
    assert watcher.lasting == ()


def test_every_frame_twice_is_no_freeze() -> None:
    _, begun = watch([picture for picture in noisy(SCENE, 40) for _ in range(3)], 60)
    assert begun == [()] * 120


def test_black_begins_once_and_ends() -> None:
    black = np.zeros_like(SCENE)
    watcher, begun = watch([*noisy(SCENE, 3), black, black])
    assert [("black" in events) for events in begun] == [False] * 3 + [True, False]
    assert watcher.lasting == ("black",)


@pytest.mark.parametrize(
    ("colored", "black", "doppler"),
    [
        (0.0, 0.5, False),
        (0.004, 0.5, False),
        (0.03, 0.5, True),
        (0.4, 0.5, False),
        (None, 0.5, False),
    ],
)
def test_some_colour_is_doppler_and_a_tinted_map_is_not(
    colored: float | None, black: float, doppler: bool
) -> None:
    watcher = SceneWatch(StreamSettings())
    seen = Statistics(60.0, black, colored, None, None, np.zeros((2, 2), np.float32))
    assert watcher.step(seen, 0.03) == (("doppler",) if doppler else ())
    assert watcher.step(seen, 0.03) == ()
    assert watcher.doppler == doppler

"""Gaze follows the pixels of a view; controls take from it what they say."""

from pathlib import Path

import numpy as np
import pytest

from export.data.dataset import FrameRecord
from export.data.view_bank import ViewBank
from export.gaze import obtain
from export.gaze.privileged import GazeOfFrames, controlled, view_maps
from export.recipe.settings import GazeConfig

STILL = np.float32([[1, 0, 0], [0, 1, 0]])
FLIPPED = np.float32([[-1, 0, 1], [0, 1, 0]])
AWAY = np.float32([[1, 0, 5], [0, 1, 5]])


def _bank(matrices, frames, partners=None, shares=None) -> ViewBank:
    count = len(frames)
    return ViewBank(
        views=np.zeros((count, 4, 4), np.uint8),
        frame_index=np.array(frames, np.int32),
        targets=np.ones((count, 1), np.float32),
        matrices=np.float32([[m, other] for m, other in matrices]),
        partner_index=np.array(partners or [-1] * count, np.int32),
        share=np.float32(shares or [1.0] * count),
    )


def _gaze(*cells) -> GazeOfFrames:
    maps = np.zeros((len(cells), 6, 8), np.float32)
    for frame, cell in enumerate(cells):
        if cell is not None:
            maps[(frame, *cell)] = 1
    return GazeOfFrames(maps, simulated=True)


def _peak(view: np.ndarray) -> tuple[int, int]:
    return tuple(int(i) for i in np.unravel_index(view.argmax(), view.shape))


def test_an_unmoved_view_keeps_its_gaze_and_a_flipped_one_mirrors_it():
    found = view_maps(_gaze((1, 2)), _bank([(STILL, STILL), (FLIPPED, FLIPPED)], [0, 0]))
    assert _peak(found[0]) == (1, 2)
    assert _peak(found[1]) == (1, 5)
    assert found.max() == 1


def test_gaze_that_lies_beyond_the_view_is_none():
    assert not view_maps(_gaze((1, 2)), _bank([(AWAY, AWAY)], [0])).any()


def test_a_mixed_view_has_the_gaze_of_both_by_their_shares():
    found = view_maps(_gaze((1, 2), (4, 6)), _bank([(STILL, STILL)], [0], [1], [0.25]))[0]
    assert _peak(found) == (4, 6)
    assert found[1, 2] == pytest.approx(1 / 3, abs=0.01)


def test_a_mixed_view_of_which_one_frame_has_no_gaze_has_none():
    assert not view_maps(_gaze((1, 2), None), _bank([(STILL, STILL)], [0], [1], [0.5])).any()


def _records(count: int) -> list[FrameRecord]:
    return [
        FrameRecord(
            f"f{i}", Path("x.png"), ("head", "femur")[i % 2], "own", "", f"g{i}", "", "", ""
        )
        for i in range(count)
    ]


def test_a_shuffle_within_the_class_keeps_each_classes_maps_and_moves_every_one():
    gaze = GazeOfFrames(np.arange(1, 9, dtype=np.float32).repeat(4).reshape(8, 2, 2), True)
    moved = controlled(gaze, _records(8), "within_class", seed=0)
    assert not (moved.maps == gaze.maps).all(axis=(1, 2)).any()
    for first in (0, 1):
        assert sorted(moved.maps[first::2, 0, 0]) == sorted(gaze.maps[first::2, 0, 0])


def test_the_centre_control_is_one_map_for_all_that_were_looked_at():
    maps = controlled(_gaze((1, 2), None, (4, 6)), _records(3), "centre", seed=0).maps
    assert np.array_equal(maps[0], maps[2])
    assert not maps[1].any()


@pytest.mark.parametrize("control", ["within_class", "among_all", "centre", "random"])
def test_no_control_gives_gaze_to_frames_that_were_not_looked_at(control):
    cells = [(1, 2), None, (4, 6), None, (2, 2), (3, 3), None, (5, 5)]
    given = _gaze(*cells)
    found = controlled(given, _records(8), control, seed=3)
    assert found.covered.tolist() == given.covered.tolist()
    assert not np.array_equal(found.maps, given.maps)


def test_random_peaks_lie_anywhere_and_differ_from_frame_to_frame():
    maps = controlled(_gaze(*[(1, 2)] * 200), _records(200), "random", seed=0).maps
    assert maps.sum((1, 2)) == pytest.approx(np.ones(200), abs=1e-5)
    assert len({m.tobytes() for m in maps}) == 200
    eighths = maps.mean(0).reshape(2, 3, 4, 2).sum((1, 3))
    assert eighths == pytest.approx(np.full((2, 4), 1 / 8), abs=0.03)


def test_landmarks_of_frames_that_the_recipe_does_not_learn_from_are_not_used(
    tmp_path, monkeypatch
):
    records = [
        FrameRecord(name, Path("x"), "head", "own", "", name, "", "", "") for name in ("a", "b")
    ]
    points = np.array([[0.5, 0.5]])
    given = []

    def predicted(everything, landmarks, seed, progress):
        given.append(sorted(landmarks))
        maps = np.full((len(everything), 2, 2), len(landmarks), dtype=np.float32)
        return GazeOfFrames(maps, simulated=True)

    monkeypatch.setattr(obtain, "data_root", lambda: tmp_path)
    monkeypatch.setattr(obtain, "read_landmarks", lambda path: {"a": points, "b": points})
    monkeypatch.setattr(obtain, "predicted_gaze", predicted)
    config = GazeConfig("landmarks")
    for learned in ({"a"}, {"a", "b"}):
        found = obtain.obtain_gaze(config, records, records, learned, tmp_path)
        assert found.maps.max() == len(learned)  # kept apart, too
    assert given == [["a"], ["a", "b"]]

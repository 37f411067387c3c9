"""Simulated gaze lies on the marked structure, and nowhere on a frame that has none left."""

from dataclasses import replace

import numpy as np
import pytest

from export.data.alteration import Alteration
from export.data.dataset import load_records
from export.data.shapes import Ellipse, Line
from export.data.structures import structures_of
from export.gaze import obtain
from export.gaze.annotated import annotated_gaze, places_of
from export.gaze.errors import GazeError
from export.recipe.settings import GazeConfig

NAMES = ("head", "abdomen", "femur")


@pytest.fixture(scope="module")
def looked_at(marked_data):
    """Marked records of the phantom, one without a mark, and their gaze."""
    records = load_records(marked_data)
    marked = structures_of(marked_data, NAMES)
    chosen = [r for r in records if r.id in marked][:8]
    chosen.append(next(r for r in records if r.id not in marked))
    return chosen, marked, annotated_gaze(chosen, marked, seed=1)


def test_a_bones_ends_and_shaft_are_looked_at_in_pixels_of_the_frame():
    places = places_of(Line(0.2, 0.3, 0.6, 0.5, width=0.03), width=100)
    assert [(p.x, p.y) for p in places] == [
        pytest.approx(at) for at in ((20, 30), (30, 35), (40, 40), (50, 45), (60, 50))
    ]
    assert places[0].weight == places[-1].weight > places[2].weight


def test_an_outlines_middle_and_the_ends_of_its_axes_are_looked_at():
    turned = Ellipse(0.5, 0.4, axis1=0.4, axis2=0.2, angle_deg=90)  # axis1 now points down
    found = {(round(p.x), round(p.y)) for p in places_of(turned, width=100)}
    assert found == {(50, 40), (50, 60), (50, 20), (40, 40), (60, 40)}


def test_gaze_lies_near_the_structure_and_away_from_the_rest(looked_at):
    records, marked, gaze = looked_at
    assert gaze.simulated
    _, height, width = gaze.maps.shape
    shares = []
    for record, found in zip(records[:-1], gaze.maps, strict=False):
        # as fine as eight pixels a cell; the observer misses by some
        near = marked[record.id].mask(8 * height, 8 * width, margin=0.05)
        inside = near.reshape(height, 8, width, 8).mean((1, 3)) > 0.5
        shares.append(found[inside].sum() / inside.mean())  # 1 where it says nothing of the place
    assert np.median(shares) > 1.5


def test_a_frame_without_a_mark_has_no_gaze_and_none_at_all_is_refused(looked_at):
    records, marked, gaze = looked_at
    assert gaze.covered.tolist() == [True] * (len(records) - 1) + [False]
    with pytest.raises(GazeError, match="none of 1 frames has a marked structure") as caught:
        annotated_gaze(records[-1:], marked, seed=1)
    assert caught.value.slug == "gaze-labels"


def test_the_same_seed_looks_alike_and_another_one_elsewhere(looked_at):
    records, marked, gaze = looked_at
    again, other = (annotated_gaze(records[:2], marked, seed) for seed in (1, 2))
    assert np.array_equal(again.maps, gaze.maps[:2])
    assert not np.array_equal(other.maps, gaze.maps[:2])


def test_rows_whose_structure_is_gone_have_no_gaze(looked_at, marked_data, monkeypatch, tmp_path):
    records, marked, gaze = looked_at
    monkeypatch.setenv("SONOGAZE_DATA", str(marked_data))
    shapes = marked[records[0].id].shapes

    def altered(how):
        alteration = Alteration(how, shapes, ("blur",), shapes)
        return replace(records[0], id=f"{records[0].id}~{how}", alteration=alteration)

    hows = ("erased", "beside", "shuffled", "drawn", "elsewhere")
    rows = [*records, *map(altered, hows)]
    found = obtain.obtain_gaze(GazeConfig("annotations"), rows, records, (), tmp_path)
    assert np.array_equal(found.maps[: len(records)], gaze.maps)
    assert found.covered[len(records) :].tolist() == [False, False, False, False, True]
    assert np.array_equal(found.maps[-1], gaze.maps[0])

"""Attention in the frame's own pixels, against a slow NumPy reading of the same rule."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk._placement import Placement
from sdk.model_file.known_answers import pattern_frame
from sdk.result import Timing

TIMING = Timing(0.0, 0.0, 0.0, 0.0, 0.0)
REGIONS = {
    "whole": None,
    "wide": sdk.Region.rectangle(3, 20, 90, 31),
    "tall": sdk.Region.rectangle(40, 2, 21, 75),
    "sector": sdk.Region.sector(50.5, -4.0, 9.0, 70.0, -31.0, 27.0),
    "clipped": sdk.Region.sector(50.5, -4.0, 9.0, 90.0, -50.0, 47.0, clip=(21, 9, 60, 50)),
    "one pixel": sdk.Region.rectangle(99, 79, 1, 1),
}


def _result(attention: np.ndarray, region: sdk.Region | None, placement: object) -> sdk.Result:
    return sdk.Result(sdk.Decision.ACCEPT, "head", 1.0, None, (), attention, TIMING, "toy",
                      region, "whole" if region is None else "given", placement)  # fmt: skip


def _inside(region: sdk.Region | None, x: int, y: int) -> bool:
    if region is None:
        return True
    if region.kind == "rectangle":
        left, top, width, height = region.numbers
        return left <= x < left + width and top <= y < top + height
    cx, cy, r_min, r_max, low, high = region.numbers
    dx, dy = x + 0.5 - cx, y + 0.5 - cy
    angle = math.degrees(math.atan2(-dx, dy))
    left, top, width, height = region.clip or (0, 0, 10**6, 10**6)
    shown = left <= x < left + width and top <= y < top + height
    return shown and r_min <= math.hypot(dx, dy) <= r_max and low <= angle <= high


def _along(share: float, first: int, cells: int, tensor: int, count: int) -> dict[int, float]:
    """Weights of the map's cells at one place along one side; padding's own cells have none."""
    at = (first + share * cells) * count / tensor - 0.5
    size = tensor / count
    covering = [i for i in range(count) if (i + 1) * size > first and i * size < first + cells]
    at = min(max(at, covering[0]), covering[-1])
    low = math.floor(at)
    high = min(low + 1, covering[-1])
    weights = {low: 1 - (at - low)}
    weights[high] = weights.get(high, 0.0) + (at - low)
    return weights


def _reference(frame: sdk.Frame, attention: np.ndarray, placement: Placement) -> np.ndarray:
    out = np.zeros((frame.height, frame.width))
    left, top, width, height = frame.region_box
    x, y, columns, rows = placement.inner
    for py in range(top, top + height):
        down = _along((py - top + 0.5) / height, y, rows, placement.tensor[1], attention.shape[0])
        for px in range(left, left + width):
            if _inside(frame.region, px, py):
                across = _along(
                    (px - left + 0.5) / width, x, columns, placement.tensor[0], attention.shape[1]
                )
                out[py, px] = sum(
                    v * w * attention[i, j] for i, v in down.items() for j, w in across.items()
                )
    return out / out.sum()


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("aspect", ["letterbox", "stretch"])
def test_each_pixel_gets_what_the_map_says_at_its_place(name: str, aspect: str) -> None:
    recipe = sdk.preprocess.Preprocessing(24, 18, aspect=aspect)
    frame = sdk.Frame.from_array(np.zeros((80, 100), np.uint8), region=REGIONS[name])
    placement = Placement((100, 80), (24, 18), recipe.inner(frame))
    attention = np.random.default_rng(5).random((9, 12), np.float32)
    found = _result(attention, REGIONS[name], placement).attention_on(frame)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, _reference(frame, attention, placement), atol=2e-7)
    assert found.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-5)


def test_attention_in_the_letterbox_is_left_out() -> None:
    attention = np.zeros((9, 12), np.float32)
    attention[0] = 1 / 12
    placement = Placement((100, 20), (24, 18), (0, 6, 24, 5))
    found = _result(attention, None, placement).attention_on(np.zeros((20, 100), np.uint8))
    assert not found.any()


def test_a_classified_frame_and_its_pickle_give_the_same_picture(toy_path: Path) -> None:
    region = sdk.Region.sector(200.0, 10.0, 20.0, 210.0, -40.0, 40.0)
    frame = sdk.Frame.from_array(pattern_frame("ring", 320, 240), region=region)
    result = sdk.Classifier(toy_path).classify(frame)
    found = result.attention_on(frame)
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(found, again.attention_on(frame))
    assert (again.region, again.region_origin) == (region, "given")
    assert not found[5, 5]
    assert found[100, 200] > 0


@pytest.mark.parametrize(
    ("frame", "slug", "message"),
    [
        (np.zeros((240, 321), np.uint8), "frame-size", "321 x 240 pixels.*320 x 240"),
        (np.zeros(5, np.uint8), "frame-type", "must be a Frame or an array"),
        ("picture.png", "frame-type", "must be a Frame or an array"),
    ],
)
def test_another_frame_is_refused(toy_path: Path, frame: object, slug: str, message: str) -> None:
    result = sdk.Classifier(toy_path).classify(pattern_frame("ring", 320, 240))
    with pytest.raises(sdk.FrameError, match=message) as error:
        result.attention_on(frame)
    assert error.value.slug == slug
    assert result.attention_on(np.zeros((240, 320, 3), np.uint8)).shape == (240, 320)


def test_a_rejected_frame_has_no_attention_but_a_region(toy_path: Path) -> None:
    region = sdk.Region("rectangle", (1, 2, 30, 40), "file")
    frame = sdk.Frame.from_array(np.zeros((60, 80), np.uint8), region=region)
    result = sdk.Classifier(toy_path).classify(frame)
    assert result.attention_on(frame) is None
    assert (result.region, result.region_origin) == (region, "file")
    assert result.to_dict()["region"] == {
        "kind": "rectangle", "x": 1, "y": 2, "width": 30, "height": 40,
        "origin": "file", "confidence": 1.0,
    }  # fmt: skip


def test_regions_are_equal_where_their_shapes_are() -> None:
    given, found = (
        sdk.Region.rectangle(1, 2, 3, 4),
        sdk.Region("rectangle", (1, 2, 3, 4), "found", 0.5),
    )
    assert given == found
    assert hash(given) == hash(found)
    assert (given.origin, given.confidence) == ("given", 1.0)
    copy = pickle.loads(pickle.dumps(found))
    assert (copy.origin, copy.confidence) == ("found", 0.5)


@pytest.mark.parametrize(
    ("origin", "confidence", "message"),
    [
        ("guessed", 1.0, "'guessed', it must be one of given, file, found"),
        (None, 1.0, "must be one of"),
        ("found", 1.5, "1.5, it must be 0..1"),
        ("found", float("nan"), "finite"),
        ("found", True, "finite"),
    ],
)
def test_an_origin_or_a_confidence_out_of_place_is_refused(
    origin: object, confidence: object, message: str
) -> None:
    with pytest.raises(sdk.FrameError, match=message):
        sdk.Region("rectangle", (1, 2, 3, 4), origin, confidence)

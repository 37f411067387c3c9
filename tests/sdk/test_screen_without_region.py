"""A whole screen that no region was named for gets no label, and says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import sdk
from sdk.model_file.known_answers import pattern_frame
from sdk.quality import SCREEN_WITHOUT_REGION
from tests.sdk.test_region import SECTOR, _screen, _speckle


def busy_screen() -> np.ndarray:
    """A small image, and text in most places around it."""
    screen = _screen(sdk.Region.rectangle(420, 160, 400, 360))
    for x in (180, 860, 960):
        screen[40:680, x : x + 110] = np.maximum(
            screen[40:680, x : x + 110], _screen()[40:680, 1110:1220]
        )
    return screen


def test_a_screen_as_a_whole_is_abstained_and_its_image_is_not(toy_path: Path) -> None:
    classifier = sdk.Classifier(toy_path)
    frame = sdk.Frame.from_array(busy_screen())
    whole = classifier.classify(frame)
    assert (whole.decision, whole.label) == ("abstain", None)
    assert whole.reasons[0] == SCREEN_WITHOUT_REGION
    assert whole.probabilities is not None
    named = classifier.classify(frame.with_region(sdk.find_region(frame)))
    assert SCREEN_WITHOUT_REGION not in named.reasons
    assert named.region_origin == "found"


def test_an_image_without_a_screen_is_not_taken_for_one(toy_path: Path) -> None:
    classifier = sdk.Classifier(toy_path)
    image = _speckle(1).astype(np.uint8)
    fan = _screen(sdk.Region.sector(*SECTOR))[110:660, 280:1000]
    for picture in (image, np.ascontiguousarray(fan), pattern_frame("ring", 320, 240)):
        assert SCREEN_WITHOUT_REGION not in classifier.classify(picture).reasons


def test_a_tensor_with_few_cells_is_never_a_screen(toy_path: Path) -> None:
    gate = sdk.Classifier(toy_path)._session._gate
    recipe = sdk.Classifier(toy_path).metadata.preprocessing
    tensor = recipe.tensor(sdk.Frame.from_array(busy_screen()))
    assert not gate.shows_screen(tensor, (0, 0, 63, 40))

"""A whole screen that no region was named for gets no label, and says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import sdk
from sdk import _kernels
from sdk.model_file.known_answers import pattern_frame
from sdk.quality import SCREEN_WITHOUT_REGION
from tests.sdk.test_region import SECTOR, _screen, _speckle

Blocks = list[tuple[int, int]]


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


BLOCK, COLUMNS, ROWS = 12, 16, 12  # cells a side of a block, and blocks


def shows_screen(tissue: Blocks, text: Blocks) -> bool:
    """Judge a black picture with tissue and text in some of its blocks."""
    cells = np.zeros((ROWS * BLOCK, COLUMNS * BLOCK), np.float32)
    rows, columns = np.indices(cells.shape)
    for blocks, pattern in (
        (tissue, 10.0 * ((rows + columns) % 2)),
        (text, 200.0 * ((rows % 6 == 3) & (columns % 6 == 3))),
    ):
        for x, y in blocks:
            place = np.s_[y * BLOCK : (y + 1) * BLOCK, x * BLOCK : (x + 1) * BLOCK]
            cells[place] = pattern[place]
    height, width = cells.shape
    return _kernels.looks_like_screen(cells, (width, height), (0, 0, width, height), 1.0)


IMAGE = [(x, y) for x in range(6, 12) for y in range(3, 9)]
EDGE = [(x, y) for x in range(5, 13) for y in range(2, 10) if (x, y) not in IMAGE]
LINES = [(x, y) for x in (1, 3, 14) for y in range(1, 11)]


def test_text_counts_three_times_where_no_tissue_is_beside_it() -> None:
    assert not shows_screen(IMAGE, LINES[:12])
    assert shows_screen(IMAGE, LINES[:13])
    assert not shows_screen(IMAGE, EDGE), "28 blocks of hard edges around a fan"
    assert not shows_screen(IMAGE, EDGE + LINES[:3])
    assert shows_screen(IMAGE, EDGE + LINES[:4])


def test_where_no_image_is_nothing_can_be_away_from_one() -> None:
    assert not shows_screen([], LINES[:17])
    assert shows_screen([], LINES[:18])
    assert not shows_screen(IMAGE[:5], LINES[:17])
    assert shows_screen(IMAGE[:6], LINES[:17])


def test_an_image_up_to_its_frames_border_is_no_screen() -> None:
    border = [(x, 0) for x in range(COLUMNS)]
    assert shows_screen(border[:14], LINES)
    assert not shows_screen(border[:15], LINES)

"""A frame's time is the one that the header states, or None; never another one."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.sdk.dicom_files import make_dataset
from tests.sdk.dicom_reading import refusal, times

FRAME_TIME, VECTOR, CINE_RATE, SLICES = 0x00181063, 0x00181065, 0x00180040, 0x00540080
GREY = np.zeros((4, 8, 8), np.uint8)


def cine(**tags: object) -> Dataset:
    dataset = make_dataset(GREY[0], NumberOfFrames=4, **tags)
    dataset.PixelData = GREY.tobytes()
    return dataset


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"FrameTime": 33.5}, [0, 33_500, 67_000, 100_500]),
        ({"FrameTime": "33.333"}, [0, 33_333, 66_666, 99_999]),
        ({"FrameTimeVector": [0, 20, 30.5, 40]}, [0, 20_000, 50_500, 90_500]),
        ({"FrameTimeVector": [7, 20, 30, 40]}, [0, 20_000, 50_000, 90_000]),
        ({"CineRate": 25}, [0, 40_000, 80_000, 120_000]),
        ({"CineRate": 30}, [0, 33_333, 66_667, 100_000]),
        ({"FrameTime": 33.33, "CineRate": 30}, [0, 33_330, 66_660, 99_990]),
        ({"FrameTime": 33, "CineRate": 30}, [0, 33_000, 66_000, 99_000]),
        ({"FrameTime": 40, "CineRate": 24}, [0, 40_000, 80_000, 120_000]),
        ({"FrameTime": 40, "CineRate": 26}, [0, 40_000, 80_000, 120_000]),
        ({"FrameTime": 33, "RecommendedDisplayFrameRate": 15}, [0, 33_000, 66_000, 99_000]),
        ({"FrameIncrementPointer": VECTOR, "FrameTimeVector": [0, 5, 5, 5]},
         [0, 5000, 10_000, 15_000]),
        ({"FrameIncrementPointer": FRAME_TIME, "FrameTime": 5, "FrameTimeVector": [0, 9, 9, 9]},
         [0, 5000, 10_000, 15_000]),
        ({"FrameIncrementPointer": VECTOR, "FrameTime": 10, "FrameTimeVector": [0, 9, 11, 10]},
         [0, 9000, 20_000, 30_000]),
    ],
    ids=str,
)  # fmt: skip
def test_times_that_the_header_states(tags: dict[str, object], expected: list[int]) -> None:
    assert times(cine(**tags)) == expected


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"RecommendedDisplayFrameRate": 30},  # how to play, not when it was taken
        {"FrameTime": 0},
        {"FrameTime": -33},
        {"FrameTime": 1e300},
        {"FrameTime": 33, "CineRate": 10},
        {"FrameTime": 40, "CineRate": 23},
        {"FrameTime": 40, "CineRate": 27},
        {"CineRate": 0},
        {"CineRate": -1},
        {"FrameTimeVector": [0, 20, 30]},
        {"FrameTimeVector": [0, 20, -30, 40]},
        {"FrameTimeVector": [0, 0, 0, 0]},
        {"FrameTimeVector": [0, 33, 33, 33], "CineRate": 10},
        {"FrameIncrementPointer": VECTOR, "FrameTime": 33},
        {"FrameIncrementPointer": VECTOR, "FrameTimeVector": [0, 5, 5, 5], "FrameTime": 33},
        {"FrameIncrementPointer": FRAME_TIME, "FrameTimeVector": [0, 5, 5, 5]},
        {"FrameIncrementPointer": [FRAME_TIME, VECTOR], "FrameTime": 5,
         "FrameTimeVector": [0, 5, 5, 5]},
        {"FrameIncrementPointer": SLICES, "FrameTime": 33},
        {"FrameIncrementPointer": SLICES, "CineRate": 30},
    ],
    ids=str,
)  # fmt: skip
def test_times_that_the_header_contradicts_or_leaves_out(tags: dict[str, object]) -> None:
    assert times(cine(**tags)) == [None] * 4


def enhanced(moments: list[str], keyword: str = "FrameAcquisitionDateTime", **tags: object):
    dataset = cine(**tags)
    groups = []
    for moment in moments:
        content, group = Dataset(), Dataset()
        if moment:
            setattr(content, keyword, moment)
        group.FrameContentSequence = Sequence([content])
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return dataset


@pytest.mark.parametrize("keyword", ["FrameAcquisitionDateTime", "FrameReferenceDateTime"])
def test_frames_may_have_times_of_their_own(keyword: str) -> None:
    moments = ["20240229235959.990000", "20240301000000.000000", "20240301000000.02"]
    dataset = enhanced([*moments, "20240301000001"], keyword)
    assert times(dataset) == [0, 10_000, 30_000, 1_010_000]


def test_a_time_zone_belongs_to_a_time() -> None:
    moments = ["20240301120000+0100", "20240301110001+0000", "20240301060002-0500"]
    assert times(enhanced([*moments, "20240301110003"])) == [0, 1_000_000, 2_000_000, 3_000_000]


REGULAR = ["20240301000000.00", "20240301000000.02", "20240301000000.04", "20240301000000.06"]


def test_frames_own_times_and_frame_time_must_agree() -> None:
    assert times(enhanced(REGULAR, FrameTime=20)) == [0, 20_000, 40_000, 60_000]
    assert times(enhanced(REGULAR, FrameTime=33)) == [None] * 4


@pytest.mark.parametrize(
    ("frame_time_ms", "last_us", "agree"),
    [
        (100, 310_200, True),  # a tenth of the longer one's interval, 103.4 ms
        (100, 312_000, False),
        (100, 289_900, False),
        (10, 31_900, True),  # 2 ms at least
        (10, 32_100, False),
    ],
)
def test_two_sources_of_times_may_differ_by_a_tenth_of_an_interval_or_2_ms(
    frame_time_ms: int, last_us: int, agree: bool
) -> None:
    own = [0, frame_time_ms * 1000, frame_time_ms * 2000, last_us]
    dataset = enhanced([f"20240301000000.{us:06}" for us in own], FrameTime=frame_time_ms)
    assert times(dataset) == (own if agree else [None] * 4)


@pytest.mark.parametrize(
    "moments",
    [
        [*REGULAR[:3], ""],
        [*REGULAR[:3], "20241301000000"],
        [*REGULAR[:3], "2024"],
        [*REGULAR[:2], *REGULAR[:2]],
        REGULAR[:1] * 4,
    ],
    ids=["one-missing", "month-13", "a-year", "backwards", "all-the-same"],
)
def test_frames_own_times_that_make_no_sense_are_not_told(moments: list[str]) -> None:
    assert times(enhanced(moments)) == [None] * 4


def test_a_time_that_is_no_number_is_refused() -> None:
    dataset = cine()
    dataset.add_new(FRAME_TIME, "DS", "33")
    dataset[FRAME_TIME].VR = "LO"
    dataset[FRAME_TIME].value = "33 ms"
    assert refusal(dataset, "0018,1063") == "source-malformed"

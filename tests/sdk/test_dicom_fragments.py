"""Compressed frames are told apart as declared, or the file is refused."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit

from tests.sdk.dicom_files import make_dataset
from tests.sdk.dicom_jpegs import GREY, MALFORMED, SMOOTH, TRUNCATED, jpeg, luma_of, wrapped
from tests.sdk.dicom_matrix import codecs
from tests.sdk.dicom_reading import raw_frames, refusal

# frames and fragments


FRAMES = [jpeg(np.roll(SMOOTH, k, axis=0)) for k in range(5)]


@pytest.mark.parametrize("bot", [False, True], ids=["no-table", "table"])
@pytest.mark.parametrize("declared", [1, 4, 6, None])
def test_another_number_of_frames_than_declared_is_refused(bot: bool, declared: int | None) -> None:
    tags = {} if declared is None else {"NumberOfFrames": declared}
    dataset = wrapped(FRAMES, JPEGBaseline8Bit, bot=bot, **tags)
    assert refusal(dataset, str(declared or 1)) == MALFORMED


def split(frames: list[bytes], parts: int, bot: bool) -> bytes:
    return encapsulate(frames, fragments_per_frame=parts, has_bot=bot)


@pytest.mark.parametrize("bot", [False, True], ids=["no-table", "table"])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_frames_in_several_fragments_are_put_together(parts: int, bot: bool) -> None:
    dataset = wrapped(FRAMES, JPEGBaseline8Bit, NumberOfFrames=5)
    dataset.PixelData = split(FRAMES, parts, bot)
    got = raw_frames(codecs.saved(dataset))
    assert len(got) == 5
    for levels, data in zip(got, FRAMES, strict=True):
        np.testing.assert_array_equal(levels, luma_of(data))


@pytest.mark.parametrize(
    "lie",
    [lambda t: [*t[:-1], t[-1] + 2], lambda t: t[:-1], lambda t: [*t, t[-1]], lambda t: t[::-1],
     lambda t: [0] * len(t), lambda t: [x + 8 for x in t]],
    ids=["beside", "short", "long", "backwards", "same", "shifted"],
)  # fmt: skip
def test_an_offset_table_that_lies_is_refused(lie: object) -> None:
    dataset = wrapped(FRAMES, JPEGBaseline8Bit, NumberOfFrames=5)
    count = 5
    table = list(struct.unpack_from(f"<{count}I", dataset.PixelData, 8))
    told = lie(table)  # type: ignore[operator]
    rest = dataset.PixelData[8 + 4 * count :]
    head = struct.pack("<HHI", 0xFFFE, 0xE000, 4 * len(told)) + struct.pack(f"<{len(told)}I", *told)
    dataset.PixelData = head + rest
    assert refusal(dataset, "Offset Table") == MALFORMED


def test_an_offset_table_longer_than_the_frames_is_refused_before_it_is_read() -> None:
    dataset = wrapped(FRAMES, JPEGBaseline8Bit, NumberOfFrames=5)
    rest = dataset.PixelData[8 + 4 * 5 :]
    dataset.PixelData = struct.pack("<HHI", 0xFFFE, 0xE000, 4 * 6) + bytes(4 * 6) + rest
    assert refusal(dataset, "has 24 bytes, but Number of Frames is 5") == MALFORMED


@pytest.mark.parametrize("lie", ["offsets", "lengths", "count", "both"])
def test_an_extended_offset_table_that_lies_is_refused(lie: str) -> None:
    dataset = wrapped(FRAMES, JPEGBaseline8Bit, NumberOfFrames=5)
    dataset.PixelData, offsets, lengths = encapsulate_extended(FRAMES)
    wrong = struct.pack("<5Q", *(x + 2 for x in struct.unpack("<5Q", offsets)))
    short = struct.pack("<5Q", *(x - 2 for x in struct.unpack("<5Q", lengths)))
    dataset.ExtendedOffsetTable = wrong if lie == "offsets" else offsets
    dataset.ExtendedOffsetTableLengths = short if lie == "lengths" else lengths
    if lie == "count":
        dataset.ExtendedOffsetTable = offsets[:-8]
    if lie == "both":
        dataset.PixelData = encapsulate(FRAMES)
    assert refusal(dataset, "Offset ?Table") == MALFORMED


def test_a_file_that_ends_inside_its_fragments_is_truncated() -> None:
    data = codecs.saved(wrapped(FRAMES, JPEGBaseline8Bit, NumberOfFrames=5))
    for cut in (4, 12, 500, 2000):
        assert refusal(data[:-cut], "ends inside") == TRUNCATED


def test_deflated_data_are_read_and_cut_ones_refused() -> None:
    data = codecs.saved(make_dataset(GREY, DeflatedExplicitVRLittleEndian))
    np.testing.assert_array_equal(raw_frames(data)[0], GREY)
    for cut in (10, 300, len(data) // 2):
        assert refusal(data[:-cut]) == TRUNCATED

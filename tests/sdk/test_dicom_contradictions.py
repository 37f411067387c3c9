"""Where the header of a DICOM file and its bytes contradict each other, the error names both."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from tests.sdk.dicom_files import make_dataset
from tests.sdk.dicom_jpegs import COLOUR, GREY, MALFORMED, RNG, UNSUPPORTED, H, jpeg, wrapped
from tests.sdk.dicom_matrix import codecs
from tests.sdk.dicom_reading import raw_frames, refusal

# photometric interpretation, samples, planar configuration and length of native pixels


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"PhotometricInterpretation": "RGB"}, ("SamplesPerPixel is 1", "RGB has 3")),
        ({"PhotometricInterpretation": "YBR_FULL"}, ("SamplesPerPixel is 1", "YBR_FULL")),
        ({"PhotometricInterpretation": "YBR_FULL_422"}, ("SamplesPerPixel is 1",)),
        ({"SamplesPerPixel": 3}, ("SamplesPerPixel is 3", "MONOCHROME2 has 1")),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "PALETTE COLOR"}, ("PALETTE",)),
        ({"SamplesPerPixel": None}, ("SamplesPerPixel is missing",)),
        ({"BitsAllocated": None}, ("BitsAllocated is missing",)),
        ({"HighBit": None}, ("HighBit is missing",)),
        ({"HighBit": 6}, ("HighBit is 6", "7 to 7")),
        ({"HighBit": 8}, ("HighBit is 8",)),
        ({"BitsStored": 9}, ("BitsStored is 9", "1 to 8")),
        ({"PixelRepresentation": None}, ("PixelRepresentation is missing",)),
        ({"PixelRepresentation": 2}, ("PixelRepresentation is 2",)),
        ({"NumberOfFrames": 0}, ("NumberOfFrames is 0",)),
        ({"Rows": [40, 40]}, ("Rows has 2 values",)),
        ({"PresentationLUTShape": "INVERSE"}, ("PresentationLUTShape", "MONOCHROME2")),
        ({"RescaleSlope": 0, "RescaleIntercept": 0}, ("RescaleSlope is 0",)),
        ({"RescaleSlope": "1e308", "RescaleIntercept": 0}, ("RescaleSlope is 1e",)),
        ({"RescaleSlope": 1, "RescaleIntercept": "-1e300"}, ("intercept -1e",)),
        ({"RescaleSlope": "1e-300", "RescaleIntercept": 0}, ("RescaleSlope is 1e-300",)),
        ({"RescaleSlope": 2}, ("RescaleIntercept is missing",)),
        ({"WindowCenter": 5}, ("WindowWidth has 0 values",)),
        ({"VOILUTFunction": "SIGMOID"}, ("SIGMOID", "no window")),
        ({"WindowCenter": [5, 6], "WindowWidth": [5]}, ("WindowWidth has 1",)),
    ],
    ids=lambda value: str(value)[:70],
)
def test_a_header_that_contradicts_itself_is_refused(
    tags: dict[str, object], words: tuple[str, ...]
) -> None:
    assert refusal(make_dataset(GREY, **tags), *words) == MALFORMED


@pytest.mark.parametrize(
    ("keyword", "least", "most"),
    [
        ("Rows", 1, 65_535),
        ("Columns", 1, 65_535),
        ("SamplesPerPixel", 1, 4),
        ("PlanarConfiguration", 0, 1),
        ("NumberOfFrames", 1, 1_000_000),
        ("BitsAllocated", 1, 64),
        ("BitsStored", 1, 8),
        ("HighBit", 7, 7),
        ("PixelRepresentation", 0, 1),
    ],
)
def test_each_number_of_the_image_has_its_bounds(keyword: str, least: int, most: int) -> None:
    for value in (least - 1, most + 1):
        dataset = make_dataset(COLOUR)
        vr = "IS" if keyword == "NumberOfFrames" else "SL"  # a wrong one, which holds any number
        dataset.add_new(tag_for_keyword(keyword), vr, value)
        assert refusal(dataset, f"{keyword} is {value}, allowed are {least} to {most}") == MALFORMED


@pytest.mark.parametrize(
    "photometric", ["HSV", "ARGB", "CMYK", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "XYB", ""]
)
def test_photometrics_that_are_not_read_are_refused_by_name(photometric: str) -> None:
    dataset = make_dataset(COLOUR, PhotometricInterpretation=photometric)
    assert refusal(dataset, "PhotometricInterpretation", photometric) == UNSUPPORTED


def test_422_with_the_bytes_of_444_says_so() -> None:
    dataset = make_dataset(COLOUR, PhotometricInterpretation="YBR_FULL_422")
    assert refusal(dataset, "YBR_FULL_422", "5760 bytes", "3840", "4:4:4") == MALFORMED


@pytest.mark.parametrize("columns", [1, 3, 47])
def test_422_with_an_odd_number_of_columns_is_refused(columns: int) -> None:
    dataset = make_dataset(COLOUR[:, :columns].copy(), PhotometricInterpretation="YBR_FULL_422")
    dataset.PixelData = bytes(H * columns * 2)
    assert refusal(dataset, "YBR_FULL_422", f"{columns} columns") == MALFORMED


def test_422_by_plane_is_refused() -> None:
    dataset = make_dataset(COLOUR, PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=1)
    assert refusal(dataset, "YBR_FULL_422", "Planar") == MALFORMED


def test_colour_without_planar_configuration_is_refused() -> None:
    assert refusal(make_dataset(COLOUR, PlanarConfiguration=None), "PlanarConf") == MALFORMED


def test_the_transform_of_jpeg_2000_in_native_pixels_is_refused() -> None:
    dataset = make_dataset(COLOUR, PhotometricInterpretation="YBR_RCT")
    assert refusal(dataset, "YBR_RCT", "Explicit VR") == MALFORMED


@pytest.mark.parametrize("extra", [2, 128, 1920, 3840])
def test_more_native_bytes_than_declared_are_refused(extra: int) -> None:
    dataset = make_dataset(GREY)
    dataset.PixelData = dataset.PixelData + bytes(extra)
    assert refusal(dataset, f"{1920 + extra} bytes", "need 1920") == MALFORMED


def test_encapsulated_pixels_in_a_native_syntax_are_refused() -> None:
    data = codecs.saved(make_dataset(GREY))
    head = b"\xe0\x7f\x10\x00OB\x00\x00"
    at = data.index(head) + len(head)
    assert refusal(data[:at] + b"\xff" * 4 + data[at + 4 :], "encapsulated") == MALFORMED


def test_native_pixels_in_an_encapsulated_syntax_are_refused() -> None:
    data = codecs.saved(wrapped([jpeg()], JPEGBaseline8Bit))
    head = b"\xe0\x7f\x10\x00OB\x00\x00"
    at = data.index(head) + len(head)
    assert refusal(data[:at] + b"\x40\0\0\0" + data[at + 4 :], "length of 64") == MALFORMED


def test_a_data_set_in_the_other_byte_order_is_refused() -> None:
    data = codecs.saved(make_dataset(GREY, ExplicitVRBigEndian))
    # the two UIDs have the same length
    swapped = data.replace(b"1.2.840.10008.1.2.2\0", b"1.2.840.10008.1.2.1\0", 1)
    assert swapped != data
    assert refusal(swapped, "other byte order") == MALFORMED


@pytest.mark.parametrize(
    ("told", "used"),
    [
        (ExplicitVRLittleEndian, ImplicitVRLittleEndian),
        (ImplicitVRLittleEndian, ExplicitVRLittleEndian),
    ],
)
def test_value_representations_are_taken_as_they_are(told: UID, used: UID) -> None:
    # no doubt about the pixels arises from it: each element shows whether it states its own
    head, body = (codecs.saved(make_dataset(GREY, syntax)) for syntax in (told, used))
    ends = [144 + struct.unpack_from("<I", data, 140)[0] for data in (head, body)]
    np.testing.assert_array_equal(raw_frames(head[: ends[0]] + body[ends[1] :])[0], GREY)


@pytest.mark.parametrize("tag", ["FloatPixelData", "DoubleFloatPixelData"])
def test_float_pixels_are_refused_by_name(tag: str) -> None:
    dataset = make_dataset(GREY)
    del dataset.PixelData
    setattr(dataset, tag, bytes(GREY.size * 8))
    assert refusal(dataset, "Float Pixel Data") == UNSUPPORTED


def test_values_that_stand_for_colours_are_refused() -> None:
    assert refusal(make_dataset(GREY, PixelPresentation="MIXED"), "MIXED") == UNSUPPORTED
    assert refusal(make_dataset(GREY, PixelPresentation="MONOCHROME")) == "read"


def test_an_element_that_is_there_twice_is_refused() -> None:
    data = codecs.saved(make_dataset(GREY))
    rows = data.index(b"\x28\x00\x10\x00US\x02\x00")
    doubled = data[:rows] + data[rows : rows + 10] + data[rows:]
    assert refusal(doubled, "0028,0010", "twice") == MALFORMED


# places of the header


def group(**tags: object) -> Sequence:
    item, place = Dataset(), Dataset()
    for name, value in tags.items():
        setattr(place, name, value)
    item.FrameVOILUTSequence = Sequence([place])
    return Sequence([item])


def test_two_places_that_differ_are_refused() -> None:
    window = {"WindowCenter": 100, "WindowWidth": 50}
    dataset = make_dataset(GREY, **window)
    dataset.SharedFunctionalGroupsSequence = group(WindowCenter=90, WindowWidth=50)
    assert refusal(dataset, "two places") == MALFORMED
    dataset.SharedFunctionalGroupsSequence = group(**window)
    assert refusal(dataset) == "read"


def test_what_is_wrong_with_the_display_is_told_before_pixels_are_read() -> None:
    dataset = make_dataset(GREY, WindowCenter=5)
    dataset.PixelData = bytes(10)
    assert refusal(dataset, "WindowWidth has 0 values") == MALFORMED


def test_as_many_per_frame_groups_as_frames() -> None:
    dataset = make_dataset(GREY)
    dataset.PerFrameFunctionalGroupsSequence = Sequence([*group(), *group()])
    assert refusal(dataset, "has 2 items", "NumberOfFrames|Number of Frames is 1") == MALFORMED


# palettes


def palette(bits: int, entries: int, data: bytes, first: int = 0, **tags: object) -> Dataset:
    dataset = make_dataset(GREY, PhotometricInterpretation="PALETTE COLOR", **tags)
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [entries, first, bits])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", data)
    return dataset


WORDS = RNG.integers(0, 65536, 256).astype("<u2").tobytes()


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (palette(16, 256, bytes(range(256)) * 1), ("16 bits", "8")),
        (palette(16, 256, bytes(256)), ("16 bits", "8")),
        (palette(16, 256, np.arange(256).astype("<u2").tobytes()), ("16 bits", "8")),
        (palette(8, 256, WORDS), ("allowed are 8 bits",)),
        (palette(12, 256, WORDS), ("12 bits",)),
        (palette(16, 255, WORDS), ("512 bytes for 255",)),
        (palette(16, 256, WORDS[:-2]), ("510 bytes for 256",)),
        (palette(16, 256, WORDS, first=256), ("begins at 256", "Bits Stored is 8")),
        (palette(16, 256, WORDS, GreenPaletteColorLookupTableDescriptor=[200, 0, 16]), ("same",)),
    ],
    ids=[
        "bytes-in-16",
        "black-bytes-in-16",
        "words-of-8",
        "16-in-8",
        "12",
        "count",
        "short",
        "first",
        "green",
    ],
)
def test_palettes_that_contradict_themselves_are_refused(
    dataset: Dataset, words: tuple[str, ...]
) -> None:
    if "same" in words:
        dataset.GreenPaletteColorLookupTableDescriptor = [200, 0, 16]
    assert refusal(dataset, *words) == MALFORMED


def test_a_palette_of_black_alone_is_read() -> None:
    (levels,) = raw_frames(codecs.saved(palette(16, 256, bytes(512))))
    assert levels.shape == (*GREY.shape, 3)
    assert not levels.any()


def test_a_segment_of_a_palette_that_points_elsewhere_is_refused() -> None:
    dataset = palette(16, 256, WORDS)
    for colour in ("Red", "Green", "Blue"):
        delattr(dataset, f"{colour}PaletteColorLookupTableData")
        segments = np.array([0, 2, 1, 2, 2, 1, 0, 0], "<u2").tobytes()
        setattr(dataset, f"Segmented{colour}PaletteColorLookupTableData", segments)
    assert refusal(dataset, "segment of kind 2") == UNSUPPORTED

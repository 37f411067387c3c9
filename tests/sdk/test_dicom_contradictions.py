"""Where the header of a DICOM file and its bytes contradict each other, the error names both."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from dicom_files import make_dataset
from dicom_matrix import codecs
from dicom_reading import pixels, raw_frames, refusal
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

MALFORMED, UNSUPPORTED, TRUNCATED = "source-malformed", "source-unsupported", "source-truncated"
H, W = 40, 48
RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (H, W)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (H, W, 3)).astype(np.uint8)
SMOOTH = np.stack(
    [np.add.outer(np.arange(H) * 2, np.arange(W) * k).astype(np.uint8) for k in (1, 2, 3)], axis=-1
)


def jpeg(image: np.ndarray = SMOOTH, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


def wrapped(
    frames: list[bytes], syntax: str, image: np.ndarray = COLOUR, bot: bool = True, **tags: object
) -> Dataset:
    """An encapsulated file: one fragment a frame."""
    dataset = make_dataset(image)
    dataset.file_meta.TransferSyntaxUID = syntax
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.PixelData = encapsulate(frames, has_bot=bot)
    dataset["PixelData"].VR = "OB"
    return dataset


def luma_of(data: bytes) -> np.ndarray:
    """The luma that a JPEG holds, by libjpeg."""
    held = Image.open(io.BytesIO(data))
    held.draft("L", held.size)
    return np.asarray(held)


def without(data: bytes, marker: int) -> bytes:
    """A JPEG without its segments of one kind."""
    at = 2
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0] + 2
        if data[at + 1] == marker:
            return without(data[:at] + data[at + length :], marker)
        at += length
    return data


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
        ({"WindowCenter": [5, 6], "WindowWidth": [5]}, ("WindowWidth has 1",)),
    ],
    ids=lambda value: str(value)[:70],
)
def test_a_header_that_contradicts_itself_is_refused(
    tags: dict[str, object], words: tuple[str, ...]
) -> None:
    assert refusal(make_dataset(GREY, **tags), *words) == MALFORMED


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


def test_implicit_bytes_behind_an_explicit_syntax_are_read_as_they_are() -> None:
    data = codecs.saved(make_dataset(GREY, ImplicitVRLittleEndian))
    swapped = data.replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2\0", 1)
    np.testing.assert_array_equal(raw_frames(swapped)[0], GREY)


@pytest.mark.parametrize("tag", ["FloatPixelData", "DoubleFloatPixelData"])
def test_float_pixels_are_refused_by_name(tag: str) -> None:
    dataset = make_dataset(GREY)
    del dataset.PixelData
    setattr(dataset, tag, bytes(H * W * 8))
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
        (palette(16, 256, np.arange(256).astype("<u2").tobytes()), ("16 bits", "8")),
        (palette(8, 256, WORDS), ("allowed are 8 bits",)),
        (palette(12, 256, WORDS), ("12 bits",)),
        (palette(16, 255, WORDS), ("512 bytes for 255",)),
        (palette(16, 256, WORDS[:-2]), ("510 bytes for 256",)),
        (palette(16, 256, WORDS, first=256), ("begins at 256", "Bits Stored is 8")),
        (palette(16, 256, WORDS, GreenPaletteColorLookupTableDescriptor=[200, 0, 16]), ("same",)),
    ],
    ids=["bytes-in-16", "words-of-8", "16-in-8", "12", "count", "short", "first", "green"],
)
def test_palettes_that_contradict_themselves_are_refused(
    dataset: Dataset, words: tuple[str, ...]
) -> None:
    if "same" in words:
        dataset.GreenPaletteColorLookupTableDescriptor = [200, 0, 16]
    assert refusal(dataset, *words) == MALFORMED


def test_a_segment_of_a_palette_that_points_elsewhere_is_refused() -> None:
    dataset = palette(16, 256, WORDS)
    for colour in ("Red", "Green", "Blue"):
        delattr(dataset, f"{colour}PaletteColorLookupTableData")
        segments = np.array([0, 2, 1, 2, 2, 1, 0, 0], "<u2").tobytes()
        setattr(dataset, f"Segmented{colour}PaletteColorLookupTableData", segments)
    assert refusal(dataset, "segment of kind 2") == UNSUPPORTED


# JPEG: what its components are


RGB_JPEG = jpeg(keep_rgb=True)


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (jpeg(subsampling="4:2:0"), "RGB"),
        (without(jpeg(subsampling="4:2:2"), 0xE0), "RGB"),
        (jpeg(subsampling="4:4:4"), "RGB"),  # a JFIF marker stands for YCbCr
        (jpeg(subsampling="4:4:4"), "YBR_FULL"),
        (without(jpeg(subsampling="4:4:4"), 0xE0), "YBR_FULL"),
        (jpeg(subsampling="4:2:0"), "YBR_FULL"),
        (jpeg(subsampling="4:4:4"), "YBR_FULL_422"),
    ],
    ids=["420-rgb", "422-bare-rgb", "444-jfif-rgb", "444", "444-bare", "420", "444-as-422"],
)
def test_a_jpeg_of_luma_and_chroma_is_its_own_luma(data: bytes, declared: str) -> None:
    dataset = wrapped([data], JPEGBaseline8Bit, PhotometricInterpretation=declared)
    np.testing.assert_array_equal(pixels(dataset), luma_of(data))


@pytest.mark.parametrize("data", [RGB_JPEG, without(RGB_JPEG, 0xEE)], ids=["adobe", "by-names"])
def test_a_jpeg_of_rgb_is_rgb_and_not_luma(data: bytes) -> None:
    expected = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(pixels(wrapped([data], JPEGBaseline8Bit)), expected)
    for declared in ("YBR_FULL", "YBR_FULL_422"):
        dataset = wrapped([data], JPEGBaseline8Bit, PhotometricInterpretation=declared)
        assert refusal(dataset, declared, "RGB by its markers") == MALFORMED


def renamed(data: bytes, names: tuple[int, int, int]) -> bytes:
    """A JPEG whose components have other names."""
    changed = bytearray(data)
    frame, scan = data.index(b"\xff\xc0") + 10, data.index(b"\xff\xda") + 5
    for k, name in enumerate(names):
        changed[frame + 3 * k] = changed[scan + 2 * k] = name
    return bytes(changed)


BARE = without(jpeg(subsampling="4:4:4"), 0xE0)


def test_a_jpeg_without_any_mark_is_what_the_header_says() -> None:
    plain = renamed(BARE, (0, 1, 2))
    held = Image.open(io.BytesIO(plain))
    held.draft("YCbCr", held.size)
    np.testing.assert_array_equal(pixels(wrapped([plain], JPEGBaseline8Bit)), np.asarray(held))


def test_a_jpeg_with_the_names_of_ycbcr_alone_is_not_taken_for_rgb() -> None:
    dataset = wrapped([BARE], JPEGBaseline8Bit)
    assert refusal(dataset, "is RGB", "named 1, 2 and 3") == MALFORMED


def test_a_jpeg_whose_marks_contradict_each_other_is_refused() -> None:
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    both = jpeg()[:2] + adobe + jpeg()[2:]
    assert refusal(wrapped([both], JPEGBaseline8Bit), "two colour spaces") == MALFORMED


# codestreams: size, components, precision, process


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (wrapped([jpeg()], JPEGBaseline8Bit, Rows=41), ("40 rows", "says 41")),
        (wrapped([jpeg()], JPEGBaseline8Bit, Columns=47), ("48 columns", "says 47")),
        (wrapped([jpeg(GREY)], JPEGBaseline8Bit), ("1 components", "says 3")),
        (wrapped([jpeg()], JPEGBaseline8Bit, GREY), ("3 components", "says 1")),
        (wrapped([jpeg(progressive=True)], JPEGBaseline8Bit), ("SOF2",)),
        (wrapped([jpeg()], JPEGLosslessSV1), ("JPEG Lossless", "SOF0")),
        (wrapped([jpeg()], JPEGLSLossless), ("JPEG-LS",)),
        (wrapped([jpeg()], JPEG2000Lossless), ("begins with ffd8",)),
        (wrapped([jpeg()], RLELossless), ("RLE",)),
        (wrapped([jpeg() + jpeg()], JPEGBaseline8Bit), ("behind its end",)),
        (wrapped([jpeg(GREY)], JPEGBaseline8Bit, GREY, BitsAllocated=16, BitsStored=12, HighBit=11),
         ("precision of 8", "High Bit is 11")),
        (wrapped([codecs.jpeg_ls(GREY, 8, 0)], JPEGLSLossless, GREY, Rows=39), ("40 rows",)),
        (wrapped([codecs.jpeg2000(GREY, 8, False, False)], JPEG2000Lossless, GREY, Columns=40),
         ("48 columns",)),
        (wrapped([codecs.jpeg2000(GREY.astype(int) - 128, 8, True, False)], JPEG2000Lossless, GREY),
         ("signed", "PixelRepresentation is 0")),
        (wrapped([codecs.jpeg2000(COLOUR, 8, False, False)], JPEG2000Lossless,
                 PhotometricInterpretation="YBR_RCT"), ("without a component transform",)),
        (wrapped([codecs.jpeg2000(COLOUR, 8, False, True)], JPEG2000Lossless,
                 PhotometricInterpretation="YBR_FULL"), ("YBR_FULL", "component transform")),
        (wrapped([codecs.rle(GREY, 1)], RLELossless, COLOUR), ("1 RLE segments", "needs 3")),
        (wrapped([codecs.rle(COLOUR, 1)], RLELossless, PhotometricInterpretation="YBR_FULL_422"),
         ("YBR_FULL_422", "RLE")),
        (wrapped([jpeg(GREY)], JPEGBaseline8Bit, GREY, PhotometricInterpretation="PALETTE COLOR",
                 RedPaletteColorLookupTableDescriptor=[256, 0, 16]), ("Palette",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_codestream_that_the_header_contradicts_is_refused(
    dataset: Dataset, words: tuple[str, ...]
) -> None:
    assert refusal(dataset, *words) == MALFORMED


def test_rle_that_holds_more_or_less_than_a_frame_is_refused() -> None:
    longer, shorter = np.vstack([GREY, GREY[:1]]), GREY[:-1]
    assert refusal(wrapped([codecs.rle(longer, 1)], RLELossless, GREY), "holds more") == MALFORMED
    assert refusal(wrapped([codecs.rle(shorter, 1)], RLELossless, GREY), "holds 18") == TRUNCATED


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

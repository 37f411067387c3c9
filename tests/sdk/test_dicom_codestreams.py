"""A codestream is what its own header says, and the DICOM header must say the same."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.sdk.dicom_jpegs import (
    COLOUR,
    GREY,
    MALFORMED,
    TRUNCATED,
    jpeg,
    luma_of,
    renamed,
    without,
    wrapped,
)
from tests.sdk.dicom_matrix import codecs
from tests.sdk.dicom_reading import pixels, refusal

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


def test_rle_may_hold_codes_that_do_nothing() -> None:
    plain = codecs.rle(GREY, 1)
    padded = plain[:64] + b"\x80" + plain[64:] + b"\x80"
    np.testing.assert_array_equal(pixels(wrapped([padded], RLELossless, GREY)), GREY)


# JPEG: a decoder makes up what a scan doesn't hold, and says so at most in a warning


WIDE = GREY.astype(np.uint16) * 16 + 5
TWELVE_BITS = {"BitsStored": 12, "HighBit": 11}
WHOLE_JPEGS = {
    "baseline": (jpeg(), JPEGBaseline8Bit, COLOUR, {}),
    "baseline-grey": (jpeg(GREY), JPEGBaseline8Bit, GREY, {}),
    "baseline-rgb": (RGB_JPEG, JPEGBaseline8Bit, COLOUR, {}),
    "restarts": (jpeg(restart_marker_blocks=2), JPEGBaseline8Bit, COLOUR, {}),
    "lossless": (imagecodecs.jpeg8_encode(GREY, lossless=True), JPEGLosslessSV1, GREY, {}),
    "lossless-rgb": (imagecodecs.jpeg8_encode(COLOUR, lossless=True), JPEGLosslessSV1, COLOUR, {}),
    "extended-12": (
        imagecodecs.jpeg8_encode(WIDE, bitspersample=12), JPEGExtended12Bit, WIDE, TWELVE_BITS,
    ),
    "lossless-12": (
        imagecodecs.ljpeg_encode(WIDE, bitspersample=12), JPEGLosslessSV1, WIDE, TWELVE_BITS,
    ),
    "lossless-16": (
        imagecodecs.ljpeg_encode(WIDE * 16, bitspersample=16), JPEGLosslessSV1, WIDE, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("missing", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("kind", WHOLE_JPEGS)
def test_a_scan_that_ends_early_is_refused_though_an_end_of_image_follows(
    kind: str, missing: float
) -> None:
    data, syntax, image, tags = WHOLE_JPEGS[kind]
    pixels(wrapped([data], syntax, image, **tags))
    scan = data.index(b"\xff\xda")
    kept = len(data) - 2 - max(2, int(missing * (len(data) - scan - 30)))
    cut = data[:kept].rstrip(b"\xff") + b"\xff\xd9"
    assert refusal(wrapped([cut], syntax, image, **tags), "frame 0") in (MALFORMED, TRUNCATED)


def test_a_scan_without_one_of_its_restart_intervals_is_refused() -> None:
    data, syntax, image, _ = WHOLE_JPEGS["restarts"]
    third, fourth = data.index(b"\xff\xd2"), data.index(b"\xff\xd3")
    dataset = wrapped([data[:third] + data[fourth:]], syntax, image)
    assert refusal(dataset, "cannot be decoded") == MALFORMED


@pytest.mark.parametrize("kind", ["baseline-grey", "extended-12"])
def test_a_sequential_scan_with_senseless_parameters_is_read(kind: str) -> None:
    data, syntax, image, tags = WHOLE_JPEGS[kind]
    parameters = data.index(b"\xff\xda") + 7
    odd = data[:parameters] + bytes(3) + data[parameters + 3 :]  # as some scanners write them
    np.testing.assert_array_equal(
        pixels(wrapped([odd], syntax, image, **tags)),
        pixels(wrapped([data], syntax, image, **tags)),
    )


def test_a_jfif_marker_of_an_unknown_revision_is_no_damage() -> None:
    data = jpeg(GREY)
    newer = data.replace(b"JFIF\0\x01", b"JFIF\0\x02")
    np.testing.assert_array_equal(pixels(wrapped([newer], JPEGBaseline8Bit, GREY)), luma_of(data))


@pytest.mark.parametrize("kind", WHOLE_JPEGS)
def test_fill_bytes_before_the_end_of_image_are_no_damage(kind: str) -> None:
    data, syntax, image, tags = WHOLE_JPEGS[kind]
    filled = data[:-2] + b"\xff" + data[-2:]
    np.testing.assert_array_equal(
        pixels(wrapped([filled], syntax, image, **tags)),
        pixels(wrapped([data], syntax, image, **tags)),
    )

"""What each decoder gives is arranged, clipped and bounded as the header says."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from sdk.sources import base
from sdk.sources.dicom import fragments
from sdk.sources.dicom.codestream import is_padding
from tests.sdk.dicom_files import make_dataset
from tests.sdk.dicom_jpegs import COLOUR, GREY, MALFORMED, SMOOTH, jpeg, luma_of, wrapped
from tests.sdk.dicom_matrix import codecs
from tests.sdk.dicom_reading import pixels, raw_frames, refusal

DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
RAMP = np.add.outer(np.arange(40) * 3, np.arange(48) * 2).clip(0, 255).astype(np.uint8)

# samples


@pytest.mark.parametrize("stored", [7, 6])
def test_a_lossy_frame_is_clipped_to_the_bits_that_are_stored(stored: int) -> None:
    data = jpeg(RAMP)
    most = 2**stored - 1
    expected = luma_of(data).clip(0, most) * (255 / most)
    dataset = wrapped([data], JPEGBaseline8Bit, RAMP, BitsStored=stored, HighBit=stored - 1)
    np.testing.assert_allclose(pixels(dataset), expected, atol=0.501)


@pytest.mark.parametrize("stored", [7, 6])
def test_a_signed_lossy_frame_is_clipped_at_both_ends(stored: int) -> None:
    data = jpeg(RAMP)
    half = 2 ** (stored - 1)
    expected = luma_of(data).view(np.int8).astype(int).clip(-half, half - 1)
    dataset = wrapped(
        [data], JPEGBaseline8Bit, RAMP, BitsStored=stored, HighBit=stored - 1,
        PixelRepresentation=1,
    )  # fmt: skip
    levels = (expected + half) * (255 / (2 * half - 1))
    np.testing.assert_allclose(pixels(dataset), levels, atol=0.501)


@pytest.mark.parametrize("interleave", [0, 1, 2], ids=["planes", "lines", "samples"])
def test_jpeg_ls_of_any_interleaving_is_exact(interleave: int) -> None:
    data = codecs.jpeg_ls(COLOUR, 8, interleave)
    np.testing.assert_array_equal(pixels(wrapped([data], JPEGLSLossless)), COLOUR)


@pytest.mark.parametrize("bits", [4, 7, 12, 16])
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_jpeg_lossless_of_other_than_8_bits_is_exact(bits: int, image: np.ndarray) -> None:
    samples = (image.astype(np.uint32) * (2**bits - 1) // 255).astype(
        np.uint8 if bits <= 8 else np.uint16
    )
    data = bytes(imagecodecs.jpeg8_encode(samples, lossless=True, bitspersample=bits))
    dataset = wrapped([data], JPEGLosslessSV1, samples, BitsStored=bits, HighBit=bits - 1)
    expected = samples * (255 / (2**bits - 1))
    np.testing.assert_allclose(pixels(dataset), expected, atol=0.501)


# what lies beside the samples


@pytest.mark.parametrize("rest", [b"\0" * 6, b"\xff\0\xff\0"], ids=repr)
def test_what_pads_a_codestream_to_a_length_is_no_damage(rest: bytes) -> None:
    data = jpeg(GREY) + rest
    dataset = wrapped([data], JPEGBaseline8Bit, GREY)
    np.testing.assert_array_equal(pixels(dataset), luma_of(jpeg(GREY)))


def test_any_one_byte_pads_and_two_must_be_fill_bytes() -> None:
    assert all(map(is_padding, (b"", b"x", b"\0\0", b"\xff\0")))
    assert not is_padding(b"xx")


def test_two_bytes_behind_a_codestream_that_pad_nothing_are_refused() -> None:
    dataset = wrapped([jpeg(GREY) + b"xx"], JPEGBaseline8Bit, GREY)
    assert refusal(dataset, "behind its end") == MALFORMED


def deflated(cells: bytes, image: np.ndarray) -> Dataset:
    return wrapped([codecs.deflate(cells)], DEFLATED_FRAMES, image)


def test_a_deflated_frame_may_be_padded_to_an_even_length_and_no_further() -> None:
    odd = GREY[:3, :3].copy()
    np.testing.assert_array_equal(pixels(deflated(odd.tobytes() + b"\0", odd)), odd)
    longer = deflated(odd.tobytes() + bytes(2), odd)
    assert refusal(longer, "more than the 9 bytes") == MALFORMED


def test_a_deflated_colour_frame_needs_its_planar_configuration() -> None:
    np.testing.assert_array_equal(pixels(deflated(COLOUR.tobytes(), COLOUR)), COLOUR)
    dataset = deflated(COLOUR.tobytes(), COLOUR)
    del dataset.PlanarConfiguration
    assert refusal(dataset, "PlanarConfiguration is missing") == MALFORMED


def test_single_bits_are_not_compressed_but_by_deflate() -> None:
    dataset = wrapped(
        [codecs.rle(GREY, 1)], RLELossless, GREY, BitsAllocated=1, BitsStored=1, HighBit=0
    )
    assert refusal(dataset, "BitsAllocated", "is 1", "RLE") == MALFORMED


# bounds


def test_each_frame_is_announced_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[int] = []
    monkeypatch.setattr(base, "on_declared_pixels", announced.append)
    raw_frames(codecs.saved(make_dataset(np.stack([GREY] * 3).reshape(120, 48), Rows=40,
                                         NumberOfFrames=3)))  # fmt: skip
    assert announced == [48 * 40] * (1 + 3)  # the header, and each frame


def test_a_frame_of_more_compressed_bytes_than_twice_its_size_and_a_mebibyte_is_refused() -> None:
    most = 2 * GREY.size + 2**20
    largest = wrapped([jpeg(GREY).ljust(most, b"\0")], JPEGBaseline8Bit, GREY)
    np.testing.assert_array_equal(pixels(largest), luma_of(jpeg(GREY)))
    larger = wrapped([jpeg(GREY).ljust(most + 2, b"\0")], JPEGBaseline8Bit, GREY)
    assert refusal(larger, f"allowed are {most}") == "source-too-large"


def test_more_fragments_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = wrapped([], JPEGBaseline8Bit, GREY)
    dataset.PixelData = encapsulate([jpeg(GREY)], fragments_per_frame=3)
    monkeypatch.setattr(fragments, "_MAX_FRAGMENTS", 3)
    np.testing.assert_array_equal(pixels(dataset), luma_of(jpeg(GREY)))
    monkeypatch.setattr(fragments, "_MAX_FRAGMENTS", 2)
    assert refusal(dataset, "more than 2 fragments") == "source-too-large"


def test_an_offset_table_longer_than_its_frames_is_not_read() -> None:
    dataset = wrapped([jpeg(GREY)] * 2, JPEGBaseline8Bit, GREY, NumberOfFrames=2)
    two = dataset.PixelData
    dataset.PixelData = two[:4] + b"\x0c" + two[5:16] + bytes(4) + two[16:]
    assert refusal(dataset, "has 12 bytes, but Number of Frames is 2") == MALFORMED


@pytest.mark.parametrize("padding", [2, 14])
def test_frames_are_told_apart_where_zeros_pad_them(padding: int) -> None:
    plain = [jpeg(np.roll(SMOOTH, k, axis=0)) for k in range(2)]
    frames = [data + bytes(padding - len(data) % 2) for data in plain]
    dataset = wrapped([], JPEGBaseline8Bit, NumberOfFrames=2)
    dataset.PixelData = encapsulate(frames, fragments_per_frame=2, has_bot=False)
    got = raw_frames(codecs.saved(dataset))
    for levels, data in zip(got, frames, strict=True):
        np.testing.assert_array_equal(levels, luma_of(data))

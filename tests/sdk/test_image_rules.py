"""Where the readers of image formats draw a line: the last that is read, the first that isn't."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sdk import SourceError, sources
from sdk.sources.base import MAX_FRAMES
from sdk.sources.images.bmp_rle import indices_of_runs
from sdk.sources.images.common import check_count, exactly, grey, to_8_bits
from sdk.sources.images.pillow import decoded, open_image, samples
from sdk.sources.images.tiff_shown import show
from tests.sdk import image_other_files as other
from tests.sdk import image_png_files as png
from tests.sdk.frames_shown import read
from tests.sdk.image_refusals import GREY, J2K, jpeg, renamed, saved, without_jfif


def refused(data: bytes, slug: str, word: str) -> None:
    with pytest.raises(SourceError) as caught:
        list(sources.open(io.BytesIO(data)))
    assert caught.value.slug == slug, str(caught.value)
    assert word in str(caught.value)


def test_as_many_images_are_read_as_is_allowed() -> None:
    assert check_count("x", MAX_FRAMES) == MAX_FRAMES
    for count, slug in ((MAX_FRAMES + 1, "source-too-large"), (0, "source-no-pixels")):
        with pytest.raises(SourceError) as caught:
            check_count("x", count)
        assert caught.value.slug == slug


def test_a_part_of_a_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    for count, slug in ((0, None), (5, None), (6, "source-truncated"), (-1, "source-truncated")):
        with path.open("rb") as file:
            if slug is None:
                assert exactly(file, count, "x") == b"12345"[:count]
                continue
            with pytest.raises(SourceError) as caught:
                exactly(file, count, "x")
            assert caught.value.slug == slug
    with path.open("rb") as file:
        file.seek(1)
        with pytest.raises(SourceError):
            exactly(file, 5, "x")


@pytest.mark.parametrize("top", [1, 3, 15, 127, 200, 254, 255, 1023, 65535])
def test_values_are_scaled_to_the_nearest_grey_level(top: int) -> None:
    values = np.unique(np.linspace(0, top, 400).astype(np.uint16))
    nearest = [int(Fraction(int(value) * 255, top) + Fraction(1, 2)) for value in values]
    assert to_8_bits(values, top).tolist() == nearest


def test_grey_of_more_than_8_bits_keeps_its_values_and_says_what_is_white() -> None:
    few, more = grey(np.array([[0, 255]]), 255), grey(np.array([[0, 256]]), 256)
    assert (few.pixels.dtype, few.pixels.tolist()) == (np.uint8, [[0, 255]])
    assert (more.pixels.dtype, more.pixels.tolist(), more.window) == (
        np.uint16,
        [[0, 256]],
        (0, 256),
    )


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"\2\1\0\0\2\3\0", "source-truncated"),
        (b"\2\1\0\0\2\3", "source-truncated"),
        (b"\2\1\0\1", "source-unsupported"),
        (b"\2\1\0\0\1\3\0\1", "source-unsupported"),
        (b"\2\1\0\2\0\1", "source-unsupported"),
        (b"\3\1\0\0", "source-malformed"),
        (b"\1\1\0\3\1\2\3\0", "source-malformed"),
        (b"\2\1\0\0\0\3\1", "source-malformed"),
    ],
    ids=["cut in a pair", "cut before its end", "ends a row early", "ends a pixel early",
         "moves on", "run too long", "literal run too long", "literal run cut"],
)  # fmt: skip
def test_run_lengths_that_do_not_fill_the_image_are_refused(data: bytes, slug: str) -> None:
    with pytest.raises(SourceError) as caught:
        indices_of_runs(data, 2, 2, "x", nibbles=False)
    assert caught.value.slug == slug


@pytest.mark.parametrize("end", [b"\0\0\0\1", b"\0\1", b"\0\0"])
def test_run_lengths_may_end_with_the_last_row_or_with_the_image(end: bytes) -> None:
    found = indices_of_runs(b"\2\1\0\0\2\3" + end, 2, 2, "x", nibbles=False)
    assert found.tolist() == [[1, 1], [3, 3]]


@pytest.mark.parametrize(
    ("compression", "word"), [(4, "compression JPEG"), (5, "compression PNG"), (9, "compression 9")]
)
def test_a_bmp_in_a_compression_that_is_not_read_names_it(compression: int, word: str) -> None:
    refused(other.bmp(bytes(64), 24, compression=compression), "source-unsupported", word)


def test_a_bmp_without_a_plane_is_refused() -> None:
    data = bytearray(saved(np.dstack([GREY] * 3), "BMP"))
    data[26:28] = b"\0\0"
    refused(bytes(data), "source-unsupported", "0 planes")


def test_a_bmp_of_16_bits_with_a_mask_of_alpha_is_read() -> None:
    rows = np.full((other.H, other.W), 0xFC1F, "<u2")  # opaque red and blue, no green
    data = other.bmp(
        other.padded(rows, 16), 16, compression=6, masks=(0x7C00, 0x03E0, 0x001F, 0x8000)
    )
    (shown,) = read(data)
    assert np.unique(np.asarray(shown)[..., 0]).tolist() == [255]
    assert np.unique(np.asarray(shown)[..., 1]).tolist() == [0]


def test_a_riff_file_that_is_no_webp_is_of_no_known_kind() -> None:
    refused(b"RIFF\x24\0\0\0WAVEfmt " + bytes(24), "source-unknown-kind", "")
    refused(b"XIFF\x24\0\0\0WEBPVP8 " + bytes(24), "source-unknown-kind", "")


def test_a_gif_without_an_image_holds_none() -> None:
    refused(b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0, 0, 0) + b";", "source-no-pixels", "no image")


def test_a_gifs_frame_outside_its_screen_is_refused_with_both_sizes() -> None:
    data = b"GIF89a" + struct.pack("<HHBBB", 20, 10, 0, 0, 0)
    data += b"," + struct.pack("<HHHHB", 0, 0, 21, 10, 0)
    refused(data + bytes(9), "source-malformed", "21 x 10 at (0, 0) on a screen of 20 x 10")


@pytest.mark.parametrize("block", [b"\5\0\0\0\0\0\0", b"\4\0\0"], ids=["long", "cut"])
def test_a_graphic_control_extension_of_another_length_is_refused(block: bytes) -> None:
    data = b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0, 0, 0) + b"!\xf9" + block
    refused(data, "source-malformed", "of the wrong length")


PROCESSES = {
    0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical",
    0xC9: "arithmetic", 0xCA: "arithmetic", 0xCB: "arithmetic lossless", 0xCD: "hierarchical",
    0xCE: "hierarchical", 0xCF: "hierarchical",
}  # fmt: skip


@pytest.mark.parametrize("marker", PROCESSES)
def test_a_jpeg_process_that_is_not_read_is_named(marker: int) -> None:
    data = jpeg(GREY).replace(b"\xff\xc0", bytes([0xFF, marker]), 1)
    refused(data, "source-unsupported", f"a {PROCESSES[marker]} JPEG")


def test_jfif_means_something_in_its_own_segment_alone() -> None:
    data = renamed(without_jfif(jpeg(subsampling=0)), b"RGB")
    plain = read(data)
    assert not isinstance(plain, str)
    elsewhere = data[:2] + b"\xff\xe5\0\x07JFIF\0" + data[2:]
    np.testing.assert_array_equal(read(elsewhere), plain)
    refused(data[:2] + b"\xff\xe0\0\x07JFIF\0" + data[2:], "source-malformed", "JFIF says YCbCr")


def j2k_layers(count: int) -> bytes:
    at = J2K.index(b"\xff\x52")
    return J2K[: at + 6] + struct.pack(">H", count) + J2K[at + 8 :]


def test_a_jpeg_2000_of_too_many_layers_or_with_packed_headers_is_refused() -> None:
    assert not isinstance(read(J2K), str)
    refused(j2k_layers(65_535), "source-unsupported", "quality layers")
    at = J2K.index(b"\xff\x52")
    packed = J2K[:at] + b"\xff\x60\0\3\0" + J2K[at:]
    refused(packed, "source-unsupported", "packed packet headers (PPM)")


@pytest.mark.parametrize(
    ("mode", "size"), [("RGB", (32, 24)), ("L", (24, 32)), ("RGB", (24, 32))],
    ids=["mode", "size", "both"],
)  # fmt: skip
def test_a_decoder_that_gives_another_picture_than_the_header_is_refused(
    mode: str, size: tuple[int, int]
) -> None:
    data = saved(GREY, "BMP")
    np.testing.assert_array_equal(samples(data, "BMP", "x", "L", (32, 24)), GREY)
    says = f"decoded to 32 x 24 of mode L, its header says {size[0]} x {size[1]} of mode {mode}"
    with pytest.raises(SourceError, match=says) as caught:
        samples(data, "BMP", "x", mode, size)
    assert caught.value.slug == "source-malformed"


@pytest.mark.parametrize(
    ("raised", "slug"),
    [
        (EOFError("e"), "source-truncated"),
        (IndexError("i"), "source-truncated"),
        (struct.error("s"), "source-truncated"),
        (OSError("image file is truncated"), "source-truncated"),
        (OSError("broken data stream"), "source-malformed"),
        (SourceError("source-too-large", "t"), "source-too-large"),
        (MemoryError(), None),
    ],
    ids=str,
)
def test_what_pillow_raises_becomes_a_source_error(raised: Exception, slug: str | None) -> None:
    class Broken:
        def load(self) -> None:
            raise raised

    with pytest.raises(MemoryError if slug is None else SourceError) as caught:
        decoded(Broken(), "x", ("L",), (1, 1))
    assert getattr(caught.value, "slug", None) == slug


def test_a_file_that_pillow_cannot_open_is_a_source_error() -> None:
    with pytest.raises(SourceError, match="cannot be decoded") as caught:
        open_image(b"BM" + bytes(9), "PNG", "x")
    assert caught.value.slug == "source-malformed"


def apng(*controls: bytes) -> bytes:
    """A PNG of 4 x 4 with so many frames, each of whose data is the whole picture's."""
    data = png.image_data(np.zeros((4, 4, 1), int), 8, 0)
    body = [png.chunk(b"acTL", struct.pack(">II", len(controls), 0))]
    number = 0
    for at, control in enumerate(controls):
        body.append(png.chunk(b"fcTL", struct.pack(">I", number) + control))
        number += 1
        if at == 0:
            body.append(png.chunk(b"IDAT", data))
            continue
        body.append(png.chunk(b"fdAT", struct.pack(">I", number) + data))
        number += 1
    return png.png(png.ihdr(4, 4, 8, 0), *body)


def control(width: int, height: int, left: int, top: int) -> bytes:
    return struct.pack(">IIIIHHBB", width, height, left, top, 1, 10, 0, 0)


@pytest.mark.parametrize("place", [(4, 4, 1, 0), (4, 4, 0, 1), (0, 4, 0, 0), (4, 0, 0, 0)])
def test_a_frame_of_an_animation_outside_its_picture_is_refused(
    place: tuple[int, int, int, int],
) -> None:
    whole = control(4, 4, 0, 0)
    assert len(read(apng(whole, whole))) == 2
    told = f"a frame of {place[0]} x {place[1]} at ({place[2]}, {place[3]})"
    refused(apng(whole, control(*place)), "source-malformed", told)


def test_a_picture_after_a_frame_of_its_animation_is_refused() -> None:
    whole, data = control(4, 4, 0, 0), png.image_data(np.zeros((4, 4, 1), int), 8, 0)
    chunks = [
        png.chunk(b"acTL", struct.pack(">II", 2, 0)),
        png.chunk(b"fcTL", struct.pack(">I", 0) + whole), png.chunk(b"IDAT", data),
        png.chunk(b"fcTL", struct.pack(">I", 1) + whole), png.chunk(b"IDAT", data),
    ]  # fmt: skip
    refused(png.png(png.ihdr(4, 4, 8, 0), *chunks), "source-malformed", "IDAT after a frame")


def test_a_pnm_that_ends_early_says_what_there_is_of_it() -> None:
    refused(b"P5 8 9 255\n" + bytes(70), "source-truncated", "holds 70 of 72 bytes")
    refused(b"P2 2 2 9\n1 2 3", "source-truncated", "holds 3 of 4 samples")


def test_the_header_of_a_pnm_ends_within_64_kib() -> None:
    for comment, read_so in ((65_500, True), (65_540, False)):
        data = b"P5\n#" + b"x" * comment + b"\n2 2 9\n" + bytes(4)
        assert isinstance(read(data), list) == read_so


def nearest(values: np.ndarray) -> np.ndarray:
    return np.floor(values + 0.5).astype(np.uint8)


def test_tiff_samples_are_shown_as_their_photometric_says() -> None:
    rng = np.random.default_rng(0)
    grey_8, ink = rng.integers(0, 256, (9, 7, 1), np.uint8), rng.integers(0, 256, (9, 7, 4))
    alpha = rng.integers(0, 256, (9, 7), np.uint8)
    values = grey_8[..., 0].astype(float)

    def shown(colours: np.ndarray, photometric: int, **more: object) -> np.ndarray:
        usual = {"alpha": None, "bits": 8, "color_map": (), "name": "x", "associated": False}
        return show(colours=colours, photometric=photometric, **usual | more).pixels

    np.testing.assert_array_equal(shown(grey_8, 1), values)
    np.testing.assert_array_equal(shown(grey_8, 0), 255 - values)
    over_black = nearest(values * alpha / 255)
    np.testing.assert_array_equal(shown(grey_8, 1, alpha=alpha), over_black)
    np.testing.assert_array_equal(shown(grey_8, 1, alpha=alpha, associated=True), values)
    light = nearest((255.0 - ink[..., :3]) * (255.0 - ink[..., 3:]) / 255)
    np.testing.assert_array_equal(shown(ink.astype(np.uint8), 5), light)

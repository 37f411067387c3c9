"""What an image file says twice, leaves out, or would cost too much: refused, by name."""

from __future__ import annotations

import io
import os
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from sdk import SdkError, sources
from sdk.sources import host
from sdk.sources.images import common
from tests.sdk import image_other_files as other
from tests.sdk import image_png_files as png
from tests.sdk import image_tiff_files as tiff
from tests.sdk.frames_shown import read
from tests.sdk.image_refusals import GREY, J2K, REFUSED, RGB, boxed, jpeg, saved, written


def error(data: bytes) -> SdkError:
    with pytest.raises(SdkError) as caught:
        list(sources.open(io.BytesIO(data)))
    return caught.value


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_read_rightly_is_refused_by_name(what: str) -> None:
    data, slug, said = REFUSED[what]
    found = error(data)
    assert found.slug == slug, str(found)
    assert said in str(found)


def samples() -> Iterator[tuple[str, bytes]]:
    yield "png", saved(RGB, "PNG")
    yield "apng", saved(RGB, "PNG", save_all=True, append_images=[Image.fromarray(255 - RGB)])
    yield "jpeg", jpeg()
    yield "progressive", jpeg(progressive=True)
    yield "gif", saved(GREY, "GIF")
    yield "bmp", saved(RGB, "BMP")
    yield "webp", saved(RGB, "WEBP")
    yield "webp lossless", saved(RGB, "WEBP", lossless=True)
    yield "ppm", saved(RGB, "PPM")
    yield "j2k", J2K
    yield "jp2", boxed(J2K, 16)
    for compression in (None, "lzw", "zlib", "packbits"):
        yield f"tiff {compression}", written(RGB, compression=compression)
    yield "big tiff", written(RGB, bigtiff=True, tile=(16, 16), compression="lzw")


@pytest.mark.parametrize("name", dict(samples()))
def test_no_beginning_of_a_file_is_a_picture(name: str) -> None:
    data = dict(samples())[name]
    assert isinstance(read(data), list)
    for end in sorted({*range(4, len(data) - 2, max(1, len(data) // 40)), len(data) - 3}):
        assert read(data[:end]) in {
            "source-truncated",
            "source-malformed",
            "source-unknown-kind",
        }, end


@pytest.mark.parametrize("compression", ["lzw", "zlib", "packbits"])
def test_a_strip_that_ends_early_is_no_picture(compression: str) -> None:
    """The file is whole; its strip was cut when it was written."""
    data = bytearray(written(RGB, compression=compression))
    page = tifffile.TiffFile(io.BytesIO(data)).pages[0]
    tag = page.tags[279]
    size = tag.value[0]
    for left in (1, size // 3, size // 2, size - 9):
        changed = bytearray(data)
        start = page.dataoffsets[0]
        changed[start + left : start + size] = b""
        changed[start + left : start + left] = bytes(size - left)
        struct.pack_into("<I" if tag.dtype == 4 else "<H", changed, tag.valueoffset, left)
        allowed = {"source-truncated"} if compression == "zlib" else {"source-malformed"}
        assert read(bytes(changed)) in allowed, left


def image_data_cut(data: bytes) -> bytes:
    """A PNG whose image data ends early, with its check sums right."""
    return png.png(png.ihdr(32, 24, 8, 0), png.chunk(b"IDAT", data))


def test_png_data_that_ends_early_is_no_picture() -> None:
    whole = png.image_data(GREY[..., None], 8, 0)
    assert isinstance(read(image_data_cut(whole)), list)
    for end in range(1, len(whole), 7):
        assert read(image_data_cut(whole[:end])) == "source-truncated", end
    for rows in (1, 20, 23):
        short = zlib.compress(png.raster(GREY[:rows, :, None], 8))
        assert read(image_data_cut(short)) == "source-truncated"
    long = zlib.compress(png.raster(np.vstack([GREY, GREY])[..., None], 8))
    assert read(image_data_cut(long)) == "source-malformed"


def test_gif_data_that_ends_early_is_no_picture() -> None:
    head = b"GIF89a" + struct.pack("<HHBBB", 32, 24, 0x81, 0, 0) + bytes(range(12))
    place = b"," + struct.pack("<HHHHB", 0, 0, 32, 24, 0)
    for rows in (1, 12, 23):
        data = head + place + other.lzw(GREY[:rows] % 4, 2) + b";"
        assert read(data) in {"source-truncated", "source-malformed"}, rows


def test_a_png_whose_check_sum_is_wrong_is_no_picture() -> None:
    data = png.png(png.ihdr(32, 24, 8, 0), png.chunk(b"IDAT", zlib.compress(bytes(33 * 24))))
    assert isinstance(read(data), list)
    for at in (20, 30, data.index(b"IDAT") + 1, data.index(b"IDAT") + 9, len(data) - 1):
        assert read(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]) == "source-malformed", at


def test_a_codestream_without_one_of_its_tiles_is_no_picture() -> None:
    data = saved(RGB, "JPEG2000", tile_size=(16, 16), no_jp2=True)
    assert isinstance(read(data), list)
    first = data.index(b"\xff\x90")
    second = data.index(b"\xff\x90", first + 2)
    assert read(data[:first] + data[second:]) == "source-truncated"


@pytest.mark.parametrize("begins", [b"\xff\xd8\xff", b"GIF89a", b"\xff\x4f\xff\x51"])
def test_a_file_that_memory_cannot_hold_is_refused(begins: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    path.write_bytes(begins)
    os.truncate(path, 1 << 32)
    with pytest.raises(SdkError) as caught:
        list(sources.open(path))
    assert caught.value.slug == "source-too-costly"
    assert "4294967296 bytes would be in memory at once, allowed are 520093696" in str(caught.value)
    assert isinstance(read(saved(RGB, "PNG")), list)


def test_as_much_is_read_at_once_as_memory_allows_and_no_byte_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(common, "MAX_READ_BYTES", 8)
    path = tmp_path / "bytes"
    path.write_bytes(b"123456789")
    with path.open("rb") as file:
        assert common.exactly(file, 8, "n") == b"12345678"
        with pytest.raises(SdkError, match="9 bytes") as caught:
            common.exactly(file, 9, "n")
        assert caught.value.slug == "source-too-costly"
        assert file.tell() == 8


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99])
def test_a_codestream_that_ends_early_is_no_picture(share: float) -> None:
    """Boxes, chunks and tile parts tell the size that is there; data of the picture is not."""
    noise = np.random.default_rng(0).integers(0, 256, RGB.shape).astype(np.uint8)
    for level, reversible in ((0, True), (60, False)):
        data = imagecodecs.jpeg2k_encode(
            noise, codecformat="j2k", level=level, reversible=reversible
        )
        part, start = data.index(b"\xff\x90"), data.index(b"\xff\x93") + 2
        end = start + int((len(data) - 2 - start) * share)
        cut = bytearray(data[:end] + b"\xff\xd9")
        struct.pack_into(">I", cut, part + 6, end - part)
        assert read(bytes(cut)) in {"source-truncated", "source-malformed"}
    for options in ({"lossless": True}, {"quality": 80}):
        data = saved(noise, "WEBP", **options)
        size = int((len(data) - 20) * share) // 2 * 2
        cut = bytearray(data[: 20 + size])
        struct.pack_into("<I", cut, 4, 12 + size)
        struct.pack_into("<I", cut, 16, size)
        assert read(bytes(cut)) in {"source-truncated", "source-malformed"}


def directory(entries: list[tuple[int, int, int, int]], following: int) -> bytes:
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + table + struct.pack("<I", following)


def pages_of_a_tiff(count: int) -> bytes:
    entries = [(256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, 1, 4), (279, 4, 1, 1)]  # fmt: skip
    page = directory(entries, 0)[:-4]
    size = len(page) + 4
    following = [8 + size * at for at in range(1, count)] + [0]
    return b"II*\0" + struct.pack("<I", 8) + b"".join(
        page + struct.pack("<I", offset) for offset in following
    )  # fmt: skip


def big_png(body: bytes, *chunks: bytes, width: int = 8000, height: int = 8000) -> bytes:
    return png.png(png.ihdr(width, height, 8, 0), *chunks, png.chunk(b"IDAT", body))


def gif_frames(count: int) -> bytes:
    screen = b"GIF89a" + struct.pack("<HHBBB", 4000, 4000, 0x81, 0, 0) + bytes(range(12))
    return (
        screen
        + (b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + other.lzw(np.zeros(1), 2)) * count
        + b";"
    )


def test_pages_in_a_circle_are_told_as_such() -> None:
    assert "circle" in str(error(COSTLY["pages in a circle"]))


BOMB = zlib.compress(bytes(1 << 26), 9)
COSTLY: dict[str, bytes] = {
    "a comment of 30 MB": b"P5\n#" + b"x" * 30_000_000 + b"\n1 1 255\n\0",
    "99,000 pages": pages_of_a_tiff(99_000),
    "200,000 pages": pages_of_a_tiff(200_000),
    "pages in a circle": b"II*\0" + struct.pack("<I", 8) + directory([(256, 4, 1, 1)], 8),
    "a million strips": tiff.by_hand(b"", 8, entries={257: (10**6,), 278: (1,)}),
    "strips without end": b"II*\0" + struct.pack("<I", 8) + directory([(273, 4, 2**32 - 1, 0)], 0),
    "text that inflates": big_png(b"", png.chunk(b"zTXt", b"a\0\0" + BOMB), width=4, height=4),
    "a profile that inflates": big_png(b"", png.chunk(b"iCCP", b"a\0\0" + BOMB), width=4, height=4),
    "pixels that inflate": big_png(BOMB, width=4, height=4),
    "a wall of plain text": b"P2 8000 8000 255\n" + b" " * 10**7,
    "plain samples": b"P3 4000 4000 255\n" + b"1 " * 4000 * 4000 * 3,
    "3,000 scans": REFUSED["too many scans"][0],
    "GIF frames": gif_frames(120_000),
    "WebP canvas": b"RIFF"
    + struct.pack("<I", 22)
    + b"WEBPVP8X"
    + struct.pack("<I", 10)
    + bytes(4)
    + b"\xff" * 6,
    "J2K of 1,192 bytes": REFUSED["60000 x 60000"][0].ljust(1192, b"\0"),
}


@pytest.mark.parametrize("what", COSTLY)
def test_what_would_take_all_time_or_memory_is_bounded(what: str, tmp_path: Path) -> None:
    path = tmp_path / "costly"
    path.write_bytes(COSTLY[what])
    list(sources.open(io.BytesIO(b"P5 1 1 255\n\0")))  # a process is there
    start, cpu = time.monotonic(), children_cpu_s()
    try:
        for _ in sources.open(path):
            if time.monotonic() - start > 2:
                break
    except SdkError:
        pass
    assert children_cpu_s() - cpu < 6
    assert len(list(sources.open(io.BytesIO(b"P5 1 1 255\n\0")))) == 1


def children_cpu_s() -> float:
    """CPU time of the decoding processes, ended or not."""

    ended = os.times()
    total = ended.children_user + ended.children_system
    for worker in list(host.live):
        fields = Path(f"/proc/{worker._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def test_an_image_of_the_largest_size_is_read_within_the_limits() -> None:
    body = zlib.compress(bytes(8001) * 8000, 1)
    got = read(big_png(body))
    assert isinstance(got, list)
    assert got[0].shape == (8000, 8000)

"""What an image file says twice, leaves out, or would cost too much: refused, by name."""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import image_other_files as other
import image_png_files as png
import image_tiff_files as tiff
import imagecodecs
import numpy as np
import pytest
import simplejpeg
import tifffile
from frames_shown import read
from PIL import Image

from sdk import SdkError, sources
from sdk.sources import pool

GREY = (np.arange(24 * 32) % 256).astype(np.uint8).reshape(24, 32)
RGB = np.dstack([GREY, GREY.T.reshape(24, 32), 255 - GREY])


def error(data: bytes | Path) -> SdkError:
    with pytest.raises(SdkError) as caught:
        list(sources.open(io.BytesIO(data) if isinstance(data, bytes) else data))
    return caught.value


def saved(image: np.ndarray, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getvalue()


def written(array: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, metadata=None, **options)
    return buffer.getvalue()


def tagged(bits: int = 8, samples: int = 1, **tags: Any) -> bytes:
    rows = bytes(tiff.H * tiff.W * samples * ((bits + 7) // 8))
    said = {int(tag[1:]): value for tag, value in tags.items()}
    return tiff.by_hand(rows, bits, entries=said)


def jpeg(image: np.ndarray = RGB, **options: Any) -> bytes:
    return saved(image, "JPEG", **options)


def renamed(data: bytes, ids: bytes) -> bytes:
    """Give the components of a JPEG other names, in its frame and scan headers."""
    changed = bytearray(data)
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    for at, name in enumerate(ids):
        changed[frame + 10 + 3 * at] = changed[scan + 5 + 2 * at] = name
    return bytes(changed)


def without_jfif(data: bytes) -> bytes:
    return data.replace(b"JFIF\0", b"XFIF\0")


def adobe(data: bytes, transform: int) -> bytes:
    marker = b"\xff\xee\0\x0eAdobe\0\x64" + bytes(4) + bytes([transform])
    return data[:2] + marker + data[2:]


def png_of(colour: int, depth: int, *chunks: bytes) -> bytes:
    channels = png.CHANNELS[colour]
    samples = np.zeros((4, 4, channels), int)
    return png.png(
        png.ihdr(4, 4, depth, colour),
        *chunks,
        png.chunk(b"IDAT", png.image_data(samples, depth, 0)),
    )


def tiff_frames(pages: int, **options: Any) -> bytes:
    return written(np.zeros((pages, 16, 16), np.uint8), **options)


def cmyk_without_adobe() -> bytes:
    data = io.BytesIO()
    Image.fromarray(RGB).convert("CMYK").save(data, "JPEG")
    return data.getvalue().replace(b"Adobe", b"Xdobe")


def boxed(codestream: bytes, colours: int, *more: bytes) -> bytes:
    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(body), kind) + body

    width, height, components = 32, 24, struct.unpack_from(">H", codestream, 40)[0]
    header = box(b"ihdr", struct.pack(">IIHBBBB", height, width, components, 7, 7, 0, 0))
    header += box(b"colr", b"\1\0\0" + struct.pack(">I", colours)) + b"".join(
        box(b[:4], b[4:]) for b in more
    )
    return (b"\0\0\0\x0cjP  \r\n\x87\n" + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + box(b"jp2h", header)
            + box(b"jp2c", codestream))  # fmt: skip


J2K = imagecodecs.jpeg2k_encode(RGB, codecformat="j2k", level=0, reversible=True)
REFUSED: dict[str, tuple[bytes, str, str]] = {
    # TIFF: what isn't on the list of what is read
    "float": (written(np.zeros((9, 9), np.float32)), "source-unsupported", "floating-point"),
    "signed 16": (written(np.zeros((9, 9), np.int16)), "source-unsupported", "signed"),
    "signed 8": (written(np.zeros((9, 9), np.int8)), "source-unsupported", "signed"),
    "32 bits": (written(np.zeros((9, 9), np.uint32)), "source-unsupported", "32"),
    "JPEG in TIFF": (written(RGB, photometric="ycbcr", compression="jpeg"), "source-unsupported", "YCbCr"),
    "JPEG in grey TIFF": (written(GREY, compression="jpeg"), "source-unsupported", "JPEG"),
    "CCITT": (saved(GREY > 99, "TIFF", compression="group4"), "source-unsupported", "CCITT"),
    "YCbCr": (tagged(8, 3, t262=(6,), t277=(3,), t258=(8, 8, 8)), "source-unsupported", "YCbCr"),
    "Lab": (tagged(8, 3, t262=(8,), t277=(3,), t258=(8, 8, 8)), "source-unsupported", "CIELab"),
    "raw sensor": (tagged(t262=(32803,)), "source-unsupported", "colour filter"),
    "predictor 3": (tagged(t317=(3,)), "source-unsupported", "Predictor"),
    "predictor without codec": (tagged(t317=(2,)), "source-unsupported", "Predictor"),
    "bits differ": (tagged(8, 3, t262=(2,), t277=(3,), t258=(5, 6, 5)), "source-unsupported", "BitsPerSample"),
    "grey with three samples": (tagged(8, 3, t277=(3,), t258=(8, 8, 8)), "source-malformed", "SamplesPerPixel"),
    "RGB with one sample": (tagged(t262=(2,)), "source-malformed", "SamplesPerPixel"),
    "RGB with four samples": (tagged(8, 4, t262=(2,), t277=(4,), t258=(8,) * 4), "source-malformed", "ExtraSamples"),
    "palette without table": (tagged(t262=(3,)), "source-malformed", "ColorMap"),
    "palette of another size": (tagged(t262=(3,), t320=(1,) * 48), "source-malformed", "ColorMap"),
    "orientation 9": (tagged(t274=(9,)), "source-malformed", "Orientation"),
    "planar 3": (tagged(t284=(3,)), "source-malformed", "PlanarConfiguration"),
    "inks": (tagged(8, 4, t262=(5,), t277=(4,), t258=(8,) * 4, t332=(2,)), "source-unsupported", "InkSet"),
    "strips that don't add up": (tagged(t278=(5,)), "source-malformed", "make"),
    "strip too short": (tagged(t279=(5,)), "source-truncated", "bytes"),
    "strip beyond the end": (tagged(t273=(10**6,)), "source-truncated", "beyond"),
    "only a thumbnail": (tagged(t254=(1,)), "source-no-pixels", "reduced"),
    "ImageJ stack": (tagged(t270=tuple(b"ImageJ=1.53\nimages=7\n")), "source-unsupported", "7 images"),
    # PNG
    "palette index": (png_of(3, 8, png.chunk(b"PLTE", b"")), "source-malformed", "PLTE"),
    "no palette": (png_of(3, 8), "source-malformed", "PLTE"),
    "grey with palette": (png_of(0, 8, png.chunk(b"PLTE", b"123")), "source-malformed", "PLTE"),
    "depth": (png.png(png.ihdr(4, 4, 4, 2)), "source-malformed", "colour type"),
    "Apple's": (png.png(png.ihdr(4, 4, 8, 0), png.chunk(b"CGBI", b"")), "source-unsupported", "critical"),
    "two in a row": (saved(GREY, "PNG") * 2, "source-unsupported", "in a row"),
    "no image data": (png.png(png.ihdr(4, 4, 8, 0)), "source-malformed", "IDAT"),
    "transparent 16-bit colour": (png_of(2, 16, png.chunk(b"tRNS", bytes(6))), "source-unsupported", "tRNS"),
    # JPEG
    "CMYK without Adobe": (cmyk_without_adobe(), "source-unsupported", "Adobe"),
    "RGB, and subsampled": (adobe(without_jfif(jpeg()), 0), "source-malformed", "subsampling"),
    "RGB, and JFIF": (adobe(jpeg(subsampling=0), 0), "source-malformed", "JFIF"),
    "RGB by name, and JFIF": (renamed(jpeg(subsampling=0), b"RGB"), "source-malformed", "JFIF"),
    "RGB by name, subsampled": (renamed(without_jfif(jpeg()), b"RGB"), "source-malformed", "subsampling"),
    "nobody says": (renamed(without_jfif(jpeg(subsampling=0)), b"\5\6\7"), "source-unsupported", "doesn't say"),
    "lossless": (imagecodecs.ljpeg_encode(GREY), "source-unsupported", "lossless"),
    "multi-picture": (saved(RGB, "MPO", save_all=True, append_images=[Image.fromarray(RGB)]),
                      "source-unsupported", "multi-picture"),
    "12 bits": (imagecodecs.jpeg8_encode(GREY.astype(np.uint16), bitspersample=12), "source-unsupported", "12 bits"),
    "a scan is missing": (
        (lambda d: d[: d.rindex(b"\xff\xda")] + b"\xff\xd9")(jpeg(progressive=True)), "source-truncated", "scans"),
    "a restart is missing": (
        (lambda d: d[: d.index(b"\xff\xd1")] + d[d.index(b"\xff\xd2"):])(jpeg(restart_marker_blocks=1)),
        "source-malformed", "damaged"),
    "too many scans": (
        (lambda d: d[:-2] + d[d.rindex(b"\xff\xda"):-2] * 3000 + d[-2:])(jpeg(progressive=True)),
        "source-unsupported", "scans"),
    # JPEG 2000
    "one colour of three": (boxed(J2K, 17), "source-malformed", "colr"),
    "signed": (J2K[:42] + b"\x87" + J2K[43:], "source-unsupported", "signed"),
    "subsampled": (J2K[:46] + b"\2" + J2K[47:], "source-unsupported", "subsampled"),
    "palette": (boxed(J2K, 16, b"pclr12345"), "source-unsupported", "pclr"),
    "alpha": (boxed(J2K, 16, b"cdef" + struct.pack(">HHHH", 1, 2, 1, 0)), "source-unsupported", "cdef"),
    "60000 x 60000": (J2K[:8] + struct.pack(">II", 60_000, 60_000) + J2K[16:24] + struct.pack(">II", 60_000, 60_000)
                      + J2K[32:], "source-too-large", "60000"),
    "16-bit colour": (imagecodecs.jpeg2k_encode(RGB.astype(np.uint16) * 256, codecformat="j2k"),
                      "source-unsupported", "16 bits"),
    # the others
    "GIF beyond its screen": (
        (lambda d: d[:6] + struct.pack("<HH", 9, 9) + d[10:])(saved(GREY, "GIF")), "source-malformed", "screen"),
    "WebP of two sizes": (
        (lambda d: d.replace(b"VP8X\n\0\0\0\x10\0\0\0\x1f", b"VP8X\n\0\0\0\x10\0\0\0\x2f"))(
            saved(np.dstack([RGB, GREY]), "WEBP", quality=50)), "source-malformed", "size"),
    "two WebPs": (saved(RGB, "WEBP") * 2, "source-unsupported", "in a row"),
    "BMP hidden by its alpha": (
        other.bmp(bytes(4 * other.W * other.H), 32, header=124, compression=3,
                  masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000)), "source-malformed", "alpha"),
    "BMP masks that overlap": (
        other.bmp(bytes(4 * other.W * other.H), 32, compression=3, masks=(0xFF, 0xFF, 0xFF00)),
        "source-malformed", "masks"),
    "BMP runs that leave out": (
        other.bmp(b"\0\1", 8, compression=1, table=bytes(1024)), "source-unsupported", "leave out"),
    "BMP of OS/2 2.x": (other.bmp(bytes(other.H * 28), 8, header=64), "source-unsupported", "header of 64"),
    "PAM": (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\0", "source-unsupported", "PAM"),
    "PFM": (b"Pf\n1 1\n-1.0\n\0\0\0\0", "source-unsupported", "PFM"),
    "above maxval": (b"P5 2 1 7\n\1\xff", "source-malformed", "maxval"),
    "maxval 0": (b"P5 2 1 0\n\0\0", "source-malformed", "maxval"),
    "bytes after a PGM": (b"P5 2 1 255\n\0\0junk", "source-malformed", "no further image"),
    "a sample too many": (b"P2 2 1 255\n1 2 3", "source-malformed", "declares"),
    "a minus": (b"P2 2 1 255\n1 -2", "source-malformed", "raster"),
}  # fmt: skip


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


@pytest.mark.parametrize(
    ("name", "data"), samples(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_beginning_of_a_file_is_a_picture(name: str, data: bytes) -> None:
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
        assert read(bytes(changed)) in {"source-truncated", "source-malformed"}, left


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


def directory(entries: list[tuple[int, int, int, int]], following: int) -> bytes:
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + table + struct.pack("<I", following)


def pages_of_a_tiff(count: int) -> bytes:
    entries = [(256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, 1, 4), (279, 4, 1, 1)]  # fmt: skip
    size = 2 + 12 * len(entries) + 4
    return b"II*\0" + struct.pack("<I", 8) + b"".join(
        directory(entries, 8 + size * (at + 1) if at + 1 < count else 0) for at in range(count)
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
    "WebP canvas": b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff" * 6,
    "J2K of 1,192 bytes": REFUSED["60000 x 60000"][0].ljust(1192, b"\0"),
}  # fmt: skip


@pytest.mark.parametrize("what", COSTLY)
def test_what_would_take_all_time_or_memory_is_bounded(what: str, tmp_path: Path) -> None:
    path = tmp_path / "costly"
    path.write_bytes(COSTLY[what])
    list(sources.open(io.BytesIO(b"P5 1 1 255\n\0")))  # a process is there
    start, cpu = time.monotonic(), children_cpu_s()
    try:
        for _ in sources.open(path):
            if time.monotonic() - start > 5:
                break
    except SdkError as found:
        assert found.slug.startswith("source-")
    assert children_cpu_s() - cpu < 6
    assert len(list(sources.open(io.BytesIO(b"P5 1 1 255\n\0")))) == 1


def children_cpu_s() -> float:
    """CPU time of the decoding processes, ended or not."""
    import os

    ended = os.times()
    total = ended.children_user + ended.children_system
    for worker in list(pool._live):
        fields = Path(f"/proc/{worker._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def test_an_image_of_the_largest_size_is_read_within_the_limits() -> None:
    body = zlib.compress(bytes(8001) * 8000, 1)
    got = read(big_png(body))
    assert isinstance(got, list)
    assert got[0].shape == (8000, 8000)
    wide = simplejpeg.encode_jpeg(np.zeros((8000, 8000, 1), np.uint8), 50, "GRAY", "Gray")
    assert isinstance(read(wide), list)

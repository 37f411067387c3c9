"""What the main header of a JPEG 2000 frame says of it, on codestreams written by hand (T.800)."""

from __future__ import annotations

import struct

import pytest

from sdk.codestreams import Cut, Damaged
from sdk.sources.dicom.codestream import Foreign
from sdk.sources.dicom.jpeg2000 import read_jpeg2000

EOC = b"\xff\xd9"
LOSSY, LOSSLESS = 0, 1


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">HH", marker, len(body) + 2) + body


def siz(
    corners: tuple[int, int, int, int] = (0, 0, 64, 48),
    tile: tuple[int, int, int, int] = (0, 0, 64, 48),
    components: bytes = b"\x07\x01\x01",
) -> bytes:
    """Corners are left, top, right, bottom; a tile is left, top, width, height."""
    left, top, right, bottom = corners
    numbers = (right, bottom, left, top, *tile[2:], *tile[:2])
    count = len(components) // 3
    return segment(0xFF51, struct.pack(">H8IH", 0, *numbers, count) + components)


def cod(
    layers: int = 1, transform: int = 0, levels: int = 1, wavelet: int = LOSSLESS,
    precincts: bytes = b"",
) -> bytes:  # fmt: skip
    style = struct.pack(">BBHBB", bool(precincts), 0, layers, transform, levels)
    return segment(0xFF52, style + bytes((4, 4, 0, wavelet)) + precincts)


TILE_PART = struct.pack(">HHHIBB", 0xFF90, 10, 0, 14, 0, 1) + b"\xff\x93"


def stream(size: bytes = siz(), style: bytes = cod(), tiles: bytes = TILE_PART) -> bytes:
    return b"\xff\x4f" + size + style + tiles + EOC


def test_a_main_header_is_read_field_by_field() -> None:
    read = read_jpeg2000(stream(siz((2, 1, 66, 49), (0, 0, 66, 49), b"\x8b\x01\x01")))
    assert (read.width, read.height, read.components) == (64, 48, 1)
    assert (read.precision, read.signed) == (12, True)
    assert (read.process, read.colour, read.subsampled) == (0, None, False)


@pytest.mark.parametrize(("wavelet", "lossy"), [(LOSSY, True), (LOSSLESS, False)])
def test_the_wavelet_tells_whether_it_is_lossy(wavelet: int, lossy: bool) -> None:
    assert read_jpeg2000(stream(style=cod(wavelet=wavelet))).lossy is lossy


@pytest.mark.parametrize(("count", "transformed"), [(1, False), (2, False), (3, True)])
def test_a_component_transform_takes_three_components(count: int, transformed: bool) -> None:
    data = stream(siz(components=b"\x07\x01\x01" * count), cod(transform=1))
    assert read_jpeg2000(data).transformed is transformed


@pytest.mark.parametrize(
    "tile", [(0, 0, 66, 49), (2, 1, 64, 48), (1, 0, 65, 49), (2, 0, 32, 49), (0, 1, 100, 100)]
)
def test_tiles_may_begin_before_the_image(tile: tuple[int, int, int, int]) -> None:
    assert read_jpeg2000(stream(siz((2, 1, 66, 49), tile))).width == 64


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (stream(siz((2, 1, 66, 49), (3, 1, 64, 48))), "don't cover"),
        (stream(siz((2, 1, 66, 49), (2, 2, 64, 48))), "don't cover"),
        (stream(siz(tile=(0, 0, 0, 48))), "no size"),
        (stream(siz(tile=(0, 0, 64, 0))), "no size"),
        (stream(siz(tile=(0, 0, 16, 48))), "4 tiles in 64 x 48"),
        (stream(siz(tile=(0, 0, 64, 12))), "4 tiles in 64 x 48"),
        (stream(siz((5, 0, 5, 48))), "0 x 48 pixels"),
        (stream(siz((0, 5, 64, 5))), "64 x 0 pixels"),
        (stream(siz(components=b"")), "0 components"),
        (stream(siz(components=b"\x07\x02\x01")), "subsampled"),
        (stream(siz(components=b"\x07\x01\x02")), "subsampled"),
        (stream(siz(components=b"\x07\x01\x01\x08\x01\x01")), "differ in precision"),
        (stream(style=cod(layers=257)), "257 layers"),
        (stream(style=cod(levels=33)), "33 levels"),
        (stream(style=cod(transform=2)), "component transform 2"),
        (stream(style=cod(precincts=b"\x44\x34")), "less than 16 samples"),
        (stream(style=cod(precincts=b"\x44\x43")), "less than 16 samples"),
        (stream(style=b""), "COD is missing"),
        (stream(style=cod()[:-1].replace(b"\0\x0c", b"\0\x0b", 1)), "COD is missing or short"),
        (stream(tiles=TILE_PART + b"\x12\x34\0\2"), "1234 where a tile-part should begin"),
        (stream() + b"xx", "2 bytes lie behind"),
        (b"\xff\x4f\xff\x52" + stream()[4:], "not with SOC and SIZ"),
    ],
)
def test_what_costs_too_much_or_makes_no_sense_says_why(data: bytes, what: str) -> None:
    with pytest.raises(Damaged, match=what):
        read_jpeg2000(data)


@pytest.mark.parametrize(
    "data",
    [
        stream(siz(tile=(0, 0, 22, 48))),  # three of 1024 pixels each
        stream(siz((0, 0, 3, 3), (0, 0, 3, 3))),  # one, however small
        stream(style=cod(layers=256)),
        stream(style=cod(levels=32)),
        stream(style=cod(precincts=b"\x44\x44")),
        stream(style=cod() + cod(layers=999)),  # the first counts
        stream() + bytes(4),
        stream(tiles=struct.pack(">HHHIBB", 0xFF90, 10, 0, 0, 0, 1) + b"\xff\x93ab"),
    ],
)
def test_what_stays_within_the_bounds_is_read(data: bytes) -> None:
    assert read_jpeg2000(data).components == 1


def test_what_ends_early_is_cut_and_a_jp2_file_is_foreign() -> None:
    for data in (stream()[:30], b"\xff\x4f" + siz() + cod() + EOC, stream(tiles=b"")[:-2]):
        with pytest.raises(Cut):
            read_jpeg2000(data)
    with pytest.raises(Foreign, match="JP2"):
        read_jpeg2000(b"\0\0\0\x0cjP  \r\n\x87\n" + stream())

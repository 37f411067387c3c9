"""The walks of JPEG and JPEG 2000 markers, on bytes written by hand from T.81, T.87 and T.800."""

from __future__ import annotations

import pytest

from sdk.codestreams import Cut, Damaged, jpeg, jpeg2000, word

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
COMMENT = b"\xff\xfe\x00\x05abc"
SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
LS_SCAN = b"\xff\xf7\x00\x02" + SCAN
SIZ = b"\xff\x51\x00\x29" + bytes(2) + b"".join(
    n.to_bytes(4, "big") for n in (30, 20, 2, 1, 16, 8, 0, 1)
) + b"\x00\x01\x07\x01\x01"  # fmt: skip


def tile_part(length: int, data: bytes = b"", header: int = 10) -> bytes:
    head = header.to_bytes(2, "big") + b"\x00\x03" + length.to_bytes(4, "big") + b"\x00\x01"
    return b"\xff\x90" + head + b"\xff\x93" + data


@pytest.mark.parametrize(
    ("data", "markers"),
    [
        (SOI + COMMENT + EOI, [0xFE, 0xD9]),
        (SOI + b"\xff\xff\xff" + COMMENT + b"\xff" + EOI, [0xFE, 0xD9]),  # fill bytes
        (SOI + b"\xff\x01\xff\xd3" + EOI, [0x01, 0xD3, 0xD9]),  # no length behind TEM and RST
        # stuffed bytes, restarts and fill bytes are entropy-coded data
        (SOI + SCAN + b"\x12\xff\x00\xff\xd0\xff\xff\x00\x34" + EOI, [0xDA, 0xD9]),
        # JPEG-LS stuffs a bit: below 0x80 is data, which in JPEG would be a marker
        (SOI + LS_SCAN + b"\x12\xff\x7f\x34" + EOI + COMMENT, [0xF7, 0xDA, 0xD9]),
    ],
)
def test_a_jpeg_is_walked_from_marker_to_marker(data: bytes, markers: list[int]) -> None:
    behind = b"ab" + data
    for given in (behind, memoryview(behind)):
        segments = list(jpeg.segments(given, 2))
        assert [segment.marker for segment in segments] == markers
        assert segments[0].start == 4
        for segment in segments:
            assert given[segment.start] == 0xFF
            assert behind[: segment.end].endswith(segment.body)


@pytest.mark.parametrize(
    ("data", "error", "what"),
    [
        (b"\xff\xd9", Damaged, "begins with ffd9"),
        (SOI + b"\x00\x00", Damaged, "0000 where a marker should be, at byte 2"),
        (SOI + b"\xff\x00", Damaged, "ff00 where"),
        (SOI + SOI, Damaged, "ffd8 where"),
        (SOI + b"\xff\xfe\x00\x01", jpeg.WrongLength, "length of 1"),
        (SOI, Cut, "without EOI"),
        (SOI + b"\xff", Cut, "without EOI"),
        (SOI + b"\xff\xff", Cut, "without EOI"),
        (SOI + b"\xff\xfe\x00", Cut, "inside a segment"),
        (SOI + COMMENT[:-1], Cut, "inside a segment"),
        (SOI + SCAN + b"\x12\xff\x00", Cut, "inside a scan"),
    ],
)
def test_a_jpeg_that_breaks_off_or_makes_no_sense_says_where(
    data: bytes, error: type[Damaged], what: str
) -> None:
    with pytest.raises(Damaged, match=what) as raised:
        list(jpeg.segments(data))
    assert raised.type is error


def test_a_word_that_is_not_there_is_no_number_of_16_bits() -> None:
    assert word(b"\x12\x34\x56", 1) == 0x3456
    assert [word(b"\x12\x34", at) for at in (1, 2)] == [-1, -1]


def test_headers_of_a_jpeg_are_read_field_by_field() -> None:
    frame = jpeg.frame_header(b"\x0c\x01\x02\x03\x04\x02\x01\x22\x00\x02\x11\x00")
    assert (frame.precision, frame.height, frame.width) == (12, 0x102, 0x304)
    assert frame.names == (1, 2)
    assert frame.is_subsampled
    scan = jpeg.scan_header(b"\x02\x01\x00\x02\x11\x05\x3f\x21")
    assert scan == (b"\x01\x02", 5, 63, 1)
    for read, body in (
        (jpeg.frame_header, b"\x08\0\1\0\1\2\1\x11\0"),
        (jpeg.scan_header, b"\1\1\0"),
    ):
        with pytest.raises(Damaged, match="wrong length"):
            read(body)


def test_the_segments_and_tile_parts_of_a_jpeg_2000_follow_one_another() -> None:
    data = b"\xff\x4f" + SIZ + tile_part(16, b"ab") + tile_part(0, b"\xff\xd9cd") + b"\xff\xd9"
    at, read = 2, []
    while not read or read[-1].marker != jpeg2000.EOC:
        read.append(jpeg2000.read_segment(data, at))
        at = read[-1].end
    assert [segment.marker for segment in read] == [0xFF51, 0xFF90, 0xFF90, 0xFFD9]
    assert [segment.is_open for segment in read] == [False, False, True, False]
    assert read[1].body[:2] == b"\x00\x03"
    assert (read[2].end, at) == (len(data) - 2, len(data))
    size = jpeg2000.image_size(read[0].body)
    assert size[:8] == (30, 20, 2, 1, 16, 8, 0, 1)
    assert size.components == (b"\x07\x01\x01",)
    assert size.is_complete
    assert not jpeg2000.image_size(read[0].body[:-1]).is_complete


@pytest.mark.parametrize(
    ("data", "error", "what"),
    [
        (b"\x00\x00\x00\x00", Damaged, "0000 of length 0 where"),
        (b"\xff\x00\x00\x04ab", Damaged, "FF00 of length 4 where"),
        (b"\xff\x64\x00\x01", Damaged, "FF64 of length 1"),
        (b"\xff", Cut, "without EOC"),
        (b"\xff\x64\x00", Cut, "inside a segment"),
        (b"\xff\x64\x00\x04a", Cut, "inside a segment"),
        (tile_part(14)[:11], Cut, "inside the header of a tile-part"),
        (tile_part(15), Cut, "inside a tile-part"),
        (tile_part(0, b"ab"), Cut, "without EOC"),
        (tile_part(13), Damaged, "a tile-part has 13 bytes"),
        (tile_part(14, header=9), Damaged, "the header of a tile-part has 9 bytes"),
    ],
)
def test_a_jpeg_2000_segment_that_breaks_off_or_makes_no_sense_says_how(
    data: bytes, error: type[Damaged], what: str
) -> None:
    with pytest.raises(Damaged, match=what) as raised:
        jpeg2000.read_segment(data, 0)
    assert raised.type is error

"""What the headers of a JPEG frame say of it, on codestreams written by hand from T.81 and T.87."""

from __future__ import annotations

import struct

import pytest

from sdk.codestreams import Damaged
from sdk.sources.dicom.jpeg import read_jpeg

BASELINE, LOSSLESS, JPEG_LS = 0xC0, 0xC3, 0xF7
APP0, APP1, APP14, RESERVED, DNL = 0xE0, 0xE1, 0xEE, 0x02, 0xDC
RGB, COUNTED, OTHER = b"RGB", b"\1\2\3", b"\x07\x08\x09"
EOI = b"\xff\xd9"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def frame(names: bytes, size: tuple[int, int] = (5, 4), *, first: int = 0x11) -> bytes:
    width, height = size
    samplings = [first, *[0x11] * len(names)]
    components = b"".join(bytes((name, samplings[k], 0)) for k, name in enumerate(names))
    return struct.pack(">BHHB", 8, height, width, len(names)) + components


def scan(names: bytes, near: int = 0) -> bytes:
    head = bytes((len(names),)) + b"".join(bytes((name, 0)) for name in names)
    return segment(0xDA, head + bytes((near, 0, 0))) + b"data"


def stream(
    names: bytes = RGB, before: bytes = b"", process: int = BASELINE, near: int = 0,
    **shape: object,
) -> bytes:  # fmt: skip
    header = segment(process, frame(names, **shape))  # type: ignore[arg-type]
    return b"\xff\xd8" + before + header + scan(names, near) + EOI


def adobe(transform: int, marker: int = APP14, name: bytes = b"Adobe") -> bytes:
    return segment(marker, name + b"\0\x64\0\0\0\0" + bytes((transform,)))


@pytest.mark.parametrize("size", [(1, 7), (7, 1), (1, 1)])
def test_a_frame_may_be_one_pixel_wide_or_high(size: tuple[int, int]) -> None:
    header = read_jpeg(stream(size=size))
    assert (header.width, header.height) == size


@pytest.mark.parametrize("size", [(0, 7), (7, 0)])
def test_a_frame_without_pixels_is_damaged(size: tuple[int, int]) -> None:
    with pytest.raises(Damaged, match=f"{size[0]} x {size[1]} pixels"):
        read_jpeg(stream(size=size))


@pytest.mark.parametrize(
    ("names", "before", "colour"),
    [
        (RGB, b"", "RGB"),
        (COUNTED, b"", "unmarked"),
        (OTHER, b"", None),
        (COUNTED, segment(APP0, b"JFIF\0\1\2"), "YBR"),
        (RGB, segment(RESERVED, b"JFIF\0\1\2"), "RGB"),  # only in APP0 does it stand for anything
        (RGB, segment(APP1, b"JFIF\0\1\2"), "RGB"),
        (COUNTED, segment(APP0, b"JFXX\0\1\2"), "unmarked"),
        (COUNTED, adobe(0), "RGB"),
        (COUNTED, adobe(1), "YBR"),
        (COUNTED, adobe(0, marker=APP1), "unmarked"),
        (COUNTED, adobe(0, name=b"Other"), "unmarked"),
        (COUNTED, adobe(0)[:2] + b"\0\x0d" + adobe(0)[4:-1], "unmarked"),  # too short to say
        (COUNTED[:1], adobe(1), None),
    ],
)
def test_three_components_are_what_their_marks_say(
    names: bytes, before: bytes, colour: str | None
) -> None:
    assert read_jpeg(stream(names, before)).colour == colour


def test_a_component_of_more_samples_stands_for_luma() -> None:
    header = read_jpeg(stream(OTHER, first=0x22))
    assert (header.colour, header.subsampled) == ("YBR", True)


@pytest.mark.parametrize(
    ("process", "near", "lossy"),
    [(BASELINE, 0, True), (LOSSLESS, 0, False), (JPEG_LS, 0, False), (JPEG_LS, 1, True)],
)
def test_only_lossless_processes_without_an_error_allowed_are_lossless(
    process: int, near: int, lossy: bool
) -> None:
    assert read_jpeg(stream(OTHER, process=process, near=near)).lossy is lossy


HEAD = b"\xff\xd8" + segment(BASELINE, frame(RGB))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\xff\xd8" + EOI, "no frame or no scan"),
        (HEAD + EOI, "no frame or no scan"),
        (b"\xff\xd8" + scan(RGB) + EOI, "before its frame"),
        (HEAD + segment(0xDA, b"\0\0\0\0") + EOI, "without components"),
        (stream(b""), "without components|no components"),
        (b"\xff\xd8" + segment(BASELINE, frame(b"")) + scan(RGB) + EOI, "no components"),
        (b"\xff\xd8" + segment(BASELINE, frame(b"")[:5]) + scan(RGB) + EOI, "short one"),
        (HEAD + segment(BASELINE, frame(RGB)) + scan(RGB) + EOI, "two frame headers"),
        (HEAD + scan(b"RG") + EOI, "each component once"),
        (HEAD + scan(b"RG") + scan(b"BR") + EOI, "each component once"),
        (HEAD + scan(RGB) * 2 + EOI, "a component more than once"),
        (HEAD + scan(RGB) + segment(DNL, b"\0\4") + EOI, "height is defined behind"),
        (stream(OTHER, process=LOSSLESS, first=0x21), "lossless with subsampled"),
        (stream(process=0xC2), "process SOF2"),
        (stream(before=segment(0xFE, b"") * 4097), "more than 4096 segments"),
    ],
)
def test_what_is_no_picture_says_why(data: bytes, what: str) -> None:
    with pytest.raises(Damaged, match=what):
        read_jpeg(data)


def test_a_frame_in_a_scan_for_each_component_is_read() -> None:
    data = HEAD + b"".join(scan(RGB[k : k + 1]) for k in range(3)) + EOI
    assert read_jpeg(data).components == 3


def test_as_many_segments_as_allowed_are_read() -> None:
    comments = segment(0xFE, b"") * (4096 - 3)  # beside frame, scan and end
    assert read_jpeg(stream(before=comments)).width == 5
    with pytest.raises(Damaged, match="more than 4096"):
        read_jpeg(stream(before=comments + segment(0xFE, b"")))

"""Headers of JPEG (ITU-T T.81) and JPEG-LS (T.87) codestreams, walked marker by marker."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import Final

from .codestream import Codestream, Cut, Damaged, is_padding

_SOI, _EOI, _SOS, _DNL = 0xD8, 0xD9, 0xDA, 0xDC
_APP0, _APP14 = 0xE0, 0xEE
_LOSSLESS, _JPEG_LS = 0xC3, 0xF7
# frame headers, without the tables DHT, JPG and DAC among their numbers
_FRAME_HEADERS: Final = frozenset({*range(0xC0, 0xD0), _JPEG_LS} - {0xC4, 0xC8, 0xCC})
_LOSSY = (0xC0, 0xC1)
_READ = (*_LOSSY, _LOSSLESS, _JPEG_LS)
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_MAX_SEGMENTS = 4096
_RGB_IDS = tuple(b"RGB")
_JFIF_IDS = (1, 2, 3)
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
# neither the zeros that a decoder puts where data is missing, nor like them in any code
_FILLING = b"\x5a"
# the next marker behind entropy-coded bytes: not a stuffed byte, a restart or a fill byte
_NEXT = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_NEXT_LS = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")


@dataclass
class _Found:
    process: int = 0
    frame: bytes = b""
    jfif: bool = False
    adobe_transform: int | None = None
    scans: int = 0
    scanned: list[int] = field(default_factory=list)
    near: int = 0


def read_jpeg(data: bytes) -> Codestream:
    """Read the headers of one JPEG or JPEG-LS codestream, to its end.

    Args:
        data: of one frame; zeros may pad it.

    Raises:
        Damaged: it breaks the format, is of a process that isn't read here (progressive,
            hierarchical, arithmetic), or something lies behind its end. `Cut` when it ends early.
    """
    found = _walk(data)
    if found.process == 0 or not found.scans:
        raise Damaged("no frame or no scan is in it")
    precision, height, width, count = struct.unpack_from(">BHHB", found.frame)
    if len(found.frame) != 6 + 3 * count or count == 0:
        raise Damaged("its frame header has another length than its components need")
    if height == 0 or width == 0:
        raise Damaged(f"it is {width} x {height} pixels")
    parts = [found.frame[at : at + 3] for at in range(6, len(found.frame), 3)]
    if sorted(found.scanned) != sorted(part[0] for part in parts):
        raise Damaged("its scans don't hold each component once")
    lossless = found.process in (_LOSSLESS, _JPEG_LS)
    subsampled = len({part[1] for part in parts}) > 1
    if subsampled and lossless:
        raise Damaged("it is lossless with subsampled components")
    return Codestream(
        process=found.process, width=width, height=height, components=count, precision=precision,
        signed=False, lossy=not lossless or found.near > 0, subsampled=subsampled,
        colour=None if count != 3 else _colour(found, parts, subsampled),
        transformed=False,
    )  # fmt: skip


def marked(data: bytes, *, rgb: bool) -> bytes:
    """Return a codestream whose only mark of colour says RGB, or YCbCr.

    Args:
        data: that `read_jpeg` read.
        rgb: the components are not to be converted.
    """
    data, segments = _plain(data)
    kept = [data[a:b] for marker, a, b in segments if marker not in (_APP0, _APP14)]
    return data[:2] + _ADOBE + (b"\0" if rgb else b"\1") + b"".join(kept) + data[segments[-1][2] :]


def lengthened(data: bytes) -> bytes:
    """Return a codestream whose last scan has a byte that it doesn't need, if it is complete.

    Args:
        data: that `read_jpeg` read.
    """
    data, _ = _plain(data)
    end = len(data[: data.rindex(bytes((0xFF, _EOI)))].rstrip(b"\xff"))  # before fill bytes
    return data[:end] + _FILLING + data[end:]


def _plain(data: bytes) -> tuple[bytes, list[tuple[int, int, int]]]:
    """Put right what means nothing in a sequential scan: some scanners set it wrong.

    A decoder that is strict refuses it; GDCM forgives one oddity, and this would be the one.
    """
    segments = _before_scan(data)
    if any(marker in _LOSSY for marker, _, _ in segments):
        scan = segments[-1][2]
        data = data[: scan - 3] + b"\0\x3f\0" + data[scan:]
    return data, segments


def _before_scan(data: bytes) -> list[tuple[int, int, int]]:
    """Return marker, start and end of each segment, up to the first scan's header."""
    segments, marker, position = [], 0, 2
    while marker != _SOS:
        start = position
        marker, position = _marker(data, position)
        if marker not in _ALONE:
            _, position = _segment(data, position)
        segments.append((marker, start, position))
    return segments


def _colour(found: _Found, parts: list[bytes], subsampled: bool) -> str | None:
    """Tell the colour space as libjpeg does; RGB is never subsampled."""
    rgb_ids = tuple(part[0] for part in parts) == _RGB_IDS
    marks = set()
    if found.jfif or subsampled or found.adobe_transform == 1:
        marks.add("YBR")
    if found.adobe_transform == 0 or rgb_ids:
        marks.add("RGB")
    if len(marks) > 1:
        raise Damaged("its markers, component names and subsampling name two colour spaces")
    if not marks and tuple(part[0] for part in parts) == _JFIF_IDS:
        return "unmarked"
    return marks.pop() if marks else None


def _walk(data: bytes) -> _Found:
    if data[:2] != bytes((0xFF, _SOI)):
        raise Damaged(f"it begins with {data[:2].hex()}, not with SOI")
    found = _Found()
    position = 2
    for _ in range(_MAX_SEGMENTS):
        marker, position = _marker(data, position)
        if marker == _EOI:
            if not is_padding(data[position:]):
                raise Damaged(f"{len(data) - position} bytes lie behind its end")
            return found
        if marker in _ALONE:
            continue
        body, position = _segment(data, position)
        _note(found, marker, body)
        if marker == _SOS:
            pattern = _NEXT_LS if found.process == _JPEG_LS else _NEXT
            following = pattern.search(data, position)
            if following is None:
                raise Cut("it ends inside a scan")
            position = following.start()
    raise Damaged(f"it has more than {_MAX_SEGMENTS} segments")


def _marker(data: bytes, position: int) -> tuple[int, int]:
    start = position
    while data[position : position + 1] == b"\xff":
        position += 1
    if position >= len(data):
        raise Cut("it ends without EOI")
    if position == start or data[position] in (0x00, _SOI):
        raise Damaged(f"{data[start : start + 2].hex()} where a marker should be")
    return data[position], position + 1


def _segment(data: bytes, position: int) -> tuple[bytes, int]:
    length = int.from_bytes(data[position : position + 2], "big")
    if length < 2:
        raise Damaged(f"a segment has a length of {length}")
    if position + length > len(data):
        raise Cut("it ends inside a segment")
    return data[position + 2 : position + length], position + length


def _note(found: _Found, marker: int, body: bytes) -> None:
    if marker in _FRAME_HEADERS:
        if marker not in _READ:
            raise Damaged(f"it is of process SOF{marker - 0xC0}, which isn't read here")
        if found.process or len(body) < 6:
            raise Damaged("it has two frame headers, or a short one")
        found.process, found.frame = marker, body
    elif marker == _APP0 and body[:5] == b"JFIF\0":
        found.jfif = True
    elif marker == _APP14 and body[:5] == b"Adobe" and len(body) >= 12:
        found.adobe_transform = body[11]
    elif marker == _SOS:
        _note_scan(found, body)
    elif marker == _DNL:
        raise Damaged("its height is defined behind its scan")


def _note_scan(found: _Found, body: bytes) -> None:
    count = body[0] if body else 0
    if not found.process or not count or len(body) != 4 + 2 * count:
        raise Damaged("a scan header has another length than its components need")
    found.scans += 1
    found.scanned += body[1 : 1 + 2 * count : 2]
    if len(found.scanned) > 4:
        raise Damaged("its scans hold a component more than once")
    if found.process == _JPEG_LS:
        found.near = max(found.near, body[1 + 2 * count])

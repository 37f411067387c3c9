"""The segments and headers of JPEG (ITU-T T.81 annex B) and JPEG-LS (T.87 annex C)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from . import Cut, Damaged, word

SOI, EOI, SOS, DNL = 0xD8, 0xD9, 0xDA, 0xDC
APP0, APP1, APP2, APP14 = 0xE0, 0xE1, 0xE2, 0xEE
BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS, JPEG_LS = 0xC0, 0xC1, 0xC2, 0xC3, 0xF7
SEQUENTIAL: Final = (BASELINE, EXTENDED)
# the tables DHT, JPG and DAC have numbers among those of the frame headers
FRAME_HEADERS: Final = frozenset({*range(0xC0, 0xD0), JPEG_LS} - {0xC4, 0xC8, 0xCC})
ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length: TEM and the restarts."""

_START = bytes((0xFF, SOI))
_FILL = re.compile(rb"\xff*")
# what ends entropy-coded data: neither a stuffed byte, nor a restart, nor a fill byte; JPEG-LS
# stuffs a bit, not a byte, so that a byte below 0x80 behind 0xff is data
BEHIND_DATA: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_NEXT_LS = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")


class WrongLength(Damaged):
    """A segment shorter than its own length field; zeros behind a cut look like one."""


class Segment(NamedTuple):
    """A marker and what belongs to it.

    Attributes:
        marker: its second byte.
        start: of the marker, or of the fill bytes before it, in the data.
        body: the bytes behind the length; none for `ALONE` and EOI.
        end: where the segment ends; entropy-coded data may follow a SOS.
    """

    marker: int
    start: int
    body: bytes
    end: int


class FrameHeader(NamedTuple):
    """A frame header (T.81 B.2.2): `width` and `height` in pixels, `precision` in bits a sample."""

    precision: int
    height: int
    width: int
    components: tuple[Component, ...]

    @property
    def names(self) -> tuple[int, ...]:
        """The identifiers of the components."""
        return tuple(component.name for component in self.components)

    @property
    def is_subsampled(self) -> bool:
        """Whether a component has fewer samples than another."""
        return len({component.sampling for component in self.components}) > 1


class Component(NamedTuple):
    """A component: its identifier, and its sampling factors, horizontal in the high four bits."""

    name: int
    sampling: int


class ScanHeader(NamedTuple):
    """A scan header (T.81 B.2.3).

    Attributes:
        components: identifiers of those in the scan.
        first: of the coefficients it brings (Ss); JPEG-LS: the largest error (NEAR).
        last: likewise (Se).
        low: how many low bits of each it leaves to later scans (Al).
    """

    components: bytes
    first: int
    last: int
    low: int


def segments(data: bytes | memoryview, start: int = 0) -> Iterator[Segment]:
    """Yield the segments behind the SOI at `start`, one after the other, up to EOI.

    Nothing is read ahead of the segment that is asked for, and nothing behind the EOI.

    Raises:
        Damaged: no SOI stands there, something else stands where a marker must, or (`WrongLength`)
            a segment is too short. `Cut` when the data ends early.
    """
    if data[start : start + 2] != _START:
        raise Damaged(f"it begins with {bytes(data[start : start + 2]).hex()}, not with SOI")
    at, size, next_marker, marker = start + 2, len(data), BEHIND_DATA, 0
    while marker != EOI:
        begin = at
        at = _behind_fill(data, at)
        marker = data[at]
        end = at = at + 1
        if marker in ALONE or marker == EOI:
            yield Segment(marker, begin, b"", end)
            continue
        if at + 2 > size:
            raise Cut("it ends inside a segment")
        length = data[at] << 8 | data[at + 1]
        end = at + length
        if end > size:
            raise Cut("it ends inside a segment")
        if length < 2:
            raise WrongLength(f"a segment has a length of {length}")
        yield Segment(marker, begin, bytes(data[at + 2 : end]), end)
        at = end
        if marker == JPEG_LS:
            next_marker = _NEXT_LS
        elif marker == SOS:
            following = next_marker.search(data, at)
            if following is None:
                raise Cut("it ends inside a scan")
            at = following.start()


def _behind_fill(data: bytes | memoryview, start: int) -> int:
    """Return where the second byte of the marker at `start` is; fill bytes may precede it."""
    at, size = start + 1, len(data)
    if at >= size or data[at] == 0xFF:  # rare, and any number of them
        fill = _FILL.match(data, start)
        at = start if fill is None else fill.end()
        if at >= size:
            raise Cut("it ends without EOI")
    if data[start] != 0xFF or data[at] in (0x00, SOI):
        what = bytes(data[start : start + 2]).hex()
        raise Damaged(f"{what} where a marker should be, at byte {start}")
    return at


def frame_header(body: bytes) -> FrameHeader:
    """Read the body of a frame header.

    Raises:
        Damaged: it has another length than its components need.
    """
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise Damaged("its frame header has the wrong length for its components")
    components = tuple(Component(body[at], body[at + 1]) for at in range(6, len(body), 3))
    return FrameHeader(body[0], word(body, 1), word(body, 3), components)


def scan_header(body: bytes) -> ScanHeader:
    """Read the body of a scan header.

    Raises:
        Damaged: it has another length than its components need.
    """
    count = body[0] if body else 0
    if len(body) != 4 + 2 * count:
        raise Damaged("a scan header has the wrong length for its components")
    return ScanHeader(body[1 : 1 + 2 * count : 2], body[-3], body[-2], body[-1] & 15)

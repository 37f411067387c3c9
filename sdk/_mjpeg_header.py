"""What the header of a JPEG frame must be: one sequential scan of 1 or 3 components of 8 bits."""

from __future__ import annotations

from itertools import islice

from .codestreams import Damaged
from .codestreams.jpeg import (
    APP0,
    FRAME_HEADERS,
    JPEG_LS,
    SEQUENTIAL,
    SOS,
    FrameHeader,
    frame_header,
    segments,
)
from .errors import FrameError

_MAX_SEGMENTS = 128
_OTHER_FRAMES = FRAME_HEADERS - {*SEQUENTIAL, JPEG_LS}
_HARMLESS = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})  # tables, intervals, notes


def size_of(view: memoryview) -> tuple[int, int]:
    """Walk the segments of a JPEG frame up to its first scan; return width and height, in pixels.

    Raises:
        FrameError: `jpeg-invalid` or `jpeg-unsupported`, see `sdk._mjpeg.described`.
    """
    frame = b""
    try:
        for marker, _, body, _ in islice(segments(view), _MAX_SEGMENTS):
            if marker == SOS:
                return _checked(frame_header(frame), body)
            if marker in SEQUENTIAL and not frame:
                frame = body
            elif marker not in _HARMLESS or marker == APP0:
                _refuse(marker, body)
    except Damaged as error:
        raise _invalid(str(error)) from error
    raise _invalid(f"more than {_MAX_SEGMENTS} segments before its image")


def _refuse(marker: int, body: bytes) -> None:
    """Refuse a segment that makes the image another than is read; APP0 is mostly harmless."""
    if marker in _OTHER_FRAMES:
        raise _unsupported(f"process {marker:#04x}, allowed are baseline and extended")
    if marker != APP0:
        raise _invalid(f"a marker {marker:#04x} in its header")
    if body[:4] == b"AVI1" and body[4:5] not in (b"", b"\0"):
        raise _unsupported("one field of an interlaced picture")


def _checked(frame: FrameHeader, scan: bytes) -> tuple[int, int]:
    bits, components = frame.precision, len(frame.components)
    if not scan:
        raise _invalid("its scan header is empty")
    if bits != 8 or components not in (1, 3):
        raise _unsupported(f"{components} components of {bits} bits, allowed are 1 or 3 of 8")
    if scan[0] != components:
        raise _unsupported(f"several scans: the first has {scan[0]} of {components} components")
    return frame.width, frame.height


def _invalid(why: str) -> FrameError:
    return FrameError("jpeg-invalid", f"data is no JPEG image: {why}")


def _unsupported(why: str) -> FrameError:
    return FrameError("jpeg-unsupported", f"a JPEG frame of {why}; encode it as baseline")

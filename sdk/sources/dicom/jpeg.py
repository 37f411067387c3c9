"""JPEG (ITU-T T.81) and JPEG-LS (T.87) codestreams of DICOM frames: their headers, and mends."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from ...codestreams import Damaged
from ...codestreams.jpeg import (
    APP0,
    APP14,
    DNL,
    EOI,
    FRAME_HEADERS,
    JPEG_LS,
    LOSSLESS,
    SEQUENTIAL,
    SOS,
    FrameHeader,
    Segment,
    frame_header,
    scan_header,
    segments,
)
from .codestream import Codestream, is_padding

_READ: Final = (*SEQUENTIAL, LOSSLESS, JPEG_LS)
_MAX_SEGMENTS = 4096
_RGB_NAMES = tuple(b"RGB")
_JFIF_NAMES = (1, 2, 3)
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
# neither the zeros that a decoder puts where data is missing, nor like them in any code
_FILLING = b"\x5a"


@dataclass
class _Headers:
    """What the segments of one codestream say."""

    process: int = 0
    frame: bytes = b""
    jfif: bool = False
    adobe_transform: int | None = None
    scans: int = 0
    scanned: list[int] = field(default_factory=list)  # names of components
    near: int = 0


def read_jpeg(data: bytes) -> Codestream:
    """Read the headers of one JPEG or JPEG-LS codestream, to its end.

    Args:
        data: of one frame; zeros may pad it.

    Raises:
        Damaged: it breaks the format, is of a process that isn't read here (progressive,
            hierarchical, arithmetic), or something lies behind its end. `Cut` when it ends early.
    """
    headers = _walk(data)
    if headers.process == 0 or not headers.scans:
        raise Damaged("no frame or no scan is in it")
    frame = frame_header(headers.frame)
    if not frame.components:
        raise Damaged("its frame has no components")
    if frame.height == 0 or frame.width == 0:
        raise Damaged(f"it is {frame.width} x {frame.height} pixels")
    if sorted(headers.scanned) != sorted(frame.names):
        raise Damaged("its scans don't hold each component once")
    lossless = headers.process in (LOSSLESS, JPEG_LS)
    if frame.is_subsampled and lossless:
        raise Damaged("it is lossless with subsampled components")
    return Codestream(
        process=headers.process, width=frame.width, height=frame.height,
        components=len(frame.components), precision=frame.precision, signed=False,
        lossy=not lossless or headers.near > 0, subsampled=frame.is_subsampled,
        colour=None if len(frame.components) != 3 else _colour(headers, frame),
        transformed=False,
    )  # fmt: skip


def marked(data: bytes, *, rgb: bool) -> bytes:
    """Return a codestream whose only mark of colour says RGB, or YCbCr.

    Args:
        data: that `read_jpeg` read.
        rgb: the components are not to be converted.
    """
    data, before = _plain(data)
    kept = [data[part.start : part.end] for part in before if part.marker not in (APP0, APP14)]
    return data[:2] + _ADOBE + (b"\0" if rgb else b"\1") + b"".join(kept) + data[before[-1].end :]


def lengthened(data: bytes) -> bytes:
    """Return a codestream whose last scan has a byte that it doesn't need, if it is complete.

    Args:
        data: that `read_jpeg` read.
    """
    data, _ = _plain(data)
    end = len(data[: data.rindex(bytes((0xFF, EOI)))].rstrip(b"\xff"))  # before fill bytes
    return data[:end] + _FILLING + data[end:]


def _plain(data: bytes) -> tuple[bytes, list[Segment]]:
    """Put right what means nothing in a sequential scan: some scanners set it wrong.

    A decoder that is strict refuses it; GDCM forgives one oddity, and this would be the one.

    Returns:
        The codestream, and its segments up to the header of the first scan.
    """
    before: list[Segment] = []
    for segment in segments(data):
        before.append(segment)
        if segment.marker == SOS:
            break
    if any(segment.marker in SEQUENTIAL for segment in before):
        scan = before[-1].end
        data = data[: scan - 3] + b"\0\x3f\0" + data[scan:]
    return data, before


def _colour(headers: _Headers, frame: FrameHeader) -> str | None:
    """Tell the colour space as libjpeg does; RGB is never subsampled."""
    marks = set()
    if headers.jfif or frame.is_subsampled or headers.adobe_transform == 1:
        marks.add("YBR")
    if headers.adobe_transform == 0 or frame.names == _RGB_NAMES:
        marks.add("RGB")
    if len(marks) > 1:
        raise Damaged("its markers, component names and subsampling name two colour spaces")
    if not marks and frame.names == _JFIF_NAMES:
        return "unmarked"
    return marks.pop() if marks else None


def _walk(data: bytes) -> _Headers:
    headers = _Headers()
    # each segment costs some microseconds, and two bytes make one
    for segment in islice(segments(data), _MAX_SEGMENTS):
        if segment.marker == EOI:
            if not is_padding(data[segment.end :]):
                raise Damaged(f"{len(data) - segment.end} bytes lie behind its end")
            return headers
        _note(headers, segment.marker, segment.body)
    raise Damaged(f"it has more than {_MAX_SEGMENTS} segments")


def _note(headers: _Headers, marker: int, body: bytes) -> None:
    if marker in FRAME_HEADERS:
        if marker not in _READ:
            raise Damaged(f"it is of process SOF{marker - 0xC0}, which isn't read here")
        if headers.process or len(body) < 6:
            raise Damaged("it has two frame headers, or a short one")
        headers.process, headers.frame = marker, body
    elif marker == APP0 and body[:5] == b"JFIF\0":
        headers.jfif = True
    elif marker == APP14 and body[:5] == b"Adobe" and len(body) >= 12:
        headers.adobe_transform = body[11]
    elif marker == SOS:
        _note_scan(headers, body)
    elif marker == DNL:
        raise Damaged("its height is defined behind its scan")


def _note_scan(headers: _Headers, body: bytes) -> None:
    scan = scan_header(body)
    if not headers.process or not scan.components:
        raise Damaged("a scan without components, or before its frame")
    headers.scans += 1
    headers.scanned += scan.components
    if len(headers.scanned) > 4:
        raise Damaged("its scans hold a component more than once")
    if headers.process == JPEG_LS:
        headers.near = max(headers.near, scan.first)

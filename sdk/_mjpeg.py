"""JPEG frames: luma alone, scaled inside the inverse transform. Needs the extra ``mjpeg``.

A frame is decoded in the caller's process, so what could cost more than its size is refused before
the decoder sees it: one sequential scan of all components is one pass over the data.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._frame_checks import whole
from ._origin import raised_by
from ._shown import shown
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


def _library() -> Any:
    try:
        import simplejpeg
    except ImportError as error:
        raise FrameError(
            "jpeg-unavailable", "MJPEG needs a decoder: pip install 'sonogaze[mjpeg]'"
        ) from error
    return simplejpeg


def described(data: Any, width: Any, height: Any, strides: Any) -> tuple[memoryview, int, int]:
    """Return the bytes of a JPEG image with its own width and height.

    Raises:
        FrameError: ``jpeg-invalid`` if it has no readable header, ``jpeg-unsupported`` if it is
            progressive, arithmetic, lossless, a field of a frame, of other than 8 bits, of other
            than 1 or 3 components, or has several scans; ``frame-size`` if it has another size
            than the caller says, ``data-type`` if it is not one buffer of bytes.
    """
    try:
        view = memoryview(data).cast("B")
    except (TypeError, ValueError) as error:
        if not raised_by(error):
            raise  # a signal handler's
        raise FrameError(
            "data-type", f"data is a {type(data).__name__}, MJPEG needs one contiguous buffer"
        ) from error
    if strides is not None:
        raise FrameError("strides-invalid", f"strides is {shown(strides)}, but MJPEG has none")
    _library()
    columns, rows = _size(view)
    for field, given, own in (("width", width, columns), ("height", height, rows)):
        if given is not None and whole(given, field, "frame-size") != own:
            raise FrameError("frame-size", f"{field} is {shown(given)}, but the JPEG has {own}")
    return view, columns, rows


def _size(view: memoryview) -> tuple[int, int]:
    """Walk the segments up to the first scan; return width and height."""
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


def eighths(box: tuple[int, int], cells: tuple[int, int]) -> int:
    """Return the smallest n, 1 to 8, for which n/8 of the box is at least as large as the cells."""
    return min(8, max(-(-8 * c // b) for b, c in zip(box, cells, strict=True)))


def luma(data: Any, width: int, height: int, n: int) -> NDArray[np.uint8]:
    """Decode the luma at n/8 of the size.

    Raises:
        FrameError: ``jpeg-invalid`` if the data is damaged or ends early.
    """
    rows, columns = -(-height * n // 8), -(-width * n // 8)
    try:
        grey = _library().decode_jpeg(data, "GRAY", min_height=rows, min_width=columns)
    except (ValueError, RuntimeError) as error:
        if not raised_by(error, "simplejpeg"):
            raise  # a signal handler's
        raise FrameError("jpeg-invalid", f"the JPEG image cannot be decoded: {error}") from error
    if grey.shape[:2] != (rows, columns):
        raise FrameError(
            "jpeg-invalid", f"the JPEG decoded to {grey.shape[:2]} instead of {(rows, columns)}"
        )
    return np.asarray(grey)[:, :, 0]

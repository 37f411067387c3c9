"""JPEG frames: luma alone, scaled inside the inverse transform. Needs the extra ``mjpeg``.

A frame is decoded in the caller's process, so what could cost more than its size is refused before
the decoder sees it: one sequential scan of all components is one pass over the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._frame_checks import whole
from ._origin import raised_by
from ._shown import shown
from .errors import FrameError

_MAX_SEGMENTS = 128
_SOS, _APP0 = 0xDA, 0xE0
_SEQUENTIAL = (0xC0, 0xC1)  # baseline and extended, Huffman-coded
_OTHER_FRAMES = frozenset(range(0xC2, 0xD0)) - {0xC4, 0xC8, 0xCC}  # less tables and reserved
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
    for field, said, found in (("width", width, columns), ("height", height, rows)):
        if said is not None and whole(said, field, "frame-size") != found:
            raise FrameError("frame-size", f"{field} is {shown(said)}, but the JPEG has {found}")
    return view, columns, rows


def _size(view: memoryview) -> tuple[int, int]:
    """Walk the segments up to the first scan (ITU-T T.81 Annex B); return width and height."""
    if bytes(view[:2]) != b"\xff\xd8":
        raise _invalid("it does not begin with a start of image")
    at, end, frame = 2, len(view), view[:0]
    for _ in range(_MAX_SEGMENTS):
        while at + 1 < end and view[at] == view[at + 1] == 0xFF:
            at += 1  # fill bytes
        if at + 4 > end or view[at] != 0xFF:
            raise _invalid(f"no marker at byte {at}")
        marker, length = view[at + 1], view[at + 2] << 8 | view[at + 3]
        body = view[at + 4 : at + 2 + length]
        at += 2 + length
        if length < 2 or at > end:
            raise _invalid("it ends inside its header")
        if marker == _SOS:
            return _checked(frame, body)
        if marker in _SEQUENTIAL and not frame:
            frame = body
        elif marker not in _HARMLESS or marker == _APP0:
            _refuse(marker, bytes(body[:5]))
    raise _invalid(f"more than {_MAX_SEGMENTS} segments before its image")


def _refuse(marker: int, begins: bytes) -> None:
    """Refuse a segment that makes the image another than is read; APP0 is mostly harmless."""
    if marker in _OTHER_FRAMES:
        raise _unsupported(f"process {marker:#04x}, allowed are baseline and extended")
    if marker != _APP0:
        raise _invalid(f"a marker {marker:#04x} in its header")
    if begins[:4] == b"AVI1" and begins[4:] not in (b"", b"\0"):
        raise _unsupported("one field of an interlaced picture")


def _checked(frame: memoryview, scan: memoryview) -> tuple[int, int]:
    if len(frame) < 6 or len(frame) != 6 + 3 * frame[5] or not scan:
        raise _invalid("its frame or scan header is missing, or of the wrong length")
    bits, components = frame[0], frame[5]
    if bits != 8 or components not in (1, 3):
        raise _unsupported(f"{components} components of {bits} bits, allowed are 1 or 3 of 8")
    if scan[0] != components:
        raise _unsupported(f"several scans: the first has {scan[0]} of {components} components")
    return frame[3] << 8 | frame[4], frame[1] << 8 | frame[2]


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

"""JPEG frames: luma alone, scaled inside the inverse transform. Needs the extra ``mjpeg``.

A frame is decoded in the caller's process, so what could cost more than its size is refused before
the decoder sees it: one sequential scan of all components is one pass over the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._frame_checks import whole
from ._mjpeg_header import size_of
from ._origin import raised_by
from ._shown import shown
from .errors import FrameError


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
    columns, rows = size_of(view)
    for field, given, own in (("width", width, columns), ("height", height, rows)):
        if given is not None and whole(given, field, "frame-size") != own:
            raise FrameError("frame-size", f"{field} is {shown(given)}, but the JPEG has {own}")
    return view, columns, rows


def eighths(box: tuple[int, int], cells: tuple[int, int]) -> int:
    """Return the smallest n, 1 to 8, for which n/8 of the box is at least as large as the cells."""
    return min(8, max(-(-8 * c // b) for b, c in zip(box, cells, strict=True)))


def rgb(data: Any) -> NDArray[np.uint8]:
    """Decode all of it to RGB, uint8 (height, width, 3).

    Raises:
        FrameError: ``jpeg-invalid`` if the data is damaged or ends early.
    """
    try:
        return np.asarray(_library().decode_jpeg(data, "RGB"))
    except (ValueError, RuntimeError) as error:
        if not raised_by(error, "simplejpeg"):
            raise  # a signal handler's
        raise FrameError("jpeg-invalid", f"the JPEG image cannot be decoded: {error}") from error


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

"""Cameras and grabbers that Linux shows as /dev/video*, through OpenCV's V4L2 reader.

OpenCV is told not to convert, so that the driver's own pixels come out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..._layouts import frame_bytes
from ..._shown import shown
from ...errors import FrameError, SourceError
from ...frame import Frame
from ..base import optional_import
from ..choices import Wanted
from .source import LiveSource, Receiver, Waiting

_FORMATS = {
    "YUYV": "YUYV", "UYVY": "UYVY", "YVYU": "YVYU", "NV12": "NV12", "NV21": "NV21", "YU12": "I420",
    "YV12": "YV12", "422P": "I422", "GREY": "GRAY8", "RGB3": "RGB24", "BGR3": "BGR24",
    "MJPG": "MJPEG", "JPEG": "MJPEG",
}  # fmt: skip


def from_camera(
    device: str | int,
    asked: Wanted,
    wait: Waiting,
    *,
    format: str | None,
    size: tuple[int, int] | None,
) -> LiveSource:
    """Read a V4L2 device.

    Args:
        device: `/dev/video0` or 0.
        asked: region of every frame; matrix and range of its YUV (V4L2 drivers seldom know them, so
            they must be given); frames a second to ask for.
        wait: checked options.
        format: FourCC to ask the driver for, such as `NV12`; None leaves it as it is.
        size: (width, height) to ask for.

    Raises:
        SourceError: at once `dependency-missing`, `source-option` or `source-unreadable`; from the
            iterator `source-disconnected`, `source-unsupported`.
        FrameError: from the iterator `color-missing` when YUV comes and no colour was given.
    """
    cv2 = optional_import("cv2", "opencv-python-headless", "video")
    wishes = [cv2.CAP_PROP_CONVERT_RGB, 0]
    if format is not None:
        if format not in _FORMATS:
            raise SourceError(
                "source-option",
                f"format is {shown(format)}, it must be one of {', '.join(_FORMATS)}",
            )
        wishes += [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*format)]
    if size is not None:
        wishes += [cv2.CAP_PROP_FRAME_WIDTH, size[0], cv2.CAP_PROP_FRAME_HEIGHT, size[1]]
    if asked.fps is not None:
        wishes += [cv2.CAP_PROP_FPS, round(asked.fps)]
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2, wishes)
    if not capture.isOpened():
        raise SourceError(
            "source-unreadable",
            f"{shown(device)} cannot be opened: no such device, in use, or not yours to read",
        )
    receiver = Receiver(str(device), "camera", asked, wait.queue)
    return LiveSource(receiver, partial(_grab, cv2, capture), wait.timeout_s)


def _grab(cv2: Any, capture: Any, receiver: Receiver) -> None:
    receiver.box.connections += 1
    try:
        code = int(capture.get(cv2.CAP_PROP_FOURCC))
        fourcc = (code & 0xFFFFFFFF).to_bytes(4, "little").decode("ascii", "replace")
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        if fourcc not in _FORMATS:
            raise SourceError(
                "source-unsupported",
                f"{shown(receiver.name)} gives pixels of {fourcc!r}, ask for another with format=",
            )
        while not receiver.stopped.is_set():
            good, array = capture.read()
            if not good:
                raise SourceError(
                    "source-disconnected",
                    f"{shown(receiver.name)} gives no more; plug it in",
                )
            receiver.frame(partial(_frame, array, _FORMATS[fourcc], width, height, receiver))
    finally:
        capture.release()


def _frame(array: Any, format_: str, width: int, height: int, receiver: Receiver) -> Frame:
    # OpenCV gives its own buffer, and reuses it
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).copy()
    if format_ == "MJPEG":
        return Frame(data, format=format_, region=receiver.region)
    if data.size < frame_bytes(format_, width, height):
        raise FrameError("buffer-truncated", f"{data.size} bytes for {width} x {height} {format_}")
    yuv = format_ not in ("GRAY8", "RGB24", "BGR24")
    return Frame(
        data, width=width, height=height, format=format_, region=receiver.region,
        color=receiver.color if yuv else None,
    )  # fmt: skip

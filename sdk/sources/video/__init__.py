"""Video files, decoded by the FFmpeg that OpenCV's wheel brings (LGPL, without x264 and x265).

PyAV would be the natural choice, but its wheels link x264 and x265, which are under the GPL, and
`cv2.VideoCapture` hands out converted BGR without telling matrix, range or rotation. So the wheel's
own libraries are called (`library`): planes come out as they were decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from ...frame import Frame, Region
from ..base import FrameInfo, packed_frame
from .clip import Clip
from .sniff import is_video

__all__ = ["is_video", "read_video"]


def read_video(
    file: BinaryIO, path: str, region: Region | None, color: str | None
) -> Iterator[tuple[Frame, FrameInfo]]:
    """Yield the frames of a video file, one decoded at a time; closes the file.

    Args:
        file: at its start, a regular file.
        path: for messages and `FrameInfo`.
        region: for every frame, or None for the whole picture.
        color: matrix and range of YUV pixels, instead of what the stream says.

    Raises:
        SourceError: `dependency-missing`, `dependency-broken`, `source-no-pixels`,
            `source-too-large`, `source-truncated`, `source-malformed` or `source-unsupported`.
    """
    origin = "whole" if region is None else "given"
    with file, Clip(file.fileno(), path, color) as clip:
        for index, picture in enumerate(clip.pictures()):
            frame = packed_frame(
                picture.pixels,
                picture.format,
                picture.width,
                picture.height,
                color=picture.color,
                region=region,
                window=picture.window,
            )
            yield (
                frame,
                FrameInfo(
                    path,
                    index,
                    clip.frame_count,
                    "video",
                    picture.timestamp_us,
                    origin,
                    picture.color,
                    picture.color_origin,
                ),
            )

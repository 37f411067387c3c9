"""Video files whose every byte or pixel is known, for tests of the video reader."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np

SIZE = (48, 36)
_ONE = 1 << 16


def pictures(count: int, size: tuple[int, int] = SIZE, seed: int = 5) -> list[Any]:
    """Grey pictures of smooth noise, uint8 (height, width)."""
    random = np.random.default_rng(seed)
    small = random.integers(16, 236, (count, 5, 6)).astype(np.uint8)
    return [cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR) for picture in small]


def y4m(
    frames: list[bytes], size: tuple[int, int], chroma: str = "420jpeg", tag: str = ""
) -> bytes:
    """YUV4MPEG2: a header line, then planes as they are."""
    head = f"YUV4MPEG2 W{size[0]} H{size[1]} F25:1 Ip A1:1 C{chroma}{tag}\n".encode()
    return head + b"".join(b"FRAME\n" + frame for frame in frames)


def written(path: Path, fourcc: str, frames: list[Any], fps: float = 25.0) -> bytes:
    """A file that OpenCV's encoder writes, of grey or BGR frames."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*fourcc), fps, (width, height),
        [cv2.VIDEOWRITER_PROP_IS_COLOR, int(frames[0].ndim == 3)],
    )  # fmt: skip
    assert writer.isOpened(), fourcc
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path.read_bytes()


def turned(mp4: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """The same MP4, whose track header asks players for a turn: (a, b, c, d)."""
    at = mp4.index(b"tkhd") + 4 + 40  # of version 0
    a, b, c, d = (value * _ONE for value in matrix)
    numbers = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return mp4[:at] + numbers + mp4[at + 36 :]


def index_first(mp4: bytes) -> bytes:
    """The same MP4 with its moov box before its mdat, as it is streamed."""
    boxes, at = {}, 0
    while at < len(mp4):
        size = int.from_bytes(mp4[at : at + 4], "big")
        boxes[mp4[at + 4 : at + 8]] = mp4[at : at + size]
        at += size
    moov = bytearray(boxes.pop(b"moov"))
    table = moov.index(b"stco") + 8
    for i in range(int.from_bytes(moov[table : table + 4], "big")):
        place = table + 4 + 4 * i
        moved = int.from_bytes(moov[place : place + 4], "big") + len(moov)
        moov[place : place + 4] = moved.to_bytes(4, "big")
    first = boxes.pop(b"ftyp")
    return first + bytes(moov) + b"".join(boxes.values())


def last_packet_bytes(mp4: bytes) -> int:
    """Size of the last packet that an MP4's index lists."""
    table = mp4.index(b"stsz") + 8
    count = int.from_bytes(mp4[table + 4 : table + 8], "big")
    return int.from_bytes(mp4[table + 4 + 4 * count : table + 8 + 4 * count], "big")

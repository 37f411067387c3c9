"""Raw frames: a file of pixels alone, and a JSON file beside it that says what they are.

The description is what is opened, since pixels say nothing of themselves (`docs/integrating.md`,
"Raw frames"). Nothing is decoded, so the host reads them itself.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from .._formats import FACTS, canonical
from .._layouts import planes_of
from .._shown import shown
from ..errors import SourceError
from ..frame import Frame, Region
from . import intake
from .base import FrameInfo, check_pixels
from .choices import Wanted, rate

KIND = "sonogaze-raw-1"
"""What the field `kind` of a description says."""
MAX_DESCRIPTION_BYTES = 64 * 1024
_FIELDS = {
    "kind", "data", "width", "height", "format", "strides", "color", "window", "fps",
    "offset_bytes", "region", "pixel_size_mm",
}  # fmt: skip
_NEEDED = {"kind", "data", "width", "height", "format"}
_MAX_FRAMES = 1_000_000
_YUV = frozenset(name for name, facts in FACTS.items() if facts["yuv"])


class Description(NamedTuple):
    """What a description says.

    Attributes:
        data: name of the file of pixels, in the same folder.
        layout: arguments of `Frame` beside the pixels and the region.
        region: the part to look at, or None.
        fps: frames a second, or None.
        offset_bytes: where the first frame begins.
        frame_bytes: from one frame to the next.
    """

    data: str
    layout: dict[str, Any]
    region: Region | None
    fps: float | None
    offset_bytes: int
    frame_bytes: int


def is_description(header: bytes) -> bool:
    """Whether the first bytes of a file are those of a JSON object."""
    return header.lstrip(b" \t\r\n").startswith(b"{")


def description_of(file: intake.Opened, name: str, color: str | None = None) -> Description:
    """Read a description.

    Args:
        file: open.
        name: for messages.
        color: matrix and range to put in place of its own, if it describes YUV.

    Raises:
        SourceError: `source-unknown-kind` when it is JSON of another kind, `source-malformed` when
            a field is missing, unknown or impossible.
        FrameError: format, size, strides, colour, window or region are none.
    """
    fields = _fields(os.pread(file.fileno(), MAX_DESCRIPTION_BYTES + 1, 0), name)
    data = fields["data"]
    # a description may come from elsewhere, and opens no file outside its own folder
    if not isinstance(data, str) or data in ("", ".", "..") or "/" in data or "\0" in data:
        raise _malformed(name, "data", data, "the name of a file in the same folder")
    layout: dict[str, Any] = {
        key: tuple(value) if isinstance(value := fields[key], list) else value
        for key in ("width", "height", "format", "strides", "color", "window", "pixel_size_mm")
        if fields.get(key) is not None
    }
    if color is not None and canonical(layout.get("format")) in _YUV:
        layout["color"] = color
    region, frame_bytes = _region(fields.get("region"), name), _frame_bytes(layout, name)
    Frame(bytes(frame_bytes), **layout, region=region)  # all of it fits together, or says what not
    fps = fields.get("fps")
    offset = fields.get("offset_bytes", 0)
    if type(offset) is not int or not 0 <= offset < 1 << 40:
        raise _malformed(name, "offset_bytes", offset, "a whole number of bytes, at least 0")
    checked = None if fps is None else rate(fps, f"{shown(name)}: fps")
    return Description(data, layout, region, checked, offset, frame_bytes)


def read_raw(
    file: intake.Opened, name: str, folder: intake.Opened, wanted: Wanted
) -> Iterator[tuple[Frame, FrameInfo]]:
    """Yield the frames that a description describes; closes the description.

    Args:
        file: the description.
        name: its path, for messages and `FrameInfo`.
        folder: in which both files lie.
        wanted: its region and colour come before the description's.

    Raises:
        SourceError: see `description_of`; `source-truncated` when the data is no whole number of
            frames; `source-no-pixels` when it is empty.
    """
    with contextlib.closing(file):
        told = description_of(file, name, wanted.color)
        data = intake.open_path(told.data, folder, os.path.join(os.path.dirname(name), told.data))
        region = wanted.region or told.region
        origin = "given" if wanted.region else "file" if told.region else "whole"
        with contextlib.closing(data):
            count = _count(data, told, name)
            for index in range(count):
                frame = Frame(_pixels(data, told, index, name), **told.layout, region=region)
                time_us = None if told.fps is None else round(index * 1e6 / told.fps)
                color = told.layout.get("color")
                said = None if color is None else "given" if wanted.color else "file"
                yield frame, FrameInfo(name, index, count, "raw", time_us, origin, color, said)


def _fields(text: bytes, name: str) -> dict[str, Any]:
    try:
        fields = json.loads(text) if len(text) <= MAX_DESCRIPTION_BYTES else None
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or fields.get("kind") != KIND:
        raise SourceError(
            "source-unknown-kind",
            f"{shown(name)} is text, and no JSON object of kind {KIND!r} that describes raw frames",
        )
    missing, unknown = sorted(_NEEDED - set(fields)), sorted(set(fields) - _FIELDS)
    if missing or unknown:
        raise SourceError(
            "source-malformed",
            f"{shown(name)}: lacks the fields {shown(missing)} and has the unknown "
            f"{shown(unknown)}, allowed are {', '.join(sorted(_FIELDS))}",
        )
    return fields


def _region(value: Any, name: str) -> Region | None:
    if value is None:
        return None
    if isinstance(value, dict) and len(value) == 1:
        ((kind, numbers),) = value.items()
        if isinstance(numbers, list):
            return Region(kind, tuple(numbers), origin="file")
    raise _malformed(name, "region", value, '{"rectangle": [x, y, width, height]}')


def _frame_bytes(layout: dict[str, Any], name: str) -> int:
    """Return the bytes of one frame, its padding included."""
    format_ = canonical(layout.get("format"))
    width, height = layout.get("width"), layout.get("height")
    if format_ == "MJPEG" or type(width) is not int or type(height) is not int:
        raise _malformed(name, "format, width, height", (format_, width, height), "raw pixels")
    check_pixels(name, width, height)
    planes = planes_of(format_, width, height)
    strides = layout.get("strides", tuple(plane.row_bytes for plane in planes))
    given = strides if isinstance(strides, tuple) else (strides,)
    if len(given) != len(planes) or any(type(s) is not int or abs(s) > 1 << 20 for s in given):
        raise _malformed(name, "strides", strides, f"{len(planes)} whole numbers of bytes")
    return sum(abs(s) * plane.rows for s, plane in zip(given, planes, strict=True))


def _count(data: intake.Opened, told: Description, name: str) -> int:
    size = os.fstat(data.fileno()).st_size - told.offset_bytes
    if size <= 0:
        raise SourceError("source-no-pixels", f"{shown(name)}: {told.data!r} holds no frame")
    if size % told.frame_bytes:
        raise SourceError(
            "source-truncated",
            f"{shown(name)}: {told.data!r} has {size} bytes, which is no whole number of frames of "
            f"{told.frame_bytes}; copy it again, or mend the description",
        )
    count = size // told.frame_bytes
    if count > _MAX_FRAMES:
        raise SourceError(
            "source-too-large", f"{shown(name)}: {count} frames, allowed are {_MAX_FRAMES}"
        )
    return count


def _pixels(data: intake.Opened, told: Description, index: int, name: str) -> bytes:
    try:
        pixels = os.pread(
            data.fileno(), told.frame_bytes, told.offset_bytes + index * told.frame_bytes
        )
    except OSError as error:
        raise SourceError(
            "source-unreadable", f"{shown(name)}: {told.data!r} cannot be read: {error.strerror}"
        ) from error
    if len(pixels) != told.frame_bytes:
        raise SourceError("source-truncated", f"{shown(name)}: {told.data!r} has become shorter")
    return pixels


def _malformed(name: str, field: str, value: object, allowed: str) -> SourceError:
    return SourceError(
        "source-malformed", f"{shown(name)}: {field} is {shown(value)}, it must be {allowed}"
    )

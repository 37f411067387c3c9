"""What the decoding process and its host say to each other.

A message is its length (4 bytes, big-endian), that many bytes of JSON, and for a frame the pixels
as they lie in memory. The decoding process has read a hostile file, so the host believes nothing
that it says: every field is on a list, of one type, within bounds, and agrees with the others.
"""

from __future__ import annotations

import json
import struct
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .._formats import FACTS
from .._frame_checks import COLORS
from .._layouts import ARRAYS, frame_bytes
from ..errors import SLUGS, FrameError, SdkError, SourceError
from ..frame import Frame, Region
from .base import MAX_PIXELS, MAX_SIDE, FrameInfo, packed_frame

LENGTH = struct.Struct(">I")
MAX_MESSAGE_BYTES = 64 * 1024
_MAX_FRAMES = 1_000_000
_MAX_TIMESTAMP_US = 10**15
_ERRORS: dict[str, type[SdkError]] = {"FrameError": FrameError, "SourceError": SourceError}
_KINDS = ("image", "dicom", "video")
_ORIGINS = ("given", "file", "whole")
_COLOR_ORIGINS = (None, "given", "file", "assumed")
_COLORS = (None, *COLORS)
_FRAME_FIELDS = {
    "format", "width", "height", "window", "region", "pixel_size_mm",
    "index", "frame_count", "kind", "timestamp_us", "region_origin", "color", "color_origin",
}  # fmt: skip

_Name = TypeVar("_Name", str, str | None)


class ProtocolError(Exception):
    """The decoding process said something that it never says."""


def encode(message: dict[str, Any]) -> bytes:
    """Return a message with its length before it."""
    # JSON rather than pickle: what is read of a hostile message must run nothing
    body = json.dumps(message, allow_nan=False).encode("ascii")
    return LENGTH.pack(len(body)) + body


def decode(body: bytes) -> dict[str, Any]:
    """Return the message.

    Raises:
        ProtocolError: it is no JSON object.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("no JSON") from error
    if not isinstance(message, dict):
        raise ProtocolError("no JSON object")
    return message


def describe_region(region: Region | None) -> list[Any] | None:
    """Return a region as JSON can hold it."""
    return (
        None
        if region is None
        else [
            region.kind,
            list(region.numbers),
            region.origin,
            region.confidence,
            None if region.clip is None else list(region.clip),
        ]
    )


def region_of(value: Any) -> Region | None:
    """Return the region that `describe_region` described.

    Raises:
        ProtocolError: it describes none.
    """
    if value is None:
        return None
    if not (isinstance(value, list) and len(value) == 5 and isinstance(value[1], list)):
        raise ProtocolError("region")
    try:
        return Region(value[0], tuple(value[1]), *value[2:])
    except (FrameError, TypeError) as error:
        raise ProtocolError("region") from error


def describe_error(error: SdkError) -> dict[str, Any]:
    """Return the message that tells an error."""
    kind = "FrameError" if isinstance(error, FrameError) else "SourceError"
    return {"error": kind, "slug": error.slug, "message": str(error)}


def error_of(message: dict[str, Any]) -> SdkError:
    """Return the error that a message tells.

    Raises:
        ProtocolError: it tells none.
    """
    kind, slug, text = message["error"], message.get("slug"), message.get("message")
    if not isinstance(kind, str) or kind not in _ERRORS:
        raise ProtocolError("error")
    if not isinstance(slug, str) or slug not in SLUGS or not isinstance(text, str):
        raise ProtocolError("slug")
    return _ERRORS[kind](slug, text)


def describe_frame(frame: Frame, info: FrameInfo) -> tuple[dict[str, Any], npt.NDArray[Any]]:
    """Return the message that tells a frame, and its pixels.

    Args:
        frame: made by `frame_of_array` or `packed_frame`.
        info: where it comes from.
    """
    key, pixels = frame._key, frame._data
    assert isinstance(pixels, np.ndarray)
    described = {
        "format": str(frame.format),
        "width": frame.width,
        "height": frame.height,
        "window": list(key.window) if frame.format == "GRAY16" else None,
        "region": describe_region(frame.region),
        "pixel_size_mm": list(key.pixel_size),
        "index": info.index,
        "frame_count": info.frame_count,
        "kind": info.kind,
        "timestamp_us": info.timestamp_us,
        "region_origin": info.region_origin,
        "color": key.color,
        "color_origin": info.color_origin,
    }
    return {"frame": described}, pixels


def empty_pixels(message: dict[str, Any]) -> npt.NDArray[Any]:
    """Check what a message says of a frame, and return an array for its pixels.

    Raises:
        ProtocolError: a field is missing, unknown, or out of bounds.
    """
    fields = message["frame"]
    if not isinstance(fields, dict) or set(fields) != _FRAME_FIELDS:
        raise ProtocolError("fields")
    if not isinstance(fields["format"], str) or fields["format"] not in FACTS:
        raise ProtocolError("format")
    width = _whole(fields, "width", 1, MAX_SIDE)
    height = _whole(fields, "height", 1, MAX_SIDE)
    if width * height > MAX_PIXELS:
        raise ProtocolError("size")
    if fields["format"] not in ARRAYS:
        return np.empty(frame_bytes(fields["format"], width, height), np.uint8)
    dtype, channels = ARRAYS[fields["format"]]
    return np.empty((height, width) if channels == 1 else (height, width, channels), dtype)


def frame_of(
    message: dict[str, Any], pixels: npt.NDArray[Any], path: str, index: int
) -> tuple[Frame, FrameInfo]:
    """Return the frame that a message tells.

    Args:
        message: checked by `empty_pixels`.
        pixels: of the frame.
        path: for `FrameInfo`.
        index: that the frame must have.

    Raises:
        ProtocolError: a field is out of bounds, or contradicts another.
    """
    fields = message["frame"]
    _whole(fields, "index", index, index)
    count = _optional(fields, "frame_count", 1, _MAX_FRAMES)
    timestamp_us = _optional(fields, "timestamp_us", 0, _MAX_TIMESTAMP_US)
    kind, origin = _one_of(fields, "kind", _KINDS), _one_of(fields, "region_origin", _ORIGINS)
    color = _one_of(fields, "color", _COLORS)
    color_origin = _one_of(fields, "color_origin", _COLOR_ORIGINS)
    if (color is None) != (color_origin is None):
        raise ProtocolError("color_origin")
    info = FrameInfo(path, index, count, kind, timestamp_us, origin, color, color_origin)
    window = fields["window"]
    try:
        frame = packed_frame(
            pixels,
            fields["format"],
            fields["width"],
            fields["height"],
            color=color,
            region=region_of(fields["region"]),
            pixel_size_mm=tuple(fields["pixel_size_mm"]),
            window=None if window is None else tuple(window),
        )
    except (FrameError, TypeError) as error:
        raise ProtocolError("frame") from error
    return frame, info


def _whole(fields: dict[str, Any], name: str, least: int, most: int) -> int:
    value = fields[name]
    # isinstance would take True for 1
    if type(value) is not int or not least <= value <= most:
        raise ProtocolError(name)
    return value


def _optional(fields: dict[str, Any], name: str, least: int, most: int) -> int | None:
    return None if fields[name] is None else _whole(fields, name, least, most)


def _one_of(fields: dict[str, Any], name: str, allowed: tuple[_Name, ...]) -> _Name:
    for known in allowed:
        if type(fields[name]) is type(known) and fields[name] == known:
            return known
    raise ProtocolError(name)

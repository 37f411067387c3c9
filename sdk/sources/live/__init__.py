"""Sources that go on by themselves: Motion JPEG, cameras, OpenIGTLink, scanners' callbacks."""

from __future__ import annotations

import re
from typing import Any, Literal

from ...frame import Region
from ..choices import Wanted, wanted
from .igtl import DEFAULT_PORT, from_igtl
from .mailbox import LiveStats
from .motion_jpeg import from_http, from_pipe
from .scanner import CallbackSource
from .source import LiveSource, Waiting, waiting
from .v4l2 import from_camera

__all__ = [
    "CallbackSource", "LiveSource", "LiveStats", "callback", "camera", "live_source", "mjpeg",
    "openigtlink",
]  # fmt: skip

_IGTL = re.compile(r"igtl://(\[[0-9a-fA-F:]+\]|[^:/\[\]]+)(?::(\d{1,5}))?/?")
_CAMERA = re.compile(r"/dev/video\d+")


def is_live(text: str) -> bool:
    """Whether a text names a live source rather than a file."""
    return bool(text.startswith("http://") or _IGTL.fullmatch(text) or _CAMERA.fullmatch(text))


def live_source(source: object, asked: Wanted) -> LiveSource | None:
    """Open what a name of a live source names; None for anything else.

    Args:
        source: `http://...`, `igtl://host[:port]` or `/dev/videoN` as str.
        asked: region, colour and rate.

    Raises:
        SourceError: see `mjpeg`, `openigtlink` and `camera`.
    """
    if not isinstance(source, str) or not is_live(source):
        return None
    text = source
    if text.startswith("http://"):
        return from_http(text, asked, Waiting())
    if found := _IGTL.fullmatch(text):
        host, port = found[1].strip("[]"), int(found[2] or DEFAULT_PORT)
        return from_igtl(host, port, asked, Waiting(), device=None, window=_ALL)
    return from_camera(text, asked, Waiting(), format=None, size=None)


_ALL = (0, 65_535)


def mjpeg(
    source: Any,
    *,
    region: Region | Literal["auto"] | None = None,
    **options: Any,
) -> LiveSource:
    """Read Motion JPEG out of a pipe or from an HTTP server.

    Frames are handed on undecoded, as `MJPEG`; classifying them needs `sonogaze[mjpeg]`.

    Args:
        source: `http://host:port/path`, or a binary file object such as a process's output.
        region: the part of every frame to look at; "auto" finds it.
        options: `queue`: frames held for the one who takes them, 1 to 256, the oldest goes for a
            newer one (1); `timeout_s`: how long the iterator waits for a frame (10);
            `give_up_s`: how long to try to reach a server without a frame (30); `remote`: whether
            it may be another machine than this one (False).

    Raises:
        SourceError: `source-type`, `source-option`, `source-remote` or `source-not-found` at once;
            from the iterator `source-timeout`, `source-disconnected`, `source-unsupported`,
            `source-too-large`.
        FrameError: from the iterator, for an image that is no JPEG frame; the next call goes on.
    """
    asked = wanted(region, None, None)
    read = from_http if isinstance(source, str) else from_pipe
    return read(source, asked, waiting(**options))


def openigtlink(
    host: str = "localhost",
    port: int = DEFAULT_PORT,
    *,
    device: str | None = None,
    window: tuple[int, int] = _ALL,
    region: Region | Literal["auto"] | None = None,
    **options: Any,
) -> LiveSource:
    """Read the images of an OpenIGTLink server, such as PLUS; needs `sonogaze[igtl]`.

    Messages whose CRC is wrong are left out and counted (`stats().damaged`), those of other kinds
    and devices too (`ignored`).

    Args:
        host: name or address.
        port: of the server.
        device: whose images are taken; None takes those of every device.
        window: values that are black and white in images of 16 bits.
        region: the part of every frame to look at; "auto" finds it.
        options: as for `mjpeg`.

    Raises:
        SourceError: `dependency-missing`, `source-option`, `source-remote` or `source-not-found`
            at once; from the iterator `source-timeout` and `source-disconnected`, and for an image
            that isn't read `source-malformed`, `source-unsupported` or `source-too-large`, after
            which the next call goes on.
    """
    asked = wanted(region, None, None)
    return from_igtl(host, port, asked, waiting(**options), device=device, window=window)


def camera(
    device: str | int = 0,
    *,
    format: str | None = None,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    color: str | None = None,
    region: Region | Literal["auto"] | None = None,
    **options: Any,
) -> LiveSource:
    """Read a camera or grabber that Linux shows as a V4L2 device; needs `sonogaze[video]`.

    Args:
        device: such as `/dev/video0`, or its number.
        format: FourCC to ask the driver for, such as `NV12`; None leaves it as it is.
        size: (width, height) to ask for.
        fps: frames a second to ask for.
        color: matrix and range, required when the pixels are YUV: drivers seldom know them.
        region: the part of every frame to look at; "auto" finds it.
        options: `queue` and `timeout_s`, as for `mjpeg`.

    Raises:
        SourceError: `dependency-missing`, `source-option` or `source-unreadable` at once; from the
            iterator `source-timeout`, `source-disconnected` or `source-unsupported`.
        FrameError: from the iterator, `color-missing`.
    """
    asked = wanted(region, color, fps)
    return from_camera(device, asked, waiting(**options), format=format, size=size)


def callback(*, region: Region | Literal["auto"] | None = None, **options: Any) -> CallbackSource:
    """Take frames from a scanner's own library, which calls back with each (as Clarius Cast does).

    Hand `CallbackSource.put` or `.new_processed_image` to the library, and iterate in another
    thread.

    Args:
        region: the part of every frame to look at; "auto" finds it.
        options: `queue` and `timeout_s`, as for `mjpeg`.

    Raises:
        SourceError: `source-option`.
    """
    return CallbackSource(wanted(region, None, None), waiting(**options))

"""The decoding process: reads the files that its host hands to it, one frame at a time.

Started by `sdk.sources.pool`. It ends when its host does: the kernel signals it as soon as the
other end of the socket is gone, even inside a codec.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

from sdk._shown import shown
from sdk.errors import SdkError, SourceError
from sdk.frame import Frame
from sdk.sources import base, limits
from sdk.sources.base import FrameInfo
from sdk.sources.formats import prepare, read
from sdk.sources.protocol import (
    LENGTH,
    MAX_MESSAGE_BYTES,
    decode,
    describe_error,
    describe_frame,
    encode,
    region_of,
)

_HOST = 3
_Frames = Iterator[tuple[Frame, FrameInfo]]


class _Gone(Exception):
    """The host closed its end."""


def main(descriptor: int) -> None:
    """Serve the host at the other end of a socket until it closes it."""
    # the lowest number that is free: every descriptor above it is some reader's
    if descriptor != _HOST:
        os.dup2(descriptor, _HOST, inheritable=False)
        os.close(descriptor)
    host = socket.socket(fileno=_HOST)
    limits.restrict()
    base.on_declared_pixels = limits.allow_pixels
    host.sendall(encode({"ready": os.getpid()}))
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(silence, standard)
    try:
        _serve(host)
    except (_Gone, ConnectionError):
        os._exit(0)


def _serve(host: socket.socket) -> None:
    frames: _Frames | None = None
    while True:
        if frames is None:  # nothing that a reader left open is kept for the next file
            os.closerange(_HOST + 1, limits.OPEN_FILES)
        request, file = _receive(host)
        if request["do"] == "close":
            frames = None
            continue
        message, pixels, frames = _step(host, request, file, frames)
        message["size_bytes"] = limits.size_bytes()
        host.sendall(encode(message))
        if pixels is not None:
            host.sendall(memoryview(pixels).cast("B"))
        if message.get("spent"):
            os._exit(0)


def _step(
    host: socket.socket, request: dict[str, Any], file: int | None, frames: _Frames | None
) -> tuple[dict[str, Any], Any, _Frames | None]:
    """Decode one frame under the limits; return the reply, its pixels, and what is left."""
    if request["do"] == "open":
        assert file is not None
        prepare(request["kind"])
        region = region_of(request["region"])
        frames = read(os.fdopen(file, "rb"), request["kind"], request["name"], region)
    assert frames is not None
    _watch(host, True)
    limits.begin()
    try:
        found, trouble = next(frames, None), None
    except BaseException as error:  # a panic of a codec written in Rust is no Exception
        found, trouble = None, error
    finally:
        limits.end()
        _watch(host, False)
    if trouble is not None:
        return _told(request, trouble), None, None
    if found is None:
        return {"end": True}, None, None
    return *describe_frame(*found), frames


def _told(request: dict[str, Any], trouble: BaseException) -> dict[str, Any]:
    if isinstance(trouble, SdkError):
        return describe_error(trouble)
    # nobody knows what state this left behind
    return describe_error(_mishap(request, trouble)) | {"spent": True}


def _mishap(request: dict[str, Any], error: BaseException) -> SourceError:
    name, what = shown(request["name"]), f"{type(error).__name__}: {shown(str(error))}"
    if isinstance(error, MemoryError):
        mib = limits.MEMORY_BYTES >> 20
        return SourceError(
            "source-too-costly",
            f"{name}: decoding needs more than {mib} MiB beyond its frame; convert the file",
        )
    if isinstance(error, Exception):
        return SourceError("source-malformed", f"{name}: cannot be read: {what}; copy it again")
    return SourceError(
        "source-decoder-crashed", f"{name}: a decoder failed on it: {what}; copy it again"
    )


def _watch(host: socket.socket, on: bool) -> None:
    """Have the kernel end this process when the host closes its end; nothing is sent meanwhile."""
    if on:
        fcntl.fcntl(host, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(host, fcntl.F_GETFL)
    wanted = flags | os.O_ASYNC if on else flags & ~os.O_ASYNC
    fcntl.fcntl(host, fcntl.F_SETFL, wanted)


def _receive(host: socket.socket) -> tuple[dict[str, Any], int | None]:
    head, files, _, _ = socket.recv_fds(host, LENGTH.size, 1)
    if not head:
        raise _Gone
    (length,) = LENGTH.unpack(head + _exactly(host, LENGTH.size - len(head)))
    if length > MAX_MESSAGE_BYTES:
        raise _Gone
    return decode(_exactly(host, length)), (files[0] if files else None)


def _exactly(host: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = host.recv(count - len(data))
        if not piece:
            raise _Gone
        data += piece
    return data


if __name__ == "__main__":
    main(int(sys.argv[1]))

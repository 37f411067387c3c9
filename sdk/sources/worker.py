"""The decoding process: reads the files that its host hands to it, one frame at a time.

Started by `sdk.sources.host`, and ends when its host does.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import socket
import sys
from collections.abc import Generator
from typing import Any

from .._shown import shown
from ..errors import SdkError, SourceError
from ..frame import Frame
from . import base, limits
from .base import FrameInfo
from .formats import prepare, read
from .protocol import (
    LENGTH,
    MAX_MESSAGE_BYTES,
    decode,
    describe_error,
    describe_frame,
    encode,
    region_of,
)

_HOST = 3
_OWN = {0, 1, 2, _HOST}
_Frames = Generator[tuple[Frame, FrameInfo], None, None]


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
    _end_with_host()
    base.on_declared_pixels = limits.allow_pixels
    host.sendall(encode({"ready": os.getpid()}))
    # the host has closed its end of standard error; what codecs print is for nobody
    silence = os.open(os.devnull, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(silence, standard)
    try:
        _serve(host)
    except (_Gone, ConnectionError):
        os._exit(0)


def _end_with_host() -> None:
    """Have the kernel end this process, even inside a codec, when its host is gone.

    Standard input is a pipe on which nothing is ever sent: its other end is the host's, and when
    that is closed, by whatever means, SIGIO comes here, whose default is to end the process.
    """
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)


def _serve(host: socket.socket) -> None:
    frames: _Frames | None = None
    while True:
        request, file = _receive(host)
        if request["do"] == "close" and frames is not None:
            frames.close()
            frames = None
            _close_leaks()
        if request["do"] == "open":
            assert file is not None
            prepare(request["kind"])
            region = region_of(request["region"])
            handed = os.fdopen(file, "rb")
            frames = read(handed, request["kind"], request["name"], region, request["color"])
        if request["do"] != "close":
            assert frames is not None
            if not _answer(host, request, frames):
                frames = None


def _answer(host: socket.socket, request: dict[str, Any], frames: _Frames) -> bool:
    """Send what comes next of a file; return whether more may come."""
    message, pixels = _step(request, frames)
    if pixels is None:
        _close_leaks()
    message["size_bytes"] = limits.size_bytes()
    host.sendall(encode(message))
    if pixels is not None:
        host.sendall(memoryview(pixels).cast("B"))
    if message.get("spent"):
        os._exit(0)
    return pixels is not None


def _close_leaks() -> None:
    """Close what a reader left open: nothing of one file is there when the next is read.

    What an object still owns is left to the collector first. Closed behind its back, it would later
    close whatever has the number by then.
    """
    if _descriptors() != _OWN:
        gc.collect()
        for descriptor in _descriptors() - _OWN:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _descriptors() -> set[int]:
    still_open = set()
    for descriptor in range(limits.OPEN_FILES):
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_GETFD)
            still_open.add(descriptor)
    return still_open


def _step(request: dict[str, Any], frames: _Frames) -> tuple[dict[str, Any], Any]:
    """Decode one frame under the limits; return the reply and its pixels."""
    limits.begin()
    try:
        item = next(frames, None)
    except BaseException as error:  # a panic of a codec written in Rust is no Exception
        limits.end()  # what follows is this package's own
        return _failure(request, error), None
    finally:
        limits.end()
    return ({"end": True}, None) if item is None else describe_frame(*item)


def _failure(request: dict[str, Any], error: BaseException) -> dict[str, Any]:
    if isinstance(error, SdkError):
        return describe_error(error)
    # nobody knows what state this left behind
    return describe_error(_source_error(request, error)) | {"spent": True}


def _source_error(request: dict[str, Any], error: BaseException) -> SourceError:
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

"""Motion JPEG: out of a pipe, or over HTTP as `multipart/x-mixed-replace`."""

from __future__ import annotations

import http.client
import os
import select
import urllib.parse
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..._shown import shown
from ...errors import SourceError
from ...frame import Frame
from ..choices import Wanted
from .jpegs import MAX_JPEG_BYTES, Cutter
from .link import POLL_S, Lost, address_of, kept_up
from .source import LiveSource, Receiver, Waiting

_PIECE_BYTES = 1 << 16
_LONGEST_LINE = 8192
_MOST_HEADERS = 64
_STALL_S = 5.0


def from_pipe(file: Any, asked: Wanted, wait: Waiting) -> LiveSource:
    """Read JPEG images that follow one another in a pipe, until it ends.

    Args:
        file: binary, such as `subprocess.Popen.stdout` or `sys.stdin.buffer`; it stays open.
        asked: region of every frame.
        wait: checked options.

    Raises:
        SourceError: `source-type`.
    """
    if not hasattr(file, "read"):
        raise SourceError(
            "source-type", f"the source is a {type(file).__name__}, allowed is a binary file object"
        )
    name = str(getattr(file, "name", f"<{type(file).__name__}>"))
    receiver = Receiver(name, "mjpeg", asked, wait.queue)
    return LiveSource(receiver, partial(_read_pipe, file), wait.timeout_s)


def from_http(url: str, asked: Wanted, wait: Waiting) -> LiveSource:
    """Read Motion JPEG from a server; connect again when it goes away.

    Args:
        url: `http://host:port/path`.
        asked: region of every frame.
        wait: checked options.

    Raises:
        SourceError: at once `source-option`, `source-remote` or `source-not-found`; from the
            iterator also `source-disconnected`, and `source-unsupported` when the server sends
            something else.
    """
    parts = urllib.parse.urlsplit(url)
    try:
        port = parts.port or 80
    except ValueError:
        port = 0
    if parts.scheme != "http" or not parts.hostname or not port or parts.username:
        raise SourceError("source-option", f"{shown(url)} is no address http://host:port/path")
    address = address_of(parts.hostname, port, remote=wait.remote)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    receiver = Receiver(url, "mjpeg", asked, wait.queue)
    once = partial(_read_http, address, parts.netloc, target)
    return LiveSource(receiver, lambda r: kept_up(r, once, wait.give_up_s), wait.timeout_s)


def _pass_on(receiver: Receiver, image: bytes) -> None:
    receiver.frame(lambda: Frame(image, format="MJPEG", region=receiver.region))


def _read_pipe(file: Any, receiver: Receiver) -> None:
    receiver.box.connections += 1
    cutter = Cutter()
    for piece in _pieces(file, receiver):
        for image in cutter.feed(piece):
            _pass_on(receiver, image)
        receiver.box.damaged = 1 if cutter.skipped_bytes else 0


def _pieces(file: Any, receiver: Receiver) -> Iterator[bytes]:
    try:
        descriptor = file.fileno()
    except (AttributeError, OSError):
        descriptor = -1
    while not receiver.stopped.is_set():
        if descriptor < 0:  # an object that only looks like a file can't be waited for
            piece = file.read(_PIECE_BYTES)
        elif select.select([descriptor], [], [], POLL_S)[0]:
            piece = os.read(descriptor, _PIECE_BYTES)
        else:
            continue
        if not piece:
            return
        yield piece


def _read_http(address: tuple[str, int], host: str, target: str, receiver: Receiver) -> None:
    # to the address that was checked, whatever the name leads to by now
    connection = http.client.HTTPConnection(*address, timeout=_STALL_S)
    try:
        connection.connect()
        receiver.connection = connection.sock
        connection.request("GET", target, headers={"Host": host, "Accept": "multipart/*, image/*"})
        with connection.getresponse() as response:
            _read_response(response, receiver)
    except (http.client.HTTPException, ValueError) as error:
        raise Lost(f"{type(error).__name__}: {error}") from error
    finally:
        receiver.connection = None
        connection.close()


def _read_response(response: http.client.HTTPResponse, receiver: Receiver) -> None:
    kind = response.headers.get_content_type()
    if response.status != http.client.OK or kind not in _KINDS:
        raise SourceError(
            "source-unsupported",
            f"{shown(receiver.name)}: the server answers {response.status} {shown(kind)}, allowed "
            "is 200 with multipart/x-mixed-replace or image/jpeg",
        )
    receiver.box.connections += 1
    if kind == "image/jpeg":
        _pass_on(receiver, _body(response, MAX_JPEG_BYTES))
        return
    boundary = response.headers.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise SourceError(
            "source-malformed", f"{shown(receiver.name)}: its multipart names no boundary"
        )
    _read_parts(response, boundary.removeprefix("--").encode("latin-1"), receiver)


_KINDS = ("multipart/x-mixed-replace", "multipart/mixed", "image/jpeg")


def _body(response: http.client.HTTPResponse, most: int) -> bytes:
    data = response.read(most + 1)  # without a length of its own, it ends with the connection
    if len(data) > most:
        raise Lost(f"an image of more than {most} bytes")
    return data


def _read_parts(response: Any, boundary: bytes, receiver: Receiver) -> None:
    """Read parts until told to stop; images of stated length whole, others cut by their markers."""
    cutter = Cutter()
    while not receiver.stopped.is_set():
        line = _line(response)
        if not line:
            raise Lost("it ended the connection")
        if line.strip().removeprefix(b"--") == boundary + b"--":
            raise Lost("it ended the stream")
        if line.strip().removeprefix(b"--") != boundary:
            continue  # the empty line behind an image, or what was before the first boundary
        length = _length(response)
        if length is not None:
            data = response.read(length)
            if len(data) != length:
                raise Lost("it ended the connection within an image")
            _pass_on(receiver, data)
        else:
            _cut_one(response, cutter, receiver)


def _line(response: Any) -> bytes:
    line: bytes = response.readline(_LONGEST_LINE)
    if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
        raise Lost("a line without an end")
    return line


def _length(response: Any) -> int | None:
    """Read a part's header; return the length of its image, or None if it isn't told."""
    length = None
    for _ in range(_MOST_HEADERS):
        line = _line(response).strip()
        if not line:
            return length
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            if not value.strip().isdigit() or not 0 < int(value) <= MAX_JPEG_BYTES:
                raise Lost(f"an image of {value.strip()[:20]!r} bytes")
            length = int(value)
    raise Lost("a part with too many headers")


def _cut_one(response: Any, cutter: Cutter, receiver: Receiver) -> None:
    while not receiver.stopped.is_set():
        piece = response.readline(_PIECE_BYTES)
        if not piece:
            raise Lost("it ended the connection within an image")
        images = cutter.feed(piece)
        if images:
            for image in images:
                _pass_on(receiver, image)
            return

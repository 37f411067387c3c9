"""The frames of one file whose kind is known, read by a decoding process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ..frame import Frame
from . import host, intake, pool
from .base import FrameInfo
from .choices import Wanted
from .protocol import ProtocolError, describe_region, error_of, frame_of


def decoded(
    file: intake.Opened, kind: str, name: str, wanted: Wanted
) -> Iterator[tuple[Frame, FrameInfo]]:
    """Have a decoding process read a file; it is free for another one afterwards, or ended.

    Args:
        file: closed when its frames end.
        kind: from `formats.kind_of`.
        name: for messages and `FrameInfo`.
        wanted: how to read it.
    """
    request = {
        "do": "open",
        "kind": kind,
        "name": name,
        "region": describe_region(wanted.region),
        "color": wanted.color,
    }
    with contextlib.closing(file):
        worker = pool.acquire()
        waits = False  # for a request, and so can be kept
        size_bytes = 0
        try:
            reply, pixels = worker.request(request, name, file)
            index = 0
            while "frame" in reply:
                item = frame_of(reply, pixels, name, index)
                size_bytes, waits = _size(reply), True
                yield item
                # until the reply is read the process is in the middle of a request
                waits = False
                reply, pixels = worker.request({"do": "next"}, name)
                index += 1
            size_bytes, waits = _size(reply), "spent" not in reply
            if "error" in reply:
                raise error_of(reply)
            if "end" not in reply:
                raise ProtocolError("reply")
        except ProtocolError as error:
            waits = False
            raise host.crashed(name, f"answered out of turn ({error})") from error
        finally:
            pool.release(worker, size_bytes if waits else None)


def _size(reply: dict[str, Any]) -> int:
    size = reply.get("size_bytes")
    if type(size) is not int:
        raise ProtocolError("size_bytes")
    return size

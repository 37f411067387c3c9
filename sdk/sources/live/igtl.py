"""OpenIGTLink client: IMAGE messages of a server such as PLUS, each with its CRC checked."""

from __future__ import annotations

import socket
from functools import partial

from ...errors import SdkError
from ..base import optional_import
from ..choices import Wanted
from . import igtl_message as messages
from .link import POLL_S, address_of, exactly, kept_up
from .source import LiveSource, Receiver, Waiting

DEFAULT_PORT = 18944
_STALL_S = 5.0
_CONNECT_S = 5.0


def from_igtl(
    host: str,
    port: int,
    asked: Wanted,
    wait: Waiting,
    *,
    device: str | None,
    window: tuple[int, int],
) -> LiveSource:
    """Connect to an OpenIGTLink server and read its images; connect again when it goes away.

    Args:
        host: name or address.
        port: usually 18944.
        asked: region of every frame.
        wait: checked options.
        device: name of the device whose images are taken; None takes those of every device.
        window: values that are black and white in images of 16 bits.

    Raises:
        SourceError: `dependency-missing`, `source-option`, `source-remote` or `source-not-found`
            at once; `source-disconnected` from the iterator, and once for an image that isn't read.
    """
    optional_import("fastcrc", "fastcrc", "igtl")
    address = address_of(host, port, remote=wait.remote)
    receiver = Receiver(f"igtl://{host}:{port}", "igtl", asked, wait.queue)
    once = partial(_receive, address, device, window)
    return LiveSource(receiver, lambda r: kept_up(r, once, wait.give_up_s), wait.timeout_s)


def _receive(
    address: tuple[str, int], device: str | None, window: tuple[int, int], receiver: Receiver
) -> None:
    checksum = optional_import("fastcrc", "fastcrc", "igtl").crc64.ecma_182
    with socket.create_connection(address, _CONNECT_S) as connection:
        # short, since `exactly` looks between two waits whether to stop
        connection.settimeout(POLL_S)
        receiver.box.connections += 1
        # between messages a server may be silent as long as it likes
        while True:
            head = exactly(connection, messages.HEADER.size, receiver, float("inf"))
            header = messages.header_of(head)
            body = exactly(connection, header.body_bytes, receiver, _STALL_S)
            if header.kind != "IMAGE" or device not in (None, header.device):
                receiver.box.ignored += 1
            elif checksum(bytes(body)) != header.crc:
                receiver.box.damaged += 1
            else:
                _pass_on(receiver, header, body, window)


def _pass_on(
    receiver: Receiver, header: messages.Header, body: bytearray, window: tuple[int, int]
) -> None:
    try:
        content = messages.content_of(header, memoryview(body))
        frame = messages.image_of(content, receiver.region, window)
    except SdkError as error:
        receiver.box.put(error)
    else:
        receiver.frame(lambda: frame)

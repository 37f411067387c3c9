"""Connections that come back: bounded waiting, growing pauses, loopback unless told otherwise."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable

from ..._shown import shown
from ...errors import SourceError
from .source import Receiver

POLL_S = 0.25
"""How often a waiting thread looks whether to stop."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


class Lost(Exception):
    """A connection ended, or its bytes make no sense; the next one begins anew."""


def address_of(host: str, port: int, *, remote: bool) -> tuple[str, int]:
    """Look a host up, and refuse it unless it is this machine or `remote` is true.

    Raises:
        SourceError: `source-remote` or `source-not-found`.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceError("source-not-found", f"{shown(host)} is no host known here") from error
    # the address that is checked is the one to connect to: another look-up may give another
    address = str(found[0][4][0])
    if not remote and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        raise SourceError(
            "source-remote",
            f"{shown(host)} is another machine ({address}); frames come unencrypted and from "
            "whoever answers there: say remote=True if the network is yours",
        )
    return address, port


def kept_up(receiver: Receiver, connect: Callable[[Receiver], None], give_up_s: float) -> None:
    """Connect, receive, and connect again, until told to stop.

    Args:
        receiver: told of connections.
        connect: connects and receives; ends with `Lost` or OSError when the connection does.
        give_up_s: how long to try without a frame.

    Raises:
        SourceError: `source-disconnected`.
    """
    pause_s, began_s, before = _FIRST_PAUSE_S, time.monotonic(), 0
    while not receiver.stopped.is_set():
        why = "it ended the connection"
        try:
            connect(receiver)
        except (Lost, OSError) as error:
            why = str(error) or type(error).__name__
        received = receiver.box.stats().received
        # a sender that accepts and sends nothing must not keep the trying alive
        if received > before:
            pause_s, began_s, before = _FIRST_PAUSE_S, time.monotonic(), received
        if time.monotonic() - began_s + pause_s > give_up_s and not receiver.stopped.is_set():
            raise SourceError(
                "source-disconnected",
                f"{shown(receiver.name)}: no frame for {give_up_s:g} s of trying: {why}; start the "
                "sender, or allow more with give_up_s=",
            )
        if not receiver.pause(pause_s):
            return
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def exactly(connection: socket.socket, count: int, receiver: Receiver, stall_s: float) -> bytearray:
    """Read so many bytes.

    Raises:
        Lost: the connection ended, stood still for `stall_s`, or is to be stopped.
    """
    data = bytearray(count)
    view, last_s = memoryview(data), time.monotonic()
    while view:
        if receiver.stopped.is_set():
            raise Lost("stopped")
        try:
            got = connection.recv_into(view)
        except TimeoutError:
            if time.monotonic() - last_s > stall_s:
                raise Lost(f"nothing came for {stall_s:g} s") from None
            continue
        if got == 0:
            raise Lost("it ended the connection")
        view, last_s = view[got:], time.monotonic()
    return data

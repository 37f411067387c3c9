"""The host's side of one decoding process: start it, send it requests, end it.

Whatever goes wrong between two messages ends it. A child of the host's own fork never speaks on its
parent's sockets.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import weakref
from typing import Any

from .._shown import shown
from ..errors import SourceError
from . import limits
from .child import start, unavailable
from .intake import Opened
from .protocol import (
    LENGTH,
    MAX_MESSAGE_BYTES,
    ProtocolError,
    decode,
    empty_pixels,
    encode,
)

_START_S = 60.0
_STDERR_BYTES = 4096


class Worker:
    """One decoding process; used by one thread at a time."""

    def __init__(self) -> None:
        """Start it.

        Raises:
            SourceError: `source-decoder-unavailable`.
        """
        self._owner = os.getpid()
        self._socket, there = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        try:
            with there:
                self._process = start(there.fileno(), lifeline)
        except BaseException:
            self._hang_up()
            raise
        finally:
            os.close(lifeline)
        live.add(self)
        try:
            self._greet()
        except BaseException:
            self.end()
            raise

    def usable(self) -> bool:
        """Whether it is there, and belongs to this process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def request(
        self, message: dict[str, Any], name: str, file: Opened | None = None
    ) -> tuple[dict[str, Any], Any]:
        """Send a request, with a file or without, and return the reply and its pixels.

        Raises:
            SourceError: `source-too-costly` or `source-decoder-crashed` when it ends instead, or
                doesn't answer; `source-unreadable` in a forked child.
        """
        if self._owner != os.getpid():
            # two processes on one socket would read each other's replies
            raise SourceError(
                "source-unreadable", f"{shown(name)} was opened before a fork; open it here again"
            )
        deadline = time.monotonic() + limits.WALL_S
        try:
            self._send(encode(message), file)
            reply = decode(self._receive_message(deadline))
            pixels = None
            if "frame" in reply:
                pixels = empty_pixels(reply)
                self._fill(pixels.data.cast("B"), deadline)
            return reply, pixels
        except TimeoutError:
            self.end()
            raise SourceError(
                "source-too-costly",
                f"{shown(name)}: its decoder did not answer within {limits.WALL_S:g} s; "
                "convert the file",
            ) from None
        except (OSError, EOFError, ProtocolError) as error:
            raise self._death(name, error) from error
        except MemoryError as error:
            self.end()
            raise SourceError(
                "source-too-costly",
                f"{shown(name)}: this process has too little memory for a frame of it",
            ) from error
        except BaseException:
            # a signal handler's, say: the reply that is under way would be taken for the next one
            self.end()
            raise

    def close_file(self) -> None:
        """Have it close the file it is at, and wait for the next one."""
        self._send(encode({"do": "close"}), None)

    def end(self) -> None:
        """End the process."""
        live.discard(self)
        self._hang_up()
        if self._owner == os.getpid():
            self._process.kill()
            self._process.wait()

    def abandon(self) -> None:
        """Leave it to the kernel, which ends it with this process: a daemon thread may be at it."""
        self._process.returncode = 0

    def forget(self) -> None:
        """Let go of it in a forked child, whose parent still owns it."""
        self._hang_up()
        self.abandon()

    def _hang_up(self) -> None:
        self._socket.close()
        lifeline, self._lifeline = self._lifeline, -1
        if lifeline >= 0:
            os.close(lifeline)

    def _greet(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stderr:
            try:
                reply = decode(self._receive_message(time.monotonic() + _START_S))
            except (OSError, EOFError, ProtocolError) as error:
                self._process.kill()
                # Python's last line says why, mostly an import that failed
                text = stderr.read(_STDERR_BYTES).decode("utf-8", "replace").strip()
                last = text.splitlines()[-1] if text else type(error).__name__
                raise unavailable(
                    f"the process that decodes files ended at once: {last}"
                ) from error
        if "ready" not in reply:
            raise unavailable("the process that was started does not decode files")

    def _send(self, data: bytes, file: Opened | None) -> None:
        self._socket.settimeout(limits.WALL_S)
        if file is None:
            self._socket.sendall(data, socket.MSG_NOSIGNAL)
            return
        # the descriptor goes with the first bytes; the kernel may take fewer than all of them
        sent = socket.send_fds(self._socket, [data], [file.fileno()], socket.MSG_NOSIGNAL)
        self._socket.sendall(data[sent:], socket.MSG_NOSIGNAL)

    def _receive_message(self, deadline: float) -> bytes:
        head = bytearray(LENGTH.size)
        self._fill(memoryview(head), deadline)
        (length,) = LENGTH.unpack(head)
        if length > MAX_MESSAGE_BYTES:
            raise ProtocolError("length")
        body = bytearray(length)
        self._fill(memoryview(body), deadline)
        return bytes(body)

    def _fill(self, view: memoryview, deadline: float) -> None:
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            count = self._socket.recv_into(view)
            if count == 0:
                raise EOFError
            view = view[count:]

    def _death(self, name: str, error: Exception) -> SourceError:
        """End it, and tell what it died of."""
        if isinstance(error, ProtocolError):
            self.end()
            return crashed(name, f"answered out of turn ({error})")
        try:  # its end of the socket is closed: it is as good as dead
            code: int | None = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = None
        self.end()
        # of the timer that `limits.begin` sets: it reaches into a codec written in C
        if code == -signal.SIGPROF:
            why = f"decoding one frame takes more than {limits.CPU_S:g} s of CPU time"
            return SourceError("source-too-costly", f"{shown(name)}: {why}; convert the file")
        if code == -signal.SIGKILL:
            why = "its decoder was killed from outside, maybe for want of memory"
            return SourceError("source-too-costly", f"{shown(name)}: {why}; convert the file")
        how = signal.Signals(-code).name if code and code < 0 else f"exit status {code}"
        return crashed(name, f"crashed ({how})")


live: weakref.WeakSet[Worker] = weakref.WeakSet()
"""Every decoding process that was started here and has not ended."""


def crashed(name: str, how: str) -> SourceError:
    """Build the error for a decoding process that ended, or went astray, at a file."""
    return SourceError(
        "source-decoder-crashed",
        f"{shown(name)}: its decoder {how}: the file is damaged, or made to break a decoder, or "
        "needs more memory than is allowed; copy it again or convert it",
    )

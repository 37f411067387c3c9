"""The host's side of the decoding processes: start, reuse, ask, and end them.

A process serves one file at a time and is kept for the next; at most `_IDLE` wait. Whatever goes
wrong between two messages ends it. A child of the host's own fork never speaks on its parent's
sockets. Nothing here holds a lock, since an iterator may be collected at any point of any thread.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import time
import weakref
from collections import deque
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

_IDLE = 2
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
        _live.add(self)
        try:
            self._greet()
        except BaseException:
            self.end()
            raise

    def usable(self) -> bool:
        """Whether it is there, and belongs to this process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def ask(
        self, message: dict[str, Any], name: str, file: Opened | None = None
    ) -> tuple[dict[str, Any], Any]:
        """Send a request, with a file or without, and return the reply and its pixels.

        Raises:
            SourceError: `source-too-costly` or `source-decoder-crashed` when it ends instead, or
                doesn't answer; `source-unreadable` in a forked child.
        """
        if self._owner != os.getpid():
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
                f"{shown(name)}: its decoder gave no answer within {limits.WALL_S:g} s; "
                "convert the file",
            ) from None
        except (OSError, EOFError, ProtocolError) as error:
            raise self._obituary(name, error) from error
        except MemoryError as error:
            self.end()
            raise SourceError(
                "source-too-costly", f"{shown(name)}: this process has no memory for a frame of it"
            ) from error
        except BaseException:
            self.end()
            raise

    def leave(self) -> None:
        """Drop the file it is at."""
        self._send(encode({"do": "close"}), None)

    def end(self) -> None:
        """End the process."""
        _live.discard(self)
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
                said = stderr.read(_STDERR_BYTES).decode("utf-8", "replace").strip()
                last = said.splitlines()[-1] if said else type(error).__name__
                raise unavailable(
                    f"the process that decodes files ended at once: {last}"
                ) from error
        if "ready" not in reply:
            raise unavailable("the process that decodes files is no such process")

    def _send(self, data: bytes, file: Opened | None) -> None:
        self._socket.settimeout(limits.WALL_S)
        if file is None:
            self._socket.sendall(data, socket.MSG_NOSIGNAL)
            return
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

    def _obituary(self, name: str, error: Exception) -> SourceError:
        """End it, and tell what it died of."""
        if isinstance(error, ProtocolError):
            self.end()
            return crashed(name, f"answered out of turn ({error})")
        try:  # its end of the socket is closed: it is as good as dead
            code: int | None = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = None
        self.end()
        if code == -signal.SIGPROF:
            why = f"decoding one frame takes more than {limits.CPU_S:g} s of CPU time"
            return SourceError("source-too-costly", f"{shown(name)}: {why}; convert the file")
        if code == -signal.SIGKILL:
            why = "its decoder was killed from outside, maybe for want of memory"
            return SourceError("source-too-costly", f"{shown(name)}: {why}; convert the file")
        how = signal.Signals(-code).name if code and code < 0 else f"exit status {code}"
        return crashed(name, f"crashed ({how})")


_live: weakref.WeakSet[Worker] = weakref.WeakSet()
_idle: deque[Worker] = deque()


def acquire() -> Worker:
    """Return an idle decoding process, or a new one."""
    while _idle:
        try:
            worker = _idle.pop()
        except IndexError:  # another thread was faster
            break
        if worker.usable():
            return worker
        worker.end()
    return Worker()


def part(worker: Worker, size_bytes: int | None) -> None:
    """Let go of a decoding process: keep it for another file, or end it.

    Args:
        worker: from `acquire`.
        size_bytes: of its address space, when it waits for a request; else None.
    """
    keep = size_bytes is not None and size_bytes < limits.RECYCLE_BYTES and len(_idle) < _IDLE
    try:
        if keep and worker.usable():
            worker.leave()
            _idle.append(worker)
            return
    except OSError:
        pass  # it ended, or this process is ending
    worker.end()


def end_idle() -> None:
    """End the decoding processes that wait; those at a file are left alone."""
    while _idle:
        with contextlib.suppress(IndexError):  # another thread was faster
            _idle.pop().end()


def _at_exit() -> None:
    end_idle()
    for worker in list(_live):
        worker.abandon()


def _after_fork() -> None:
    for worker in list(_live):
        worker.forget()
    _live.clear()
    _idle.clear()


atexit.register(_at_exit)
os.register_at_fork(after_in_child=_after_fork)


def crashed(name: str, how: str) -> SourceError:
    """Build the error for a decoding process that ended, or went astray, at a file."""
    return SourceError(
        "source-decoder-crashed",
        f"{shown(name)}: its decoder {how}: the file is damaged, or made to break a decoder, or "
        "needs more memory than is allowed; copy it again or convert it",
    )

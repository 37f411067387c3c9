"""Writes an audit log: one JSON object a line, files of bounded size and number."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from .._shown import shown
from ..errors import SdkError
from ..fields import dump_json
from .session import AuditSession

if TYPE_CHECKING:
    from ..stream import Stream

_LEAST_BYTES, _MOST_BYTES = 4096, 2**30
_MOST_FILES = 1000


class AuditLog:
    """A log that any number of streams of one process write to, from any thread.

    The newest records are in `path`, older ones in `path.1`, `path.2` and so on; the oldest file is
    deleted. Each record is one write to the operating system, so a process that is killed loses
    none but perhaps the one it was writing; it isn't synced, so a power failure may lose the last
    seconds. What can't be written, a full disk for instance, is counted in `lost` and never raised.

    Args:
        path: of the newest file; it is continued if it is there. Its folder must exist.
        max_bytes: of a file, 4,096 to 1 GiB.
        files: how many, 1 to 1,000: the log takes at most `max_bytes * files`.

    Raises:
        SdkError: `audit-setting`, `audit-unwritable` or `audit-in-use`.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, max_bytes: int = 2**24, files: int = 8
    ) -> None:
        for name, value, low, high in (
            ("max_bytes", max_bytes, _LEAST_BYTES, _MOST_BYTES),
            ("files", files, 1, _MOST_FILES),
        ):
            if type(value) is not int or not low <= value <= high:
                raise SdkError(
                    "audit-setting", f"{name} is {shown(value)}, it must be a whole {low}..{high}"
                )
        self._path = Path(path)
        self._max_bytes = max_bytes
        self._files = files
        self._pid = os.getpid()
        self._lock = Lock()
        self.written = 0
        """Records written."""
        self.lost = 0
        """Records that could not be written."""
        self.generation = 0
        """Files begun; a session writes its facts anew in each."""
        self._fd = -1
        self._size = 0
        self._torn = False
        try:
            self._open()
        except OSError as error:
            raise SdkError(
                "audit-unwritable",
                f"{shown(str(self._path))} can't be opened for writing: {error.strerror}",
            ) from error

    def session(self, stream: Stream) -> AuditSession:
        """Return what writes the records of one stream."""
        return AuditSession(self, stream)

    def append(self, record: dict[str, object]) -> None:
        """Write one record, or count it as lost; never raises.

        Args:
            record: JSON-ready.
        """
        # a forked child shares the file, and would write into its parent's lines
        if os.getpid() != self._pid:
            self.lost += 1
            return
        with self._lock:
            try:
                self._write(dump_json(record).encode() + b"\n")
                self.written += 1
            except (OSError, ValueError):
                self.lost += 1

    def close(self) -> None:
        """Close the file; records that come later are lost."""
        with self._lock:
            if self._fd >= 0 and os.getpid() == self._pid:
                os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(self._path, flags, 0o600)
        try:
            state = os.fstat(fd)
            if not stat.S_ISREG(state.st_mode):
                raise SdkError("audit-unwritable", f"{shown(str(self._path))} is no regular file")
            self._claim(fd)
        except BaseException:
            os.close(fd)
            raise
        old, self._fd, self._size = self._fd, fd, state.st_size
        if old >= 0:
            os.close(old)
        # a process that was killed may have left half a line
        self._torn = self._size > 0 and os.pread(fd, 1, self._size - 1) != b"\n"
        self.generation += 1

    def _claim(self, fd: int) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SdkError(
                "audit-in-use",
                f"{shown(str(self._path))} is written by another process or AuditLog; name another "
                "file, or share one AuditLog among the streams of a process",
            ) from error

    def _write(self, line: bytes) -> None:
        if self._fd < 0:
            raise OSError("closed")
        if self._torn:
            line = b"\n" + line
        if self._size and self._size + len(line) > self._max_bytes:
            self._rotate()
            line = line.lstrip(b"\n")
        done = 0
        try:
            done = os.write(self._fd, line)
            if done < len(line):
                raise OSError("short write")
        except OSError:
            self._undo(done)
            raise
        self._size += done
        self._torn = False

    def _undo(self, done: int) -> None:
        """Take half a line back, or remember that it is there."""
        if not done:
            return
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            self._size += done
            self._torn = True

    def _rotate(self) -> None:
        names = [self._path, *(Path(f"{self._path}.{n}") for n in range(1, self._files))]
        if len(names) == 1:
            os.unlink(self._path)
        for older, newer in zip(names[:0:-1], names[-2::-1], strict=True):
            if newer.exists():
                os.replace(newer, older)
        self._open()

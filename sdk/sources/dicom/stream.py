"""The open file as the header's reader sees it: bounded, and inflated where it is deflated."""

from __future__ import annotations

import io
import os
import zlib
from typing import BinaryIO

from ..._shown import shown
from ...errors import SourceError

MAX_HEADER_BYTES = 64 << 20
"""Most bytes that are read of all that lies before the pixels; what isn't read is skipped."""
MAX_READS = 400_000
"""Most read operations before the pixels, about two for each element."""
_PIECE_BYTES = 1 << 16


class BoundedFile:
    """A file that counts what is read of it, and refuses to go beyond its end or its budget.

    pydicom turns some exceptions into its own and takes a short read for the end of a data set, so
    the first refusal is kept in `error` as well.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._bytes_left = MAX_HEADER_BYTES
        self._reads_left = MAX_READS
        self.error: SourceError | None = None
        self.ended = False
        self.blanks_next = False  # the next value is read as blanks
        self.size = None if isinstance(file, io.BufferedReader) and _inflates(file) else _size(file)

    def read(self, count: int = -1) -> bytes:
        """Read `count` bytes; fewer only where a data set may end."""
        self._spend(count)
        data = self._file.read(count)
        if len(data) < count:
            self.ended = True
            # nothing, where a tag of 8 bytes was looked for, is how a data set ends
            if data or count > 8:
                raise self.refuse("source-truncated", "ends inside its header; copy it again")
        if self.blanks_next:
            self.blanks_next = False
            return b" " * len(data)
        return data

    def tell(self) -> int:
        """Return the position from the start of the (inflated) file, in bytes."""
        return self._file.tell()

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Move within the file.

        Raises:
            SourceError: `source-truncated` beyond its end, `source-too-large` when too much would
                be inflated on the way.
        """
        if whence != os.SEEK_SET:
            raise NotImplementedError("only positions from the start")
        self.blanks_next = False
        if self.size is None and position > MAX_HEADER_BYTES:
            raise self.refuse(
                "source-too-large",
                f"inflates to more than {MAX_HEADER_BYTES} bytes before its pixels",
            )
        if self.size is not None and position > self.size:
            self.ended = True
            raise self.refuse("source-truncated", "ends inside an element; copy it again")
        return self._file.seek(position)

    def _spend(self, count: int) -> None:
        self._bytes_left -= count
        self._reads_left -= 1
        if count < 0 or self._bytes_left < 0 or self._reads_left < 0:
            raise self.refuse(
                "source-too-large",
                f"more than {MAX_HEADER_BYTES} bytes or {MAX_READS // 2} elements lie before its "
                "pixels; save it without private elements",
            )

    def refuse(self, slug: str, text: str) -> SourceError:
        """Build the error for this file, and remember it if it is the first."""
        error = SourceError(slug, f"{shown(self._name)}: {text}")
        self.error = self.error or error
        return error


class _Inflated(io.RawIOBase):
    """The inflated rest of a file; going back inflates from the start again."""

    def __init__(self, file: BinaryIO, prefix: bytes, start: int) -> None:
        super().__init__()
        self._file = file
        self._prefix = prefix
        self._start = start
        self._restart()

    def _restart(self) -> None:
        self._file.seek(self._start)
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), _PIECE_BYTES)
        if self._position < len(self._prefix):
            data = self._prefix[self._position : self._position + count]
        else:
            data = self._inflate(count)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _inflate(self, count: int) -> bytes:
        while not self._inflater.eof:
            piece = self._inflater.unconsumed_tail or self._file.read(_PIECE_BYTES)
            data = self._inflater.decompress(piece, count)
            if data:
                return data
            if not piece:
                raise EOFError("the deflated data end early")
        return b""

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        if whence not in (os.SEEK_SET, os.SEEK_CUR):
            raise NotImplementedError("the inflated size is unknown")
        target = position + (self._position if whence == os.SEEK_CUR else 0)
        if target < self._position:
            self._restart()  # zlib can't go back
        piece = memoryview(bytearray(_PIECE_BYTES))
        while self._position < target:
            if not self.readinto(piece[: target - self._position]):
                raise EOFError("the deflated data end early")
        return self._position


def inflate(file: BinaryIO, start: int) -> BinaryIO:
    """Return the data set behind `start` inflated (PS3.5 clause A.5), at the same positions.

    Memory stays constant. What lies before `start` is kept as it is.
    """
    file.seek(0)
    prefix = file.read(start)
    inflated = io.BufferedReader(_Inflated(file, prefix, start), _PIECE_BYTES)
    inflated.seek(start)
    return inflated


def _inflates(file: io.BufferedReader) -> bool:
    return isinstance(file.raw, _Inflated)


def _size(file: BinaryIO) -> int:
    position = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(position)
    return size

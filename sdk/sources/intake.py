"""From what a caller names to one open, regular file, whose contents alone are believed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Any

from .._origin import raised_by_a_handler
from .._shown import printable, shown
from ..errors import SourceError
from .base import HEADER_BYTES

MAX_OBJECT_BYTES = 1 << 30
"""Largest content of a file object: it is copied to memory, as a file on disk never is."""
MAX_FILES = 100_000
"""Most entries of a folder."""
_PIECE_BYTES = 1 << 20
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # opening a pipe must not wait for its writer


class Opened:
    """A descriptor of a file or a folder, closed when nobody holds it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def close(self) -> None:
        """Close the descriptor, once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    __del__ = close


def open_source(source: Any) -> tuple[Opened, str]:
    """Open what the caller named.

    Args:
        source: a path (str, bytes or PathLike, as for Python's own `open`), or a binary file
            object, which is read from where it stands to its end.

    Returns:
        The open file or folder, and its name for messages and `FrameInfo`.

    Raises:
        SourceError: `source-type`, `source-not-found`, `source-unreadable` or `source-too-large`.
    """
    if isinstance(source, str | bytes | os.PathLike):
        try:
            name = os.fspath(source)
        except Exception as error:
            if raised_by_a_handler(error):
                raise
            raise _wrong_type(source) from error
        return open_path(name), os.fsdecode(name)
    try:
        readable, name = hasattr(source, "read"), getattr(source, "name", None)
    except Exception as error:
        if raised_by_a_handler(error):
            raise
        raise _wrong_type(source) from error
    if readable:
        text = os.fsdecode(name) if isinstance(name, str | bytes) else f"<{type(source).__name__}>"
        text = printable(text)  # anything can be a file object's name
        return _copy(source, text), text
    raise _wrong_type(source)


def open_path(path: str | bytes, folder: Opened | None = None, name: str = "") -> Opened:
    """Open a regular file or a folder, without waiting for anything.

    Args:
        path: of the file; relative to `folder` when that is given.
        folder: an open folder.
        name: for messages, where that isn't the path.

    Raises:
        SourceError: `source-not-found` or `source-unreadable`.
    """
    try:
        descriptor = os.open(path, _FLAGS, dir_fd=None if folder is None else folder.fileno())
    except FileNotFoundError as error:
        raise SourceError(
            "source-not-found", f"{shown(name or path)} does not exist{_hint(path)}"
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(name or path, getattr(error, "strerror", None) or error) from error
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        os.close(descriptor)
        raise _unreadable(name or path, "neither a regular file nor a folder")
    return Opened(descriptor)


def folder_of(path: str) -> Opened:
    """Open the folder in which a file lies.

    Raises:
        SourceError: `source-not-found` or `source-unreadable`.
    """
    return open_path(os.path.dirname(path) or ".")


def entries(folder: Opened, name: str) -> list[str]:
    """List a folder's entries by name, in the order of their characters.

    Names that begin with a dot are left out, as a shell leaves them out.

    Raises:
        SourceError: `source-unreadable`, `source-too-large`, or `source-no-pixels` when nothing is
            in it.
    """
    try:
        names = sorted(entry for entry in os.listdir(folder.fileno()) if not entry.startswith("."))
    except OSError as error:
        raise _unreadable(name, error.strerror) from error
    if len(names) > MAX_FILES:
        raise SourceError(
            "source-too-large", f"{shown(name)}: {len(names)} files, allowed are {MAX_FILES}"
        )
    if not names:
        raise SourceError("source-no-pixels", f"{shown(name)} is a folder without files")
    return names


def expand(path: str | os.PathLike[str]) -> list[str]:
    """Return the path itself, or of a folder the paths of what is in it, as `entries` lists it.

    A path that can't be opened is returned as it is: reading it says why.

    Raises:
        SourceError: see `entries`.
    """
    name = os.fspath(path)
    if not os.path.isdir(name):
        return [name]
    folder = open_path(name)
    return [os.path.join(name, entry) for entry in entries(folder, name)]


def header_of(file: Opened, name: str) -> bytes:
    """Return the first bytes of an open file, `HEADER_BYTES` at most, leaving it at its start.

    Raises:
        SourceError: `source-unreadable`.
    """
    try:
        return os.pread(file.fileno(), HEADER_BYTES, 0)
    except OSError as error:
        raise _unreadable(name, error.strerror) from error


def _copy(source: Any, name: str) -> Opened:
    file = Opened(os.memfd_create("sonogaze", os.MFD_CLOEXEC))
    size = 0
    for piece in _pieces(source, name):
        size += len(piece)
        if size > MAX_OBJECT_BYTES:
            raise SourceError(
                "source-too-large",
                f"{shown(name)}: a file object of more than {MAX_OBJECT_BYTES} bytes; "
                "write it to a file and name that",
            )
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(file.fileno(), rest) :]
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    return file


def _pieces(source: Any, name: str) -> Iterator[bytes]:
    while True:
        try:
            piece = source.read(_PIECE_BYTES)
        except SourceError:
            raise
        except Exception as error:
            if raised_by_a_handler(error):
                raise
            what = f"{type(error).__name__}: {shown(str(error))}"
            raise _unreadable(name, f"its read() failed: {what}") from error
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise SourceError(
                "source-type",
                f"{shown(name)}: read() gave a {type(piece).__name__} instead of bytes; "
                "open it in binary mode, and blocking",
            )
        if not piece:
            return
        yield bytes(piece)


def _wrong_type(source: object) -> SourceError:
    return SourceError(
        "source-type",
        f"the source is a {type(source).__name__}; allowed are a path (str, bytes, PathLike) and a "
        "binary file object; wrap image data in io.BytesIO",
    )


def _hint(path: object) -> str:
    return "; bytes are a path, wrap image data in io.BytesIO" if isinstance(path, bytes) else ""


def _unreadable(path: str | bytes, why: object) -> SourceError:
    mend = _hint(path) or "; name a file, or a folder of files"
    return SourceError("source-unreadable", f"{shown(path)} cannot be read: {why}{mend}")

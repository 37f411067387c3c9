"""Recordings as lines of text, bounded: encoding, line ends and sizes; and writing whole files.

A line is decoded as UTF-8, or as Latin-1 where a format allows it (what counts in a recording is
ASCII; participants' names and messages are in any encoding), or the file is UTF-16 with a byte
order mark. Lines end with LF, CRLF, CR CR LF or CR.
"""

from __future__ import annotations

import codecs
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from export.files import atomic_write
from export.gaze.errors import GazeError

MAX_FILE_BYTES = 512 * 1024 * 1024
MAX_LINE_BYTES = 1_000_000
MAX_SETTINGS_BYTES = 1_000_000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY = {
    b"SR_RESEARCH": "a binary EyeLink EDF file; convert it with edf2asc",
    b"PK\x03\x04": "a spreadsheet or ZIP archive; export tab-separated text",
    b"\x1f\x8b": "compressed; unpack it first",
}


class Line(NamedTuple):
    """A line and its number, from 1; ``ended`` is False for a last one without a line end."""

    number: int
    text: str
    ended: bool


@contextmanager
def open_recording(path: str | Path, limit: int = MAX_FILE_BYTES) -> Iterator[BinaryIO]:
    """Open a regular file of at most ``limit`` bytes.

    Raises:
        GazeError: It is missing, no regular file, or not readable (``gaze-file-missing``), or
            larger than the limit (``gaze-file-too-large``).
    """
    try:
        kind = os.stat(path)  # before it is opened: a pipe would wait for its writer
        if not stat.S_ISREG(kind.st_mode):
            raise GazeError("gaze-file-missing", f"{path} cannot be read: it is no regular file")
        file = open(path, "rb")  # noqa: SIM115  (closed below, where what failed here is told)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GazeError("gaze-file-missing", f"{path} cannot be read: {reason}") from error
    with file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise GazeError(
                "gaze-file-too-large",
                f"{path} has {size:,} bytes; allowed are {limit:,}: split the recording",
            )
        yield file


def lines_of(path: str | Path, file: BinaryIO, latin: bool) -> Iterator[Line]:
    """Yield each line with its number (from 1), line ends stripped.

    Args:
        path: For messages.
        file: From its beginning.
        latin: Read a line that is not UTF-8 as Latin-1.

    Raises:
        GazeError: The bytes are no text of these encodings (``gaze-file-encoding``), or a line is
            longer than a million bytes (``gaze-row``).
    """
    start = file.read(16)
    file.seek(0)
    for magic, what in _BINARY.items():
        if start.startswith(magic):
            raise GazeError("gaze-file-unknown", f"{path} is {what}")
    try:
        if start.startswith(_UTF16):
            with io.TextIOWrapper(file, encoding="utf-16", newline="\n") as text:
                yield from _numbered(path, iter(lambda: text.readline(MAX_LINE_BYTES + 1), ""))
        else:
            if start.startswith(codecs.BOM_UTF8):
                file.seek(len(codecs.BOM_UTF8))
            yield from _numbered(path, _decoded(path, file, latin))
    except UnicodeError as error:
        raise GazeError("gaze-file-encoding", f"{path} is not UTF-16 text: {error}") from error
    except OSError as error:
        raise GazeError("gaze-file-missing", f"{path} cannot be read: {error.strerror}") from error


def _decoded(path: str | Path, file: BinaryIO, latin: bool) -> Iterator[str]:
    offset = file.tell()
    for raw in iter(lambda: file.readline(MAX_LINE_BYTES + 1), b""):
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if not latin:
                raise GazeError(
                    "gaze-file-encoding",
                    f"{path} is not utf-8 text: byte {offset + error.start} is "
                    f"0x{raw[error.start]:02x}; save it as UTF-8",
                ) from error
            yield raw.decode("latin-1")
        offset += len(raw)


def _numbered(path: str | Path, lines: Iterator[str]) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_BYTES:
            raise GazeError(
                "gaze-row", f"{path}, line {number} is longer than {MAX_LINE_BYTES:,} characters"
            )
        if "\0" in line:
            raise GazeError(
                "gaze-file-encoding",
                f"{path}, line {number} holds zero bytes: it is not a text file, or UTF-16 without "
                "a byte order mark; save it as UTF-8",
            )
        text = line.rstrip("\r\n")
        *parts, last = text.split("\r")
        for part in parts:
            yield Line(number, part, True)
        yield Line(number, last, len(text) < len(line))


def read_text(path: str | Path) -> str:
    """Return a small file's text, UTF-8 or UTF-16 with a byte order mark.

    Raises:
        GazeError: It cannot be read, has more than a million bytes, or is no such text.
    """
    with open_recording(path, MAX_SETTINGS_BYTES) as file:
        return "\n".join(line.text for line in lines_of(path, file, latin=False))


def write_text(path: str | Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises:
        GazeError: It cannot be written (``gaze-write``).
    """
    try:
        with atomic_write(Path(path), own_folder=False) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GazeError("gaze-write", f"cannot write {path}: {error}") from error

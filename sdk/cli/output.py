"""Standard output for results alone, and an error when they cannot be written.

Libraries print wherever they like, down to file descriptor 1. Results go to a copy of it, and
descriptor 1 itself becomes standard error, so no foreign line ends up among them.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

NOT_WRITTEN = 3
"""Exit code when results cannot be written."""
READER_GONE = 128 + signal.SIGPIPE
"""Exit code, as shells report it, when the reader of the results has closed the pipe."""


class OutputLost(Exception):
    """Results cannot be written. Not an OSError, or it would pass for an unreadable file."""


class _Results(io.FileIO):
    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputLost from error


@contextmanager
def results_alone(command: str) -> Iterator[None]:
    """Give `sys.stdout` to results alone while the command runs.

    Args:
        command: its name, for the line on standard error.

    Raises:
        SystemExit: `READER_GONE`, silently, or `NOT_WRITTEN`, with a line on standard error.
    """
    if sys.stderr is None:
        # otherwise the next file opened gets descriptor 2, and libraries write warnings to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    if sys.stdout is None:
        raise _not_written(command, "it is closed; send it to a file, a pipe or /dev/null")
    before = sys.stdout
    if not _has_descriptor(before):  # captured inside this process, as tests do
        yield
        return
    before.flush()
    sys.stdout = results = _copy_of(before)
    os.dup2(2, 1)
    try:
        try:
            yield
        finally:
            results.flush()  # commands end by SystemExit
    except OutputLost as lost:
        raise _ended(command, lost.__cause__) from None
    finally:
        os.dup2(results.fileno(), 1)
        _close(results)
        sys.stdout = before


def _has_descriptor(stream: TextIO) -> bool:
    try:
        return stream.fileno() >= 0
    except OSError:
        return False


def _copy_of(stream: TextIO) -> TextIO:
    raw = _Results(os.dup(stream.fileno()), "w")
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=raw.isatty(),
    )


def _ended(command: str, cause: BaseException | None) -> SystemExit:
    if isinstance(cause, BrokenPipeError):
        return SystemExit(READER_GONE)
    return _not_written(command, cause.strerror if isinstance(cause, OSError) else "unknown")


def _not_written(command: str, why: object) -> SystemExit:
    with suppress(OSError):  # standard error may be full as well
        print(f"{command}: standard output cannot be written: {why}", file=sys.stderr)
    return SystemExit(NOT_WRITTEN)


def _close(results: TextIO) -> None:
    # the rest of a lost stream's buffer has nowhere to go
    with suppress(OutputLost):
        results.close()

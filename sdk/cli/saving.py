"""Results kept in files, beside what is printed."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol

from ..errors import SdkError
from ..frame import Frame
from ..sources import FrameInfo
from .answers import Answer
from .rows import COLUMNS, cells_of, error_cells


class NotSaved(Exception):
    """A file of results cannot be written; the message is for people."""


class Keeper(Protocol):
    """Keeps results; `finish` makes what was kept whole, `drop` removes it."""

    def keep(self, place: int, result: Answer, frame: Frame, info: FrameInfo) -> None:
        """Keep a frame's result."""

    def fail(self, path: str, error: SdkError) -> None:
        """Keep that a file could not be read."""

    def finish(self) -> None:
        """Give the file its name."""

    def drop(self) -> None:
        """Remove what isn't whole."""


class Table:
    """A CSV file of results."""

    def __init__(self, path: Path, labels: tuple[str, ...]) -> None:
        self._path, self._labels = path, labels
        self._part = path.with_name(f".{path.name}.part")
        self._file = open(  # noqa: SIM115 - closed by finish or drop
            # a file's name may be no UTF-8: it is written as the bytes that it is
            self._part,
            "w",
            encoding="utf-8",
            errors="surrogateescape",
            newline="",
        )
        self._rows = csv.writer(self._file)
        self._rows.writerow([*COLUMNS, *(f"p_{label}" for label in labels)])

    def keep(self, place: int, result: Answer, frame: Frame, info: FrameInfo) -> None:
        """Write a row."""
        self._rows.writerow(cells_of(result, info, self._labels))

    def fail(self, path: str, error: SdkError) -> None:
        """Write a row of an error."""
        self._rows.writerow(error_cells(path, error) + [None] * len(self._labels))

    def finish(self) -> None:
        """Give the file its name."""
        self._file.close()
        os.replace(self._part, self._path)

    def drop(self) -> None:
        """Remove it."""
        try:
            self._file.close()
        finally:  # a full disk has no room for what was still to be written either
            self._part.unlink(missing_ok=True)


class Keepers:
    """All that keeps results; a context that finishes them, or drops what isn't whole."""

    def __init__(self, makers: list[Callable[[], Keeper]]) -> None:
        self._makers = makers
        self._keepers: list[Keeper] = []

    def __enter__(self) -> Keepers:
        try:
            for make in self._makers:
                self._keepers.append(make())
        except OSError as error:
            self._drop()
            raise _not_saved(error) from error
        except BaseException:
            self._drop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is not None:
            self._drop()
            return
        try:
            for keeper in self._keepers:
                keeper.finish()
        except OSError as failed:
            self._drop()
            raise _not_saved(failed) from failed

    def keep(self, place: int, result: Answer, frame: Frame, info: FrameInfo) -> None:
        """Keep a frame's result everywhere."""
        try:
            for keeper in self._keepers:
                keeper.keep(place, result, frame, info)
        except OSError as error:
            raise _not_saved(error) from error

    def fail(self, path: str, error: SdkError) -> None:
        """Keep everywhere that a file could not be read."""
        try:
            for keeper in self._keepers:
                keeper.fail(path, error)
        except OSError as lost:
            raise _not_saved(lost) from lost

    def _drop(self) -> None:
        for keeper in self._keepers:
            with suppress(OSError):
                keeper.drop()


def _not_saved(error: OSError) -> NotSaved:
    return NotSaved(f"results cannot be saved: {error.strerror or error}: {error.filename or ''}")

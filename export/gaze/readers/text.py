"""Tables as text: cells with their line numbers, and errors that say which line and column."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from export.gaze.errors import GazeError
from export.gaze.samples import Floats

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_bytes(path: str | Path) -> bytes:
    """Return the file's bytes.

    Raises:
        GazeError: It cannot be read (``gaze-file-missing``).
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise GazeError("gaze-file-missing", f"{path} cannot be read: {error.strerror}") from error


def read_text(path: str | Path) -> str:
    """Return the file's text: UTF-8, or UTF-16 with a byte order mark.

    Raises:
        GazeError: It cannot be read (``gaze-file-missing``) or decoded (``gaze-file-encoding``).
    """
    data = read_bytes(path)
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise GazeError(
            "gaze-file-encoding",
            f"{path} is not {encoding} text: byte {error.start} is 0x{data[error.start]:02x}; "
            "export it as UTF-8 (or as UTF-16 with a byte order mark)",
        ) from error
    if "\0" in text:
        raise GazeError("gaze-file-encoding", f"{path} holds zero bytes: it is not a text file")
    return text


@dataclass(frozen=True)
class Table:
    """A table with a header; ``lines[i]`` is the line of the file that ``rows[i]`` stood on."""

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def has(self, name: str) -> bool:
        """Say whether there is such a column."""
        return name in self.header

    def first_of(self, *names: str) -> str | None:
        """Return the first of these columns that exists."""
        return next((name for name in names if name in self.header), None)

    def need(self, *names: str) -> None:
        """Raise ``gaze-columns`` unless every column exists."""
        missing = [name for name in names if name not in self.header]
        if missing:
            raise GazeError(
                "gaze-columns",
                f"{self.path} has no column {', '.join(map(repr, missing))}; "
                f"it has {', '.join(map(repr, self.header))}",
            )

    def cells(self, name: str) -> list[str]:
        """Return a column as text, blanks stripped."""
        at = self.header.index(name)
        return [row[at].strip() for row in self.rows]

    def column(self, name: str, parse: Callable[[str], float]) -> Floats:
        """Parse a column; ``parse`` raises ``ValueError`` for what it does not take.

        Raises:
            GazeError: A cell is not taken (``gaze-number``), with its line.
        """
        values = np.empty(len(self.rows), dtype=np.float64)
        for index, cell in enumerate(self.cells(name)):
            try:
                values[index] = parse(cell)
            except ValueError as error:
                raise GazeError(
                    "gaze-number",
                    f"{self.path}, line {self.lines[index]}, column {name!r}: {cell!r} {error}",
                ) from error
        return values

    def keep(self, wanted: list[bool]) -> Table:
        """Return the table with the wanted rows only."""
        chosen = [index for index, keep in enumerate(wanted) if keep]
        rows, lines = [self.rows[i] for i in chosen], [self.lines[i] for i in chosen]
        return Table(self.path, self.header, rows, lines)


def read_table(path: str | Path, delimiter: str) -> Table:
    """Read a delimited table whose first line is its header.

    Raises:
        GazeError: The file cannot be read or decoded, has no row, a doubled column, or a row with
            another number of cells than the header.
    """
    text = read_text(path)
    header: tuple[str, ...] = ()
    rows: list[list[str]] = []
    lines: list[int] = []
    # In a tab-separated export a quote is a character like any other; taken as the start of a
    # quotation it would swallow rows.
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=delimiter, quoting=quoting, strict=True)
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header = tuple(cell.strip() for cell in row)
                continue
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise GazeError("gaze-row", f"{path}, line {reader.line_num}: {error}") from error
    _check_shape(path, header, rows, lines)
    return Table(Path(path), header, rows, lines)


def _check_shape(
    path: str | Path, header: tuple[str, ...], rows: list[list[str]], lines: list[int]
) -> None:
    if not rows:
        raise GazeError("gaze-file-empty", f"{path} holds no row below its header")
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise GazeError("gaze-columns", f"{path} has column {doubled[0]!r} more than once")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            raise GazeError(
                "gaze-row",
                f"{path}, line {line} has {len(row)} cells; the header has {len(header)}",
            )


def number(cell: str) -> float:
    """Parse a finite number with a decimal point."""
    try:
        value = float(cell)
    except ValueError:
        raise ValueError("is not a number") from None
    if not np.isfinite(value):
        raise ValueError("is not finite")
    return value


def number_or_blank(cell: str) -> float:
    """Parse a finite number, NaN for an empty cell."""
    return number(cell) if cell else float("nan")


def whole(cell: str) -> float:
    """Parse a whole number that a float64 holds exactly."""
    value = number(cell)
    if value != int(value) or abs(value) > 2**53:
        raise ValueError("is not a whole number below 2**53")
    return value


def write_text(path: str | Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises:
        GazeError: It cannot be written (``gaze-write``).
    """
    target = Path(path)
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        scratch.write_text(text, encoding="utf-8")
        os.replace(scratch, target)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise GazeError("gaze-write", f"cannot write {path}: {error}") from error

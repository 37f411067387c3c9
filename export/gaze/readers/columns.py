"""Delimited tables, read row by row into arrays: only the columns asked for are kept."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from export.gaze.errors import GazeError
from export.gaze.readers.numbers import CodeError
from export.gaze.readers.text import Line
from export.gaze.samples import MAX_SAMPLES, Floats

MAX_COLUMNS = 2000
MAX_PREAMBLE = 1000

Parser = Callable[[str], float]
Skip = Callable[[list[str]], bool]


class Row(NamedTuple):
    """Cells, the line they stand on, and whether that line has an end."""

    line: int
    cells: list[str]
    ended: bool


@dataclass(frozen=True)
class Columns:
    """Parsed columns of the rows that were kept; ``lines[i]`` is the line row ``i`` stood on.

    ``others`` counts the rows that were left out: events, other sensors. ``cut`` is 1 where the
    file ends in the middle of a row, which is left out too.
    """

    path: Path
    values: Mapping[str, Floats]
    lines: NDArray[np.int64]
    others: int
    cut: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    def get(self, name: str) -> Floats:
        """Return a column; NaN on each row where the table has no such column."""
        return self.values.get(name, np.full(len(self), np.nan))

    def only(self, keep: NDArray[np.bool_]) -> Columns:
        """Return the rows where `keep` is true."""
        values = {name: column[keep] for name, column in self.values.items()}
        return Columns(self.path, values, self.lines[keep], self.others, self.cut)


@dataclass
class Table:
    """A table whose header was read, and whose rows follow.

    ``rows`` yields cells with their line; the header has been taken from it, and the lines above
    the header are the ``preamble``, blanks between their cells.
    """

    path: Path
    header: tuple[str, ...]
    rows: Iterator[Row]
    preamble: tuple[str, ...] = ()
    _first: list[Row] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Say whether there is such a column."""
        return name in self.header

    def at(self, name: str) -> int | None:
        """Return where the column stands, or None."""
        return self.header.index(name) if name in self.header else None

    def first_of(self, *names: str) -> str | None:
        """Return the first of these columns that exists."""
        return next((name for name in names if name in self.header), None)

    def need(self, *names: str) -> None:
        """Raise ``gaze-columns`` unless every column exists."""
        missing = [name for name in names if name not in self.header]
        if missing:
            for line, cells, _ in self._first:
                if len(cells) > len(self.header):  # the header itself is short
                    self._check_width(line, cells)
            raise GazeError(
                "gaze-columns",
                f"{self.path} has no column {', '.join(map(repr, missing))}; "
                f"it has {', '.join(map(repr, self.header))}",
            )

    def read(
        self,
        parsers: Mapping[str, Parser],
        skip: Skip = lambda cells: False,
        stands_in: Mapping[str, str] | None = None,
    ) -> Columns:
        """Parse the rows.

        Args:
            parsers: Columns, and what parses each of their cells, blanks stripped.
            skip: Rows to leave out, by their cells.
            stands_in: For a column that is a part of another's cells: that other.

        Raises:
            GazeError: A row has the wrong number of cells (``gaze-row``), a cell is not taken
                (``gaze-number``, ``gaze-validity``), or there are more samples than are read.
        """
        of = stands_in or {}
        plan = [
            (self.header.index(of.get(name, name)), name, parse, array("d"))
            for name, parse in parsers.items()
        ]
        lines, others, cut = array("q"), 0, 0
        for line, cells, ended in self._all_rows():
            if skip(cells):
                others += 1
                continue
            if not ended and len(cells) < len(self.header):
                cut = 1  # the last row of a recorder that was stopped
                continue
            self._check_width(line, cells)
            if len(lines) >= MAX_SAMPLES:
                raise GazeError(
                    "gaze-file-too-large", f"{self.path} has more than {MAX_SAMPLES:,} samples"
                )
            lines.append(line)
            for at, name, parse, out in plan:
                out.append(self._parsed(line, name, parse, cells[at].strip()))
        values = {name: np.array(out, dtype=np.float64) for _, name, _, out in plan}
        return Columns(self.path, values, np.array(lines, dtype=np.int64), others, cut)

    def _all_rows(self) -> Iterator[Row]:
        yield from self._first
        yield from self.rows

    def _check_width(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self.header):
            raise GazeError(
                "gaze-row",
                f"{self.path}, line {line} has {len(cells)} cells; the header has "
                f"{len(self.header)}",
            )

    def _parsed(self, line: int, name: str, parse: Parser, cell: str) -> float:
        try:
            return parse(cell)
        except CodeError as error:
            what, slug = f"{cell[:40]!r}; {error}", "gaze-validity"
        except ValueError as error:
            what, slug = f"{cell[:40]!r} {error}", "gaze-number"
        raise GazeError(slug, f"{self.path}, line {line}, column {name!r}: {what}")


def open_table(
    path: str | Path, lines: Iterator[Line], delimiter: str, is_header: Callable[[set[str]], bool]
) -> Table:
    """Find the header, the first line whose cells ``is_header`` takes, and make ready to read.

    A quote means something in a comma-separated table only: in a tab-separated export it is a
    character like any other, and taken as the start of a quotation would swallow rows.

    Raises:
        GazeError: There is no header or no row (``gaze-file-empty``), a column is doubled or there
            are too many (``gaze-columns``), or the first row has the wrong number of cells.
    """
    rows = _quoted(path, lines) if delimiter == "," else _split(lines, delimiter)
    above: list[str] = []
    for _, cells, _ in rows:
        names = tuple(cell.strip() for cell in cells)
        if is_header(set(names)):
            return _checked(Table(Path(path), names, rows, tuple(above)))
        if len(above) >= MAX_PREAMBLE:
            break
        above.append(" ".join(names)[:500])
    raise GazeError("gaze-file-empty", f"{path} holds no header of a table of gaze")


def _checked(table: Table) -> Table:
    alone = table.header[0] if len(table.header) == 1 else ""
    if "," in alone or ";" in alone:
        raise GazeError(
            "gaze-columns",
            f"{table.path} has one column {alone[:60]!r}: its cells are not separated as in this "
            "format; export or save it as tab-separated text",
        )
    if len(table.header) > MAX_COLUMNS:
        raise GazeError(
            "gaze-columns", f"{table.path} has {len(table.header)} columns; up to {MAX_COLUMNS}"
        )
    first = next(table.rows, None)
    if first is None:
        raise GazeError("gaze-file-empty", f"{table.path} holds no row below its header")
    table._first = [first]
    doubled = sorted({n for n in table.header if n and table.header.count(n) > 1})
    if doubled:
        raise GazeError("gaze-columns", f"{table.path} has column {doubled[0]!r} more than once")
    return table


def _split(lines: Iterator[Line], delimiter: str) -> Iterator[Row]:
    for number, line, ended in lines:
        if line.strip():
            yield Row(number, line.split(delimiter), ended)


def _quoted(path: str | Path, lines: Iterator[Line]) -> Iterator[Row]:
    at = Line(0, "", True)

    def texts() -> Iterator[str]:
        nonlocal at
        for line in lines:
            at = line
            yield line.text + "\n"

    reader = csv.reader(texts(), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(at.number, cells, at.ended)
    except csv.Error as error:
        raise GazeError("gaze-row", f"{path}, line {at.number}: {error}") from error

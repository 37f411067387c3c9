"""Reading `frames.csv` or `labels.csv`: rows with their line numbers, and errors that name them."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from export.errors import ExportError

MAX_WHOLE = 2**53  # in microseconds 285 years: clocks that count from 1970 lie within
REQUIRED_COLUMNS = ("file", "label", "group")


@dataclass(frozen=True)
class Row:
    """One row: its cells by column, blanks stripped, and the line where it stands."""

    table: Path
    line: int
    cells: dict[str, str]

    @property
    def place(self) -> str:
        """The file and the line, as messages begin."""
        return f"{self.table}, line {self.line}"

    def get(self, column: str) -> str:
        """Return a cell; empty where the table has no such column."""
        return self.cells.get(column, "")

    def need(self, column: str, slug: str) -> str:
        """Return a cell that must not be empty."""
        value = self.get(column)
        if not value:
            raise ExportError(slug, f"{self.place}: {column!r} is empty; it is needed in each row")
        return value

    def integer(self, column: str, low: int = -MAX_WHOLE) -> int | None:
        """Return a whole number from `low` to 2**53, or None where the cell is empty.

        Raises:
            ExportError: `data-number`.
        """
        text = self.get(column)
        if not text:
            return None
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= MAX_WHOLE:
            raise ExportError(
                "data-number",
                f"{self.place}: {column!r} is {text[:40]!r}; it must be a whole number from {low} "
                f"to {MAX_WHOLE}",
            )
        return value


def read_rows(table: Path) -> list[Row]:
    """Read a comma-separated table whose first line is its header.

    Raises:
        ExportError: `data-missing` when it cannot be read, `data-encoding` when it is not UTF-8,
            `data-columns` when a column is missing or doubled, `data-row` when a row has another
            number of cells than the header, or when there is none.
    """
    # strict: a quote that is never closed would swallow the rest of the table as one cell
    lines = csv.reader(io.StringIO(_text(table), newline=""), strict=True)
    header: list[str] = []
    rows: list[Row] = []
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(table, cells)
                continue
            if len(cells) != len(header):
                raise ExportError(
                    "data-row",
                    f"{table}, line {lines.line_num}: {len(cells)} cells; the header has "
                    f"{len(header)}",
                )
            values = (cell.strip() for cell in cells)
            rows.append(Row(table, lines.line_num, dict(zip(header, values, strict=True))))
    except csv.Error as error:
        raise ExportError("data-row", f"{table}, line {lines.line_num}: {error}") from error
    if not rows:
        raise ExportError("data-row", f"{table} holds no row below its header")
    return rows


def _text(table: Path) -> str:
    try:
        data = table.read_bytes()
    except OSError as error:
        raise ExportError("data-missing", f"{table} cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")  # spreadsheets begin a UTF-8 file with a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ExportError(
            "data-encoding",
            f"{table}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8; save the table "
            "as UTF-8",
        ) from error


def _header(table: Path, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    missing = [c for c in REQUIRED_COLUMNS if c not in header]
    if missing:
        raise ExportError(
            "data-columns", f"{table} lacks the columns {missing}; its header has {header}"
        )
    doubled = sorted({c for c in header if c and header.count(c) > 1})
    if doubled:
        raise ExportError("data-columns", f"{table} has the column {doubled[0]!r} more than once")
    return header

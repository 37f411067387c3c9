"""What Tobii's exports have in common: times by unit, validity words or codes, one display."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.gaze.display import Display
from export.gaze.errors import GazeError, shown
from export.gaze.readers.columns import Columns, Table
from export.gaze.readers.numbers import TimeParser, code
from export.gaze.samples import Floats

MICROSECONDS, MILLISECONDS = 1.0, 1000.0
UNITS = {"us": MICROSECONDS, "ms": MILLISECONDS}


@dataclass(frozen=True)
class Clock:
    """A column of times; ``unit_us`` is None where the column names no unit."""

    column: str
    unit_us: float | None


def clocks_of(
    table: Table, known: Sequence[Clock], time_unit: str | None, time_column: str | None
) -> dict[str, TimeParser]:
    """Return what reads the columns of ``known`` times that the table has, the first choice first.

    Args:
        table: The table.
        known: All columns of times that the format knows, the first choice first.
        time_unit: ``us`` or ``ms``, for a column that names no unit.
        time_column: The one to take, where the user says so.

    Raises:
        GazeError: There is none, or its unit is not known (``gaze-columns``).
    """
    if time_unit not in (None, *UNITS):
        raise GazeError("gaze-argument", f"time_unit is {shown(time_unit)}; allowed: 'us', 'ms'")
    if time_column is not None:
        table.need(time_column)
        known = [c for c in known if c.column == time_column] or [Clock(time_column, None)]
    clocks = [clock for clock in known if table.has(clock.column)]
    if not clocks:
        table.need(known[0].column)
    first, *others = clocks
    parsers = {first.column: TimeParser(_unit(table.path, first, time_unit))}
    # beside the first, a finer one, for a tracker that is too fast for whole milliseconds
    parsers |= {c.column: TimeParser(c.unit_us) for c in others if c.unit_us == MICROSECONDS}
    return parsers


def _unit(path: Path, clock: Clock, time_unit: str | None) -> float:
    if clock.unit_us is not None:
        return clock.unit_us
    if time_unit is None:
        raise GazeError(
            "gaze-columns",
            f"{path}: column {clock.column!r} names no unit; say time_unit='us' or 'ms': "
            'time_unit = "ms" (or "us") under [recording] in gaze.toml, or the argument of '
            "read_gaze",
        )
    return UNITS[time_unit]


def times_of(rows: Columns, parsers: dict[str, TimeParser]) -> tuple[Floats, str]:
    """Return each row's time, us, and the column it is from.

    The first column's; a finer one's where the first is too coarse to tell samples apart.

    Raises:
        GazeError: A comma in it may be a decimal one or part thousands (``gaze-number``).
    """
    first, *finer = parsers
    chosen = first
    if _repeats(rows.get(first)):
        chosen = next((n for n in finer if not _repeats(rows.get(n))), first)
    doubtful = parsers[first].ambiguous or parsers[chosen].ambiguous
    if doubtful:
        raise GazeError(
            "gaze-number",
            f"{rows.path}, column {first!r}: {doubtful!r} may be a decimal comma or part "
            "thousands; export it without thousands separators, or with a decimal point",
        )
    return rows.get(chosen), chosen


def _repeats(times: Floats) -> bool:
    """Say whether times never fall, but stand still: they are too coarse for the tracker."""
    steps = np.diff(np.round(times[np.isfinite(times)]))
    return bool(np.all(steps >= 0)) and not bool(np.all(steps > 0))


class Validity:
    """Reads ``Valid`` and ``Invalid`` (an empty cell is invalid), or Tobii's codes 0 to 4."""

    def __init__(self, worst: int) -> None:
        self._worst = worst

    def __call__(self, cell: str) -> float:
        """Return 1.0 where the eye was tracked."""
        if cell in ("Valid", "Invalid", ""):
            return float(cell == "Valid")
        return code(cell, self._worst)


class Same:
    """Takes one value in the whole column, and refuses a second: two recordings in one file."""

    def __init__(self, path: Path, column: str) -> None:
        self._path, self._column, self._known = path, column, ""

    def __call__(self, cell: str) -> float:
        """Return 0."""
        if cell and self._known and cell != self._known:
            raise GazeError(
                "gaze-recordings",
                f"{self._path}, column {self._column!r} holds {self._known[:60]!r} and "
                f"{cell[:60]!r}; export each recording to a file of its own",
            )
        self._known = self._known or cell
        return 0.0


def check_display(path: Path, what: str, size: tuple[float, float], display: Display) -> None:
    """Refuse a recording that names another display than the one given."""
    if size != (display.width_px, display.height_px):
        raise GazeError(
            "gaze-display",
            f"{path} says {what} is {size[0]:g}x{size[1]:g}, the display given has "
            f"{display.width_px}x{display.height_px}; give the display that was recorded",
        )

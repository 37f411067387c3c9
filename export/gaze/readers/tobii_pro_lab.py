"""Tab-separated data exports of Tobii Pro Lab.

Columns used: ``Recording timestamp`` or ``Eyetracker timestamp`` with its unit; for each eye
``Gaze point left X``/``Y`` in display coordinates (``[DACS px]`` or ``[DACS mm]``) and ``Validity
left``; or, where the export has no single eyes, ``Gaze point X``/``Y``. Rows of other sensors
(mouse, events) are left out by ``Sensor``. A decimal comma is read as a point: in a tab-separated
file it can mean nothing else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.readers.checks import eye, recording, validity
from export.gaze.readers.text import Table, number, number_or_blank, read_table
from export.gaze.samples import Bools, Eye, Floats, GazeSamples, combine_eyes

_US = ("[μs]", "[µs]", "[us]")  # Greek mu and the micro sign are two characters
_TIMES = ("Recording timestamp", "Eyetracker timestamp")


def read_tobii_pro_lab(
    path: str | Path, display: Display, time_unit: str | None = None, worst_validity: int = 1
) -> GazeSamples:
    """Read an export; both eyes are combined.

    Args:
        path: The file.
        display: Checked against the recording's resolution where the export names it.
        time_unit: ``us`` or ``ms``: needed only by exports whose timestamp column names no unit.
        worst_validity: For exports with numbers instead of ``Valid`` and ``Invalid``: the largest
            code that counts as tracked.

    Raises:
        GazeError: The file is not usable.
    """
    table = _tracker_rows(read_table(path, "\t"))
    _check_display(table, display)
    times = _times(table, time_unit)
    if table.first_of(*_names("Gaze point left X")):
        left = _eye(table, "left", display, worst_validity)
        right = _eye(table, "right", display, worst_validity)
        gaze = combine_eyes(left, right)
    else:
        x, y = _positions(table, "Gaze point", display)
        gaze = Eye(x, y, np.isfinite(x) & np.isfinite(y))
    return recording(table, times, gaze, _distance(table))


def _decimal(cell: str) -> str:
    return cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell


def _number(cell: str) -> float:
    return number(_decimal(cell))


def _blank(cell: str) -> float:
    return number_or_blank(_decimal(cell))


def _names(stem: str) -> tuple[str, str, str]:
    return f"{stem} [DACS px]", f"{stem} [DACS mm]", stem


def _tracker_rows(table: Table) -> Table:
    if not table.has("Sensor"):
        return table
    kept = table.keep([cell == "Eye Tracker" for cell in table.cells("Sensor")])
    if not kept.rows:
        raise GazeError("gaze-file-empty", f"{table.path} has no row whose Sensor is 'Eye Tracker'")
    return kept


def _check_display(table: Table, display: Display) -> None:
    for name, expected in (
        ("Recording resolution width", display.width_px),
        ("Recording resolution height", display.height_px),
    ):
        if not table.has(name):
            continue
        sizes = table.column(name, _blank)
        other = sizes[np.isfinite(sizes) & (sizes != expected)]
        if len(other):
            raise GazeError(
                "gaze-display",
                f"{table.path} says {name!r} is {other[0]:g}, the display given has {expected}; "
                "give the display that was recorded",
            )


def _times(table: Table, time_unit: str | None) -> Floats:
    if time_unit not in (None, "us", "ms"):
        raise GazeError("gaze-argument", f"time_unit is {time_unit!r}; allowed: 'us', 'ms'")
    for stem in _TIMES:
        name = table.first_of(*(f"{stem} {unit}" for unit in _US))
        if name:
            return table.column(name, _number)
        if table.has(f"{stem} [ms]"):
            return table.column(f"{stem} [ms]", _number) * 1000.0
        if table.has(stem):
            if time_unit is None:
                raise GazeError(
                    "gaze-columns",
                    f"{table.path}: column {stem!r} names no unit; say time_unit='us' or 'ms'",
                )
            return table.column(stem, _number) * (1.0 if time_unit == "us" else 1000.0)
    table.need("Recording timestamp [μs]")
    raise AssertionError  # need() raised: no timestamp column was found above


def _positions(table: Table, stem: str, display: Display) -> tuple[Floats, Floats]:
    found = []
    for axis in "XY":
        pixels, millimetres, bare = _names(f"{stem} {axis}")
        name = table.first_of(pixels, millimetres, bare)
        if name is None:
            table.need(pixels)
        values = table.column(str(name), _blank)
        found.append(values / display.pixel_pitch_mm if name == millimetres else values)
    return found[0], found[1]


def _valid(table: Table, name: str, worst: int) -> Bools:
    table.need(name)
    words = table.cells(name)
    if not set(words) <= {"Valid", "Invalid", ""}:
        return validity(table, name, worst)
    return np.array([word == "Valid" for word in words], dtype=bool)


def _eye(table: Table, side: str, display: Display, worst: int) -> Eye:
    x, y = _positions(table, f"Gaze point {side}", display)
    valid = _valid(table, f"Validity {side}", worst)
    return eye(table, x, y, valid, f"the {side} eye")


def _distance(table: Table) -> Floats:
    """Mean distance of the eyes that have one; NaN where none has."""
    sides = []
    for side in ("left", "right"):
        name = f"Eye position {side} Z [DACS mm]"
        blank = np.full(len(table.rows), np.nan)
        z = table.column(name, _blank) if table.has(name) else blank
        sides.append(Eye(z, z, np.isfinite(z)))
    return combine_eyes(*sides).x

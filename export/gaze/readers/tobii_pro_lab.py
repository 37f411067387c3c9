"""Tab-separated data exports of Tobii Pro Lab.

Columns used: ``Recording timestamp`` with its unit, or, where its whole milliseconds can't tell
samples apart or it is missing, ``Eyetracker timestamp``; for each eye ``Gaze point left X``/``Y``
in display coordinates (``[DACS px]`` or ``[DACS mm]``) and ``Validity left``; or, where the export
has no single eyes, ``Gaze point X``/``Y``. Rows of other sensors (mouse, events) are left out and
counted. A decimal comma is read as a point.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.readers.checks import check_commas, eye, mean_distance, recording
from export.gaze.readers.columns import Columns, Parser, Skip, Table, open_table
from export.gaze.readers.numbers import PositionParser
from export.gaze.readers.text import lines_of, open_recording
from export.gaze.readers.tobii_table import (
    MICROSECONDS,
    MILLISECONDS,
    Clock,
    Same,
    Validity,
    clocks_of,
    times_of,
)
from export.gaze.samples import Eye, GazeSamples, combine_eyes

_US = ("[μs]", "[µs]", "[us]")  # Greek mu and the micro sign are two characters
CLOCKS = [
    clock
    for stem in ("Recording timestamp", "Eyetracker timestamp")
    for clock in (
        *(Clock(f"{stem} {unit}", MICROSECONDS) for unit in _US),
        Clock(f"{stem} [ms]", MILLISECONDS),
        Clock(stem, None),
    )
]
_ONE = ("Recording name", "Participant name")
_SIDES = ("left", "right")


def is_header(names: set[str]) -> bool:
    """Say whether a table with these columns is one."""
    return any(name.startswith(("Recording timestamp", "Eyetracker timestamp")) for name in names)


def read_tobii_pro_lab(
    path: str | Path,
    display: Display,
    time_unit: str | None = None,
    worst_validity: int = 1,
    time_column: str | None = None,
) -> GazeSamples:
    """Read an export; both eyes are combined.

    Args:
        path: The file.
        display: Checked against the recording's resolution where the export names it.
        time_unit: ``us`` or ``ms``: needed only by exports whose timestamp column names no unit.
        worst_validity: For exports with numbers instead of ``Valid`` and ``Invalid``: the largest
            code that counts as tracked.
        time_column: The column of times to take, instead of the reader's choice.

    Raises:
        GazeError: The file is not usable.
    """
    with open_recording(path) as file:
        table = open_table(path, lines_of(path, file, latin=True), "\t", is_header)
        clocks = clocks_of(table, CLOCKS, time_unit, time_column)
        gaze = _gaze_columns(table, display)
        parsers: dict[str, Parser] = {**clocks, **gaze}
        validity = [f"Validity {side}" for side in _SIDES] if len(gaze) == 4 else []
        table.need(*validity)
        parsers |= {name: Validity(worst_validity) for name in validity}
        parsers |= _extras(table)
        rows = table.read(parsers, _no_sample(table, [*gaze, *validity]))
    if not len(rows):
        raise GazeError(
            "gaze-file-empty",
            f"{table.path} has no row whose Sensor is 'Eye Tracker'"
            if table.has("Sensor")
            else f"{table.path} has no row with gaze or a validity",
        )
    _check_display(rows, display)
    check_commas(table.path, gaze.values())
    times, clock = times_of(rows, clocks)
    both = _both(rows, list(gaze), bool(validity))
    distance = mean_distance(*(rows.get(f"Eye position {s} Z [DACS mm]") for s in _SIDES))
    return recording(rows, times, both, distance, clock)


def _gaze_columns(table: Table, display: Display) -> dict[str, Parser]:
    """Return what reads the positions: left x, left y, right x, right y; or x, y of both."""
    single = any(table.first_of(*_named(f"Gaze point left {axis}")) for axis in "XY")
    stems = [f"Gaze point {side}" for side in _SIDES] if single else ["Gaze point"]
    extras: dict[str, Parser] = {}
    for stem in (f"{stem} {axis}" for stem in stems for axis in "XY"):
        pixels, millimetres, bare = _named(stem)
        name = table.first_of(pixels, millimetres, bare)
        if name is None:
            table.need(pixels)
        scale = 1 / display.pixel_pitch_mm if name == millimetres else 1.0
        extras[str(name)] = PositionParser(scale)
    return extras


def _named(stem: str) -> tuple[str, str, str]:
    return f"{stem} [DACS px]", f"{stem} [DACS mm]", stem


def _extras(table: Table) -> dict[str, Parser]:
    numbers = ("Recording resolution width", "Recording resolution height",
               *(f"Eye position {side} Z [DACS mm]" for side in _SIDES))  # fmt: skip
    extras: dict[str, Parser] = {name: PositionParser() for name in numbers if table.has(name)}
    return extras | {name: Same(table.path, name) for name in _ONE if table.has(name)}


def _no_sample(table: Table, names: list[str]) -> Skip:
    """Return what tells rows of other sensors and of events by their cells."""
    sensor, event = table.at("Sensor"), table.at("Event")
    if sensor is not None:
        return lambda cells: len(cells) > sensor and cells[sensor].strip() != "Eye Tracker"
    places = [table.header.index(name) for name in names]
    last = max(*places, event or 0)
    combined = len(names) == 2  # a blank pair is a loss of track there, unless it is an event

    def skip(cells: list[str]) -> bool:
        if len(cells) <= last or any(cells[at].strip() for at in places):
            return False
        return not combined or (event is not None and cells[event].strip() != "")

    return skip


def _both(rows: Columns, names: list[str], single: bool) -> Eye:
    if not single:
        x, y = (rows.get(name) for name in names)
        return Eye(x, y, np.isfinite(x) & np.isfinite(y))
    eyes = []
    for side, (x_name, y_name) in zip(_SIDES, (names[:2], names[2:]), strict=True):
        valid = rows.get(f"Validity {side}") == 1
        eyes.append(eye(rows, rows.get(x_name), rows.get(y_name), valid, f"the {side} eye"))
    return combine_eyes(*eyes)


def _check_display(rows: Columns, display: Display) -> None:
    for name, expected in (
        ("Recording resolution width", display.width_px),
        ("Recording resolution height", display.height_px),
    ):
        sizes = rows.get(name)
        other = sizes[np.isfinite(sizes) & (sizes != expected)]
        if len(other):
            raise GazeError(
                "gaze-display",
                f"{rows.path} says {name!r} is {other[0]:g}, the display given has {expected}; "
                "give the display that was recorded",
            )

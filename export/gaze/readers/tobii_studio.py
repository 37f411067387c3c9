"""Tab-separated exports of Tobii Studio: 1 and 2 (``All-Data``), and 3.

Times: ``MicroSecondTimestamp`` or ``Timestamp`` (ms, the same clock) in 1 and 2;
``RecordingTimestamp`` (ms), or ``EyeTrackerTimestamp`` (us) where whole milliseconds can't tell
samples apart, in 3. For each eye ``GazePointXLeft`` (pixels of the display) or ``GazePointLeftX
(ADCSpx)`` or ``(ADCSmm)``; or, where the export has no single eyes, ``GazePointX``; and
``ValidityLeft`` (0 to 4). Rows of events are left out and counted. A decimal comma is read as a
point.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.readers.checks import check_commas, eye, mean_distance, recording
from export.gaze.readers.columns import Columns, Parser, Table, open_table
from export.gaze.readers.numbers import PositionParser
from export.gaze.readers.text import lines_of, open_recording
from export.gaze.readers.tobii_table import (
    MICROSECONDS,
    MILLISECONDS,
    Clock,
    Same,
    Validity,
    check_display,
    clocks_of,
    times_of,
)
from export.gaze.samples import Eye, GazeSamples, combine_eyes

CLOCKS = [
    Clock("MicroSecondTimestamp", MICROSECONDS),
    Clock("Timestamp", MILLISECONDS),
    Clock("RecordingTimestamp", MILLISECONDS),
    Clock("EyeTrackerTimestamp", MICROSECONDS),
]
_SIDES = ("Left", "Right")
_ONE = ("RecordingName", "ParticipantName")
_SIZE = re.compile(r"(\d{1,6})\s*x\s*(\d{1,6})", re.ASCII)


def is_header(names: set[str]) -> bool:
    """Say whether a table with these columns is one."""
    times = {clock.column for clock in CLOCKS}
    return bool(names & times) and any(name.startswith("GazePoint") for name in names)


def read_tobii_studio(
    path: str | Path,
    display: Display,
    worst_validity: int = 1,
    time_column: str | None = None,
) -> GazeSamples:
    """Read an export; both eyes are combined.

    Args:
        path: The file.
        display: Checked against the resolution that the export names.
        worst_validity: The largest validity code that counts as tracked.
        time_column: The column of times to take, instead of the reader's choice.

    Raises:
        GazeError: The file is not usable.
    """
    with open_recording(path) as file:
        table = open_table(path, lines_of(path, file, latin=True), "\t", is_header)
        _check_preamble(table, display)
        clocks = clocks_of(table, CLOCKS, None, time_column)
        gaze = {side: _positions(table, side, display) for side in _sides(table)}
        validity = [f"Validity{side}" for side in _SIDES]
        table.need(*validity)
        parsers: dict[str, Parser] = {**clocks}
        for pair in gaze.values():
            parsers |= pair
        parsers |= {name: Validity(worst_validity) for name in validity}
        parsers |= _extras(table, display)
        places = [table.header.index(name) for name in validity]
        rows = table.read(
            parsers, lambda cells: not any(c.strip() for at in places for c in cells[at : at + 1])
        )
    if not len(rows):
        raise GazeError("gaze-file-empty", f"{path} has no row with a validity: no sample")
    check_commas(table.path, (parse for pair in gaze.values() for parse in pair.values()))
    times, clock = times_of(rows, clocks)
    both = _both(rows, {side: list(names) for side, names in gaze.items()})
    distance = mean_distance(*(rows.get(f"Distance{side}") for side in _SIDES))
    return recording(rows, times, both, distance, clock)


def _sides(table: Table) -> tuple[str, ...]:
    """Return the eyes that the export tells apart; one without a name where it doesn't."""
    names = [f"GazePoint{side}{axis}" for side in _SIDES for axis in "XY"]
    names += [f"GazePoint{axis}{side}" for side in _SIDES for axis in "XY"]
    return _SIDES if any(name.startswith(tuple(names)) for name in table.header) else ("",)


def _positions(table: Table, side: str, display: Display) -> dict[str, Parser]:
    extras: dict[str, Parser] = {}
    for axis in "XY":
        pixels, millimetres = (f"GazePoint{side}{axis} (ADCS{unit})" for unit in ("px", "mm"))
        name = table.first_of(f"GazePoint{axis}{side}", pixels, millimetres)
        if name is None:
            table.need(pixels)
        scale = 1 / display.pixel_pitch_mm if name == millimetres else 1.0
        extras[str(name)] = PositionParser(scale)
    return extras


def _both(rows: Columns, names: dict[str, list[str]]) -> Eye:
    if "" in names:
        x, y = (rows.get(name) for name in names[""])
        valid = (rows.get("ValidityLeft") == 1) | (rows.get("ValidityRight") == 1)
        valid &= np.isfinite(x) | np.isfinite(
            y
        )  # "strict average" gives none where one eye is lost
        return eye(rows, x, y, valid, "the gaze of both eyes")
    return combine_eyes(*(_eye(rows, side, names[side]) for side in _SIDES))


def _eye(rows: Columns, side: str, names: list[str]) -> Eye:
    valid = rows.get(f"Validity{side}") == 1
    return eye(rows, rows.get(names[0]), rows.get(names[1]), valid, f"the {side.lower()} eye")


def _extras(table: Table, display: Display) -> dict[str, Parser]:
    extras: dict[str, Parser] = {
        f"Distance{s}": PositionParser() for s in _SIDES if table.has(f"Distance{s}")
    }
    extras |= {name: Same(table.path, name) for name in _ONE if table.has(name)}
    if table.has("RecordingResolution"):
        extras["RecordingResolution"] = lambda cell: _check_size(table.path, cell, display)
    return extras


def _check_size(path: Path, text: str, display: Display) -> float:
    size = _SIZE.search(text)
    if size:
        check_display(path, "the resolution", (float(size[1]), float(size[2])), display)
    return 0.0


def _check_preamble(table: Table, display: Display) -> None:
    """Hold what stands above the header against the display; only pixels are read."""
    for line in table.preamble:
        what = line.lower()
        if what.startswith(("recording resolution", "screen resolution")):
            _check_size(table.path, line, display)
        if what.startswith("coordinate unit") and "pixel" not in what:
            raise GazeError(
                "gaze-columns", f"{table.path} says {line[:60]!r}; export coordinates in pixels"
            )

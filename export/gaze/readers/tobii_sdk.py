"""Tables of what the Tobii research SDK calls gaze data, one column for each of its fields.

Scripts for a Tobii 4C and others write them, separated by semicolons, commas or tabs. Columns used:
``device_time_stamp`` (us; ``system_time_stamp`` is often rounded, and not used),
``left_gaze_point_on_display_area`` as ``(x, y)``, or ``…_x`` and ``…_y``, 0 to 1 over the display,
and ``left_gaze_point_validity`` (1 or 0); likewise for the right eye.
"""

from __future__ import annotations

import re
from pathlib import Path

from export.gaze.display import Display
from export.gaze.readers.checks import eye, recording
from export.gaze.readers.columns import Columns, Parser, Table, open_table
from export.gaze.readers.numbers import NAN, flag, number, position, whole
from export.gaze.readers.text import lines_of, open_recording
from export.gaze.samples import Eye, GazeSamples, combine_eyes

CLOCK = "device_time_stamp"
_SIDES = ("left", "right")
_PAIR = re.compile(r"\(\s*([^\s,()]+)\s*,\s*([^\s,()]+)\s*\)")


def is_header(names: set[str]) -> bool:
    """Say whether a table with these columns is one."""
    return any(name.startswith("left_gaze_point_on_display_area") for name in names)


def read_tobii_sdk(path: str | Path, display: Display, delimiter: str = ";") -> GazeSamples:
    """Read a recording; both eyes are combined.

    Args:
        path: The file.
        display: Its resolution turns positions into pixels.
        delimiter: What stands between cells.

    Raises:
        GazeError: The file is not usable.
    """
    parsers: dict[str, Parser] = {CLOCK: whole}
    stands_in: dict[str, str] = {}
    with open_recording(path) as file:
        table = open_table(path, lines_of(path, file, latin=True), delimiter, is_header)
        table.need(CLOCK, *(f"{side}_gaze_point_validity" for side in _SIDES))
        for side in _SIDES:
            _add_eye(table, side, display, parsers, stands_in)
        rows = table.read(parsers, stands_in=stands_in)
    both = combine_eyes(*(_eye(rows, side) for side in _SIDES))
    return recording(rows, rows.get(CLOCK), both, rows.get(""), CLOCK)


def _add_eye(
    table: Table,
    side: str,
    display: Display,
    parsers: dict[str, Parser],
    stands_in: dict[str, str],
) -> None:
    place = f"{side}_gaze_point_on_display_area"
    for axis, (name, size) in enumerate((("x", display.width_px), ("y", display.height_px))):
        column = f"{place}_{name}"
        if table.has(place):
            stands_in[column] = place
            parsers[column] = _Part(axis, size)
        else:
            table.need(column)
            parsers[column] = _Share(size)
    parsers[f"{side}_gaze_point_validity"] = flag


def _eye(rows: Columns, side: str) -> Eye:
    place = f"{side}_gaze_point_on_display_area"
    valid = rows.get(f"{side}_gaze_point_validity") == 1
    return eye(rows, rows.get(f"{place}_x"), rows.get(f"{place}_y"), valid, f"the {side} eye")


class _Share:
    """Reads a share of the display as pixels; NaN for ``nan`` or nothing."""

    def __init__(self, size_px: int) -> None:
        self._size_px = size_px

    def __call__(self, cell: str) -> float:
        if cell.lower() in ("", "nan"):
            return NAN
        return position(repr(number(cell) * self._size_px))


class _Part:
    """Reads one number of a pair in brackets."""

    def __init__(self, at: int, size_px: int) -> None:
        self._at, self._share = at, _Share(size_px)

    def __call__(self, cell: str) -> float:
        pair = _PAIR.fullmatch(cell)
        if pair is None:
            raise ValueError("is not a pair of numbers like (0.5, 0.5)")
        return self._share(pair[self._at + 1])

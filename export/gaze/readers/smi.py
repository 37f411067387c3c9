"""Samples of SMI trackers, as the IDF Converter and BeGaze export them: tab-separated text.

Lines of ``##`` stand above the header. Columns used: ``Time`` (microseconds), ``Type`` (rows other
than ``SMP`` are left out and counted), for each eye ``L POR X [px]``/``Y`` (pixels of the display;
0, 0 is a loss of track) and, where it is there, ``L Validity`` (1 or 0).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.readers.checks import check_commas, eye, recording
from export.gaze.readers.columns import Columns, Parser, Table, open_table
from export.gaze.readers.numbers import PositionParser, flag, whole
from export.gaze.readers.text import lines_of, open_recording
from export.gaze.readers.tobii_table import check_display
from export.gaze.samples import Eye, GazeSamples, combine_eyes

_AREA = re.compile(r"## Calibration Area:\s*(\d{1,6})\s+(\d{1,6})", re.ASCII)


def is_header(names: set[str]) -> bool:
    """Say whether a table with these columns is one."""
    return names >= {"Time", "Type", "Trial"}


def read_smi(path: str | Path, display: Display) -> GazeSamples:
    """Read the samples of an export; both eyes are combined.

    Args:
        path: The file.
        display: Checked against the calibration area where the file names it.

    Raises:
        GazeError: The file is not usable.
    """
    with open_recording(path) as file:
        table = open_table(path, lines_of(path, file, latin=True), "\t", is_header)
        for line in table.preamble:
            area = _AREA.match(line)
            if area:
                size = float(area[1]), float(area[2])
                check_display(table.path, "the calibration area", size, display)
        sides = [side for side in "LR" if table.has(f"{side} POR X [px]")]
        if not sides:
            raise GazeError(
                "gaze-columns",
                f"{path} has no column 'L POR X [px]' or 'R POR X [px]'; export the point of "
                "regard (POR) in pixels",
            )
        kind = table.header.index("Type")
        parsers = _parsers(table, sides)
        rows = table.read(
            parsers, lambda cells: "SMP" not in map(str.strip, cells[kind : kind + 1])
        )
    check_commas(table.path, parsers.values())
    if not len(rows):
        raise GazeError("gaze-file-empty", f"{path} has no row of Type 'SMP'")
    eyes = [_eye(rows, side) for side in sides]
    gaze = eyes[0] if len(eyes) == 1 else combine_eyes(*eyes)
    return recording(rows, rows.get("Time"), gaze, rows.get(""), "Time")


def _parsers(table: Table, sides: list[str]) -> dict[str, Parser]:
    parsers: dict[str, Parser] = {"Time": whole}
    for side in sides:
        table.need(f"{side} POR Y [px]")
        parsers |= {f"{side} POR {axis} [px]": PositionParser() for axis in "XY"}
        if table.has(f"{side} Validity"):
            parsers[f"{side} Validity"] = flag
    return parsers


def _eye(rows: Columns, side: str) -> Eye:
    x, y = rows.get(f"{side} POR X [px]"), rows.get(f"{side} POR Y [px]")
    valid = (x != 0) | (y != 0)
    validity = rows.values.get(f"{side} Validity")
    if validity is not None:
        valid &= validity == 1
    valid &= np.isfinite(x) | np.isfinite(y)
    return eye(rows, x, y, valid, "the left eye" if side == "L" else "the right eye")

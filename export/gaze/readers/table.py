"""The package's own CSV: for trackers that no reader knows, and for simulated gaze.

UTF-8, commas, a header. ``timestamp_us`` (whole, rising) and either ``x_px, y_px, valid`` or, for
two eyes, ``left_x_px, left_y_px, left_valid, right_x_px, right_y_px, right_valid``. Positions are
pixels of the display; ``valid`` is 1 or 0; positions may be empty where it is 0. Optional:
``distance_mm`` (may be empty), ``simulated`` (1 or 0, the same on every row).
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from export.gaze.errors import GazeError
from export.gaze.readers.checks import eye, recording
from export.gaze.readers.text import Table, number_or_blank, read_table, whole, write_text
from export.gaze.samples import Bools, Eye, GazeSamples, combine_eyes


def read_gaze_csv(path: str | Path) -> GazeSamples:
    """Read the package's own CSV.

    Raises:
        GazeError: The file is not usable.
    """
    table = read_table(path, ",")
    table.need("timestamp_us")
    if table.has("left_x_px"):
        gaze = combine_eyes(_eye(table, "left_"), _eye(table, "right_"))
    else:
        gaze = _eye(table, "")
    blank = np.full(len(table.rows), np.nan)
    distance = table.column("distance_mm", number_or_blank) if table.has("distance_mm") else blank
    times = table.column("timestamp_us", whole)
    return recording(table, times, gaze, distance, _simulated(table))


def write_gaze_csv(samples: GazeSamples, path: str | Path) -> None:
    """Write a recording so that ``read_gaze_csv`` gives it back unchanged.

    Raises:
        GazeError: The file cannot be written (``gaze-write``); none is left half written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["timestamp_us", "x_px", "y_px", "valid", "distance_mm", "simulated"])
    for row in zip(
        samples.timestamp_us, samples.x_px, samples.y_px, samples.valid, samples.distance_mm,
        strict=True,
    ):  # fmt: skip
        time, x, y, valid, distance = row
        table.writerow([
            int(time), _cell(x), _cell(y), int(valid), _cell(distance), int(samples.simulated),
        ])  # fmt: skip
    write_text(path, text.getvalue())


def _cell(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


def _flags(table: Table, name: str) -> Bools:
    cells = table.cells(name)
    for index, cell in enumerate(cells):
        if cell not in ("0", "1"):
            raise GazeError(
                "gaze-validity",
                f"{table.path}, line {table.lines[index]}, column {name!r}: {cell!r}; "
                "allowed are 0 and 1",
            )
    return np.array([cell == "1" for cell in cells], dtype=bool)


def _eye(table: Table, prefix: str) -> Eye:
    table.need(*(prefix + name for name in ("x_px", "y_px", "valid")))
    x = table.column(f"{prefix}x_px", number_or_blank)
    y = table.column(f"{prefix}y_px", number_or_blank)
    return eye(table, x, y, _flags(table, f"{prefix}valid"), f"the {prefix or ''}sample")


def _simulated(table: Table) -> bool:
    if not table.has("simulated"):
        return False
    flags = _flags(table, "simulated")
    if flags.any() and not flags.all():
        line = table.lines[int(np.argmax(flags != flags[0]))]
        raise GazeError(
            "gaze-validity", f"{table.path}, line {line}: 'simulated' must not change within a file"
        )
    return bool(flags.any())

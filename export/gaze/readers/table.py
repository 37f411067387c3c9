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
from export.gaze.readers.columns import Columns, Parser, open_table
from export.gaze.readers.numbers import flag, number_or_blank, position, whole
from export.gaze.readers.text import lines_of, open_recording, write_text
from export.gaze.samples import Eye, GazeSamples, combine_eyes

CLOCK = "timestamp_us"


def read_gaze_csv(path: str | Path) -> GazeSamples:
    """Read the package's own CSV.

    Raises:
        GazeError: The file is not usable.
    """
    with open_recording(path) as file:
        table = open_table(path, lines_of(path, file, latin=False), ",", lambda names: True)
        two = table.has("left_x_px")
        sides = ("left_", "right_") if two else ("",)
        table.need(CLOCK, *(f"{s}{name}" for s in sides for name in ("x_px", "y_px", "valid")))
        parsers: dict[str, Parser] = {CLOCK: whole}
        for side in sides:
            parsers |= {f"{side}x_px": position, f"{side}y_px": position, f"{side}valid": flag}
        for name, parse in (("distance_mm", number_or_blank), ("simulated", flag)):
            if table.has(name):
                parsers[name] = parse
        rows = table.read(parsers)
    gaze = combine_eyes(_eye(rows, "left_"), _eye(rows, "right_")) if two else _eye(rows, "")
    return recording(
        rows, rows.get(CLOCK), gaze, rows.get("distance_mm"), CLOCK, simulated=_simulated(rows)
    )


def write_gaze_csv(samples: GazeSamples, path: str | Path) -> None:
    """Write a recording so that ``read_gaze_csv`` gives it back unchanged.

    Raises:
        GazeError: The file cannot be written (``gaze-write``); none is left half written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([CLOCK, "x_px", "y_px", "valid", "distance_mm", "simulated"])
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


def _eye(rows: Columns, prefix: str) -> Eye:
    x, y = rows.get(f"{prefix}x_px"), rows.get(f"{prefix}y_px")
    return eye(rows, x, y, rows.get(f"{prefix}valid") == 1, f"the {prefix or ''}sample")


def _simulated(rows: Columns) -> bool:
    flags = rows.get("simulated") == 1
    if flags.any() and not flags.all():
        line = rows.lines[int(np.argmax(flags != flags[0]))]
        raise GazeError(
            "gaze-validity", f"{rows.path}, line {line}: 'simulated' must not change within a file"
        )
    return bool(flags.any())

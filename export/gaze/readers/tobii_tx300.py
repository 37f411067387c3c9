"""Tab-separated recordings of a Tobii TX300, as its SDK's sample loggers write them.

Columns used: ``Time`` (microseconds), ``LGazePos2dx/y`` and ``RGazePos2dx/y`` (0 to 1 over the
display), ``LValidity`` and ``RValidity`` (0 to 4), ``LEyePos3dz`` and ``REyePos3dz`` (mm from the
display, optional).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.readers.checks import eye, mean_distance, recording
from export.gaze.readers.columns import Columns, Parser, open_table
from export.gaze.readers.numbers import FARTHEST_PX, code, number, whole
from export.gaze.readers.text import lines_of, open_recording
from export.gaze.samples import Eye, Floats, GazeSamples, combine_eyes


def is_header(names: set[str]) -> bool:
    """Say whether a table with these columns is one."""
    return "LGazePos2dx" in names or "RGazePos2dx" in names


def read_tobii_tx300(path: str | Path, display: Display, worst_validity: int = 1) -> GazeSamples:
    """Read a recording; both eyes are combined.

    Args:
        path: The file.
        display: Its resolution turns positions into pixels.
        worst_validity: The largest validity code that counts as tracked. Codes above 1 mean that
            the tracker does not know which eye it saw.

    Raises:
        GazeError: The file is not usable.
    """
    with open_recording(path) as file:
        table = open_table(path, lines_of(path, file, latin=True), "\t", is_header)
        table.need("Time", *(side + name for side in "LR" for name in _PER_EYE))
        parsers: dict[str, Parser] = {"Time": whole}
        for side in "LR":
            parsers |= {f"{side}GazePos2dx": number, f"{side}GazePos2dy": number}
            parsers[f"{side}Validity"] = partial(code, worst=worst_validity)
            if table.has(f"{side}EyePos3dz"):
                parsers[f"{side}EyePos3dz"] = number
        rows = table.read(parsers)
    gaze = combine_eyes(*(_eye(rows, side, display) for side in "LR"))
    distance = mean_distance(_distance(rows, "L"), _distance(rows, "R"))
    return recording(rows, rows.get("Time"), gaze, distance, "Time")


_PER_EYE = ("GazePos2dx", "GazePos2dy", "Validity")


def _eye(rows: Columns, side: str, display: Display) -> Eye:
    valid = rows.get(f"{side}Validity") == 1
    x = rows.get(f"{side}GazePos2dx") * display.width_px
    y = rows.get(f"{side}GazePos2dy") * display.height_px
    far = valid & (np.maximum(np.abs(x), np.abs(y)) > FARTHEST_PX)
    if far.any():
        line = rows.lines[int(np.argmax(far))]
        raise GazeError(
            "gaze-number",
            f"{rows.path}, line {line}: a gaze point beyond {FARTHEST_PX:,.0f} pixels; positions "
            "are shares of the display here, 0 to 1",
        )
    return eye(rows, x, y, valid, "the left eye" if side == "L" else "the right eye")


def _distance(rows: Columns, side: str) -> Floats:
    """Return the eye's distance where it was tracked, NaN elsewhere."""
    return np.where(rows.get(f"{side}Validity") == 1, rows.get(f"{side}EyePos3dz"), np.nan)

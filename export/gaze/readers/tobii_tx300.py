"""Tab-separated recordings of a Tobii TX300, as its SDK's sample loggers write them.

Columns used: ``Time`` (microseconds), ``LGazePos2dx/y`` and ``RGazePos2dx/y`` (0 to 1 over the
display), ``LValidity`` and ``RValidity`` (0 to 4), ``LEyePos3dz`` and ``REyePos3dz`` (mm from the
display, optional).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export.gaze.display import Display
from export.gaze.readers.checks import eye, recording, validity
from export.gaze.readers.text import Table, number, read_table, whole
from export.gaze.samples import Eye, Floats, GazeSamples, combine_eyes


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
    table = read_table(path, "\t")
    table.need("Time", *(side + name for side in "LR" for name in _PER_EYE))
    left, right = (_eye(table, side, display, worst_validity) for side in "LR")
    times = table.column("Time", whole)
    return recording(table, times, combine_eyes(left, right), _distance(table, left, right))


_PER_EYE = ("GazePos2dx", "GazePos2dy", "Validity")


def _eye(table: Table, side: str, display: Display, worst: int) -> Eye:
    valid = validity(table, f"{side}Validity", worst)
    x = table.column(f"{side}GazePos2dx", number) * display.width_px
    y = table.column(f"{side}GazePos2dy", number) * display.height_px
    return eye(table, x, y, valid, "the left eye" if side == "L" else "the right eye")


def _distance(table: Table, left: Eye, right: Eye) -> Floats:
    """Mean distance of the tracked eyes; NaN where there is none."""
    sides = []
    for side, one in (("L", left), ("R", right)):
        name = f"{side}EyePos3dz"
        if not table.has(name):
            return np.full(len(table.rows), np.nan)
        sides.append(Eye(table.column(name, number), np.zeros(len(table.rows)), one.valid))
    return combine_eyes(*sides).x

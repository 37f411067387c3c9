"""What every reader checks before it hands a recording over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from export.gaze.errors import GazeError
from export.gaze.readers.text import Table
from export.gaze.samples import Bools, Eye, Floats, GazeSamples, from_points


def rising(table: Table, timestamp_us: Floats) -> NDArray[np.int64]:
    """Return whole microseconds; raise ``gaze-time`` with the line where time does not rise."""
    times = np.round(timestamp_us).astype(np.int64)
    steps = np.diff(times)
    if np.any(steps <= 0):
        at = int(np.argmax(steps <= 0)) + 1
        raise GazeError(
            "gaze-time",
            f"{table.path}, line {table.lines[at]}: timestamp {times[at]} us follows "
            f"{times[at - 1]} us; timestamps must rise from row to row",
        )
    return times


def eye(table: Table, x: Floats, y: Floats, valid: Bools, what: str) -> Eye:
    """Return an eye, or raise ``gaze-number`` where a sample called valid has no position."""
    bad = valid & ~(np.isfinite(x) & np.isfinite(y))
    if bad.any():
        line = table.lines[int(np.argmax(bad))]
        raise GazeError(
            "gaze-number", f"{table.path}, line {line}: {what} is called valid but has no position"
        )
    return Eye(x, y, valid)


def recording(
    table: Table, timestamp_us: Floats, gaze: Eye, distance_mm: Floats, simulated: bool = False
) -> GazeSamples:
    """Build the recording from what a table held."""
    times = rising(table, timestamp_us)
    return from_points(times, gaze.x, gaze.y, gaze.valid, distance_mm, simulated)


def validity(table: Table, name: str, worst: int) -> Bools:
    """Read Tobii validity codes, 0 (certain) to 4 (not found); valid is ``<= worst``.

    Raises:
        GazeError: A code is none of 0 to 4 (``gaze-validity``).
    """
    codes = table.cells(name)
    for index, code in enumerate(codes):
        if code not in ("0", "1", "2", "3", "4"):
            raise GazeError(
                "gaze-validity",
                f"{table.path}, line {table.lines[index]}, column {name!r}: {code!r}; "
                "allowed are 0 (certain) to 4 (eye not found)",
            )
    return np.array([int(code) <= worst for code in codes], dtype=bool)

"""What every reader of a table checks before it hands a recording over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.gaze.errors import GazeError
from export.gaze.readers.columns import Columns, Parser
from export.gaze.readers.numbers import PositionParser
from export.gaze.samples import (
    Bools,
    Eye,
    Floats,
    GazeSamples,
    Tally,
    combine_eyes,
    from_points,
)


def rising(table: Columns, timestamp_us: Floats) -> NDArray[np.int64]:
    """Return whole microseconds; raise ``gaze-time`` with the line where time does not rise."""
    times = np.round(timestamp_us).astype(np.int64)
    steps = np.diff(times)
    if np.any(steps <= 0):
        at = int(np.argmax(steps <= 0)) + 1
        raise GazeError(
            "gaze-time",
            f"{table.path}, line {table.lines[at]}: timestamp {times[at]} us follows "
            f"{times[at - 1]} us; timestamps must rise from row to row. Export each recording to "
            "a file of its own, with times in microseconds",
        )
    return times


def check_commas(path: Path, parsers: Iterable[Parser]) -> None:
    """Refuse gaze points whose commas may be decimal ones or part thousands (``gaze-number``)."""
    doubtful = PositionParser.ambiguous(p for p in parsers if isinstance(p, PositionParser))
    if doubtful:
        raise GazeError(
            "gaze-number",
            f"{path}: the gaze point {doubtful!r} may have a decimal comma or part thousands; "
            "export it without thousands separators, or with a decimal point",
        )


def eye(table: Columns, x: Floats, y: Floats, valid: Bools, what: str) -> Eye:
    """Return an eye, or raise ``gaze-number`` where a sample called valid has no position."""
    bad = valid & ~(np.isfinite(x) & np.isfinite(y))
    if bad.any():
        line = table.lines[int(np.argmax(bad))]
        raise GazeError(
            "gaze-number", f"{table.path}, line {line}: {what} is called valid but has no position"
        )
    return Eye(x, y, valid)


def recording(
    table: Columns,
    timestamp_us: Floats,
    gaze: Eye,
    distance_mm: Floats,
    clock: str,
    simulated: bool = False,
) -> GazeSamples:
    """Build the recording from what a table held, one sample a row.

    A row without a time (NaN) is left out and counted where it holds no gaze either, and so is a
    last one that the file ends in.

    Raises:
        GazeError: ``gaze-time`` where time does not rise or a gaze point has none,
            ``gaze-file-empty`` where no row is left.
    """
    dated = np.isfinite(timestamp_us)
    lost = ~dated & gaze.valid
    if lost.any():
        line = table.lines[int(np.argmax(lost))]
        raise GazeError(
            "gaze-time",
            f"{table.path}, line {line}: a gaze point without a time (column {clock!r} is empty)",
        )
    if not dated.any():
        raise GazeError("gaze-file-empty", f"{table.path} holds no sample with a time ({clock!r})")
    times = rising(table.only(dated), timestamp_us[dated])
    undated = int((~dated).sum()) + table.cut
    tally = Tally(len(table) + table.cut, undated, others=table.others, clock=clock)
    return from_points(
        times, gaze.x[dated], gaze.y[dated], gaze.valid[dated], distance_mm[dated], simulated, tally
    )


def mean_distance(left_mm: Floats, right_mm: Floats) -> Floats:
    """Return the mean distance of the eyes that have one; NaN where none has."""
    sides = [Eye(z, z, np.isfinite(z)) for z in (left_mm, right_mm)]
    return combine_eyes(*sides).x

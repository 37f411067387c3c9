"""Fixations by dispersion: the I-DT filter.

Salvucci and Goldberg, "Identifying fixations and saccades in eye-tracking protocols", ETRA 2000,
section 3.2. A window of at least the minimum duration grows for as long as its dispersion,
``(max x - min x) + (max y - min y)``, stays within the limit. Positions are smoothed first by a
moving median, as Olsen, "The Tobii I-VT fixation filter", Tobii Technology 2012, reduces noise:
without it a range over a window grows with the sampling rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.samples import Bools, Floats, GazeSamples


@dataclass(frozen=True)
class Fixation:
    """One fixation: centroid in display pixels, first and last sample (both included)."""

    start_us: int
    end_us: int
    x_px: float
    y_px: float
    first: int
    last: int

    @property
    def duration_us(self) -> int:
        """From the first to the last sample."""
        return self.end_us - self.start_us


def find_fixations(
    samples: GazeSamples,
    display: Display,
    *,
    dispersion_deg: float = 1.0,
    min_duration_us: int = 100_000,
    max_gap_us: int = 75_000,
    smooth_us: int = 30_000,
) -> list[Fixation]:
    """Return the fixations of a recording, in order and without overlap.

    Args:
        samples: The recording.
        display: Turns the dispersion limit into pixels.
        dispersion_deg: Largest dispersion within a fixation, degrees of visual angle.
        min_duration_us: Shortest fixation, first to last sample.
        max_gap_us: A loss of track up to this long does not end a fixation.
        smooth_us: Width of the moving median; 0 leaves positions as they are. Centroids are means
            of the positions as recorded.

    Raises:
        GazeError: A limit is out of range.
    """
    for name, value, least in (
        ("min_duration_us", min_duration_us, 1),
        ("max_gap_us", max_gap_us, 1),
        ("smooth_us", smooth_us, 0),
    ):
        if value < least:
            raise GazeError("gaze-argument", f"{name} is {value}; it must be at least {least}")
    limit = display.degrees_to_px(dispersion_deg)
    index = np.flatnonzero(samples.valid)
    time = samples.timestamp_us[index]
    breaks = np.flatnonzero(np.diff(time) > max_gap_us) + 1
    found: list[Fixation] = []
    reach = int(0.5 * smooth_us * samples.rate_hz / 1e6) if len(samples) > 1 else 0
    for run in np.split(index, breaks):
        found += _in_run(samples, run, limit, min_duration_us, reach)
    return found


def _median(values: Floats, reach: int) -> Floats:
    """Return the moving median over ``2 * reach + 1`` samples, over fewer at the ends."""
    if reach == 0 or len(values) == 0:
        return values
    padded = np.pad(values, reach, constant_values=np.nan)
    return np.asarray(np.nanmedian(sliding_window_view(padded, 2 * reach + 1), axis=1))


def _in_run(
    samples: GazeSamples, run: NDArray[np.int64], limit: float, min_duration_us: int, reach: int
) -> list[Fixation]:
    time = samples.timestamp_us[run]
    x, y = _median(samples.x_px[run], reach), _median(samples.y_px[run], reach)
    found: list[Fixation] = []
    start = 0
    while start < len(run):
        end = int(np.searchsorted(time, time[start] + min_duration_us))  # last of the window
        if end >= len(run):
            break
        if np.ptp(x[start : end + 1]) + np.ptp(y[start : end + 1]) > limit:
            start += 1
            continue
        end = _grow(x, y, start, end, limit)
        part = run[start : end + 1]
        found.append(
            Fixation(
                start_us=int(time[start]),
                end_us=int(time[end]),
                x_px=float(samples.x_px[part].mean()),
                y_px=float(samples.y_px[part].mean()),
                first=int(part[0]),
                last=int(part[-1]),
            )
        )
        start = end + 1
    return found


def _grow(x: Floats, y: Floats, start: int, end: int, limit: float) -> int:
    """Return the last index up to which the dispersion stays within the limit."""
    high_x, low_x = np.maximum.accumulate(x[start:]), np.minimum.accumulate(x[start:])
    high_y, low_y = np.maximum.accumulate(y[start:]), np.minimum.accumulate(y[start:])
    # The dispersion of a growing window never falls, so the last good index can be searched.
    spread = (high_x - low_x) + (high_y - low_y)
    return max(end, start + int(np.searchsorted(spread, limit, side="right")) - 1)


def fixation_mask(samples: GazeSamples, fixations: list[Fixation]) -> Bools:
    """Return, for each sample, whether it is valid and belongs to a fixation."""
    mask = np.zeros(len(samples), dtype=bool)
    for fixation in fixations:
        mask[fixation.first : fixation.last + 1] = True
    return mask & samples.valid

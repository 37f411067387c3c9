"""Fixations by dispersion: the I-DT filter.

Salvucci and Goldberg, "Identifying fixations and saccades in eye-tracking protocols", ETRA 2000,
section 3.2. A window of at least the minimum duration grows for as long as its dispersion,
``(max x - min x) + (max y - min y)``, stays within the limit. Positions are smoothed first by a
moving median, as Olsen, "The Tobii I-VT fixation filter", Tobii Technology 2012, reduces noise:
without it a range over a window grows with the sampling rate. All windows are of time, as the
samples state it: a recording may switch its rate, and have gaps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.gaze.display import Display
from export.gaze.errors import GazeError
from export.gaze.samples import Bools, Floats, GazeSamples

_WINDOW_CELLS = 1_000_000  # of a block of smoothing windows: bounds its memory


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
    fixations: list[Fixation] = []
    for run in np.split(index, breaks):
        fixations += _in_run(samples, run, limit, min_duration_us, smooth_us)
    return fixations


def moving_median(time_us: NDArray[np.int64], values: Floats, width_us: int) -> Floats:
    """Return the median of the samples within half of ``width_us`` of each one, itself included.

    Args:
        time_us: ``(samples,)``, rising.
        values: ``(samples,)``, finite.
        width_us: 0 returns the values.
    """
    first = np.searchsorted(time_us, time_us - width_us // 2, side="left")
    last = np.searchsorted(time_us, time_us + width_us // 2, side="right")
    counts = last - first
    if len(values) == 0 or counts.max() == 1:
        return values
    medians = np.empty_like(values)
    rows = max(1, _WINDOW_CELLS // int(counts.max()))
    for start in range(0, len(values), rows):
        part = slice(start, start + rows)
        count = counts[part]
        at = first[part, None] + np.arange(count.max())
        # beyond a window's end stands infinity, which sorts behind all of its values
        window = np.where(at < last[part, None], values[np.minimum(at, len(values) - 1)], np.inf)
        window.sort(axis=1)
        each = np.arange(len(count))
        medians[part] = (window[each, (count - 1) // 2] + window[each, count // 2]) / 2
    return medians


def _in_run(
    samples: GazeSamples, run: NDArray[np.int64], limit: float, min_duration_us: int, smooth_us: int
) -> list[Fixation]:
    time = samples.timestamp_us[run]
    x, y = (moving_median(time, v[run], smooth_us) for v in (samples.x_px, samples.y_px))
    fixations: list[Fixation] = []
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
        fixations.append(
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
    return fixations


def _grow(x: Floats, y: Floats, start: int, end: int, limit: float) -> int:
    """Return the last index up to which the dispersion stays within the limit."""
    stop = end + 1
    while True:  # in windows of doubling length: most fixations end long before the recording
        part = slice(start, stop)
        high_x, low_x = np.maximum.accumulate(x[part]), np.minimum.accumulate(x[part])
        high_y, low_y = np.maximum.accumulate(y[part]), np.minimum.accumulate(y[part])
        # The dispersion of a growing window never falls, so the last good index can be searched.
        spread = (high_x - low_x) + (high_y - low_y)
        good = int(np.searchsorted(spread, limit, side="right"))
        if good < len(spread) or stop >= len(x):
            return max(end, start + good - 1)
        stop += stop - start


def fixation_mask(samples: GazeSamples, fixations: list[Fixation]) -> Bools:
    """Return, for each sample, whether it is valid and belongs to a fixation."""
    mask = np.zeros(len(samples), dtype=bool)
    for fixation in fixations:
        mask[fixation.first : fixation.last + 1] = True
    return mask & samples.valid

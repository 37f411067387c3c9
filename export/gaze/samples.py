"""A gaze recording, whatever tracker it came from: one point a sample, in pixels of the display."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from export.gaze.errors import GazeError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
MAX_SAMPLES = 8_000_000  # over two hours at 1000 Hz


@dataclass(frozen=True)
class Tally:
    """What a reader counted: each line that looks like a sample is held or told of.

    Attributes:
        lines: Lines or rows of the file that look like samples.
        undated: Of these, left out: without a time and without gaze, or cut by the file's end.
        coarse: Held, but dated to the whole millisecond though the tracker was faster.
        others: Rows that are no samples: events, other sensors.
        clock: Which of the file's clocks the times are on.
    """

    lines: int = 0
    undated: int = 0
    coarse: int = 0
    others: int = 0
    clock: str = ""


@dataclass(frozen=True, eq=False)
class GazeSamples:
    """Where somebody looked, sample by sample. Arrays have shape ``(samples,)``.

    Attributes:
        timestamp_us: int64, rising strictly, microseconds of the tracker's clock.
        x_px, y_px: float64, pixels of the display from its upper left corner; NaN where lost.
            A gaze beside the display is kept as it is: outside, but not lost.
        valid: bool, False exactly where ``x_px`` and ``y_px`` are NaN.
        distance_mm: float64, distance from eye to display where the tracker tells, else NaN.
        simulated: True when no person looked.
        tally: What its reader counted; None for a recording that was not read from a file.
    """

    timestamp_us: NDArray[np.int64]
    x_px: Floats
    y_px: Floats
    valid: Bools
    distance_mm: Floats
    simulated: bool = False
    tally: Tally | None = None

    def __post_init__(self) -> None:
        count = len(self.timestamp_us)
        for name in ("x_px", "y_px", "valid", "distance_mm"):
            if getattr(self, name).shape != (count,):
                shape = getattr(self, name).shape
                raise GazeError("gaze-samples", f"{name} has shape {shape}; it must be ({count},)")
        seen = np.isfinite(self.x_px) & np.isfinite(self.y_px)
        lost = np.isnan(self.x_px) & np.isnan(self.y_px)
        if not np.array_equal(self.valid, seen) or not np.array_equal(~self.valid, lost):
            raise GazeError("gaze-samples", "valid must be True exactly where x and y are finite")
        steps = np.diff(self.timestamp_us)
        if np.any(steps <= 0):
            at = int(np.argmax(steps <= 0)) + 1
            raise GazeError(
                "gaze-time",
                f"sample {at} is at {self.timestamp_us[at]} us, after {self.timestamp_us[at - 1]} "
                "us; timestamps must rise from sample to sample",
            )
        if self.tally is not None and self.tally.lines - self.tally.undated != count:
            raise GazeError(
                "gaze-samples",
                f"{self.tally.lines} lines look like samples and {self.tally.undated} of them have "
                f"no time, but {count} samples were made of them",
            )

    def __len__(self) -> int:
        return len(self.timestamp_us)

    @property
    def share_valid(self) -> float:
        """Share of samples with a gaze point, 0 to 1; 0 for no sample."""
        return float(self.valid.mean()) if len(self) else 0.0

    @property
    def rate_hz(self) -> float:
        """Median sampling rate, for a person to read; NaN below two samples.

        Nothing is computed by it: a recording may switch its rate, and have gaps.
        """
        if len(self) < 2:
            return float("nan")
        return float(1e6 / np.median(np.diff(self.timestamp_us)))

    def shifted(self, offset_us: int) -> GazeSamples:
        """Return the recording on another clock: ``offset_us`` is added to every timestamp."""
        return replace(self, timestamp_us=self.timestamp_us + np.int64(offset_us))


def from_points(
    timestamp_us: NDArray[np.int64],
    x_px: Floats,
    y_px: Floats,
    valid: Bools,
    distance_mm: Floats | None = None,
    simulated: bool = False,
    tally: Tally | None = None,
) -> GazeSamples:
    """Build a recording: positions become NaN where ``valid`` is False.

    Raises:
        GazeError: A valid sample has no finite position, or the arrays disagree.
    """
    valid = np.asarray(valid, dtype=bool)
    x = np.where(valid, np.asarray(x_px, dtype=np.float64), np.nan)
    y = np.where(valid, np.asarray(y_px, dtype=np.float64), np.nan)
    distance = np.full(len(x), np.nan) if distance_mm is None else np.asarray(distance_mm)
    return GazeSamples(
        np.asarray(timestamp_us, dtype=np.int64), x, y, valid, distance.astype(np.float64),
        simulated, tally,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Eye:
    """One eye's samples before the two are combined; arrays of one length."""

    x: Floats
    y: Floats
    valid: Bools


def combine_eyes(left: Eye, right: Eye) -> Eye:
    """Return one gaze point a sample: the mean of both eyes, or the one that was tracked.

    ``x`` and ``y`` are NaN where neither eye is valid.
    """
    weight_left, weight_right = left.valid.astype(np.float64), right.valid.astype(np.float64)
    weight = weight_left + weight_right
    valid = weight > 0
    safe = np.where(valid, weight, np.nan)
    x = (np.where(left.valid, left.x, 0.0) + np.where(right.valid, right.x, 0.0)) / safe
    y = (np.where(left.valid, left.y, 0.0) + np.where(right.valid, right.y, 0.0)) / safe
    return Eye(x, y, valid)

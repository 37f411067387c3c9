"""Simulated gaze: one model of an observer, the same for every class. Nobody looked.

The observer fixates points of interest that ground truth gives, one after the other:

- Which: drawn by the points' weights, the last one excluded where there are several. With
  probability ``wander`` a place anywhere on the frame instead.
- How long: log-normal, as fixation durations in scene viewing roughly are.
- Where: the point, missed by a normal error (``aim_deg``), drifting within the fixation as an
  autoregressive process (``drift_deg``), plus the tracker's own noise (``noise_deg``, white) and
  one calibration offset for the recording (``offset_deg``).
- Saccades take ``21 ms + 2.2 ms/deg`` (Carpenter, "Movements of the Eyes", 1988) along a straight
  line, by a smooth step.
- Losses: blinks at a rate, and single samples by chance.

Numbers are of the order found for adults on a display; nothing was fitted to sonographers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Protocol

import numpy as np
from numpy.random import Generator

from export.gaze.display import Display, Placement
from export.gaze.errors import GazeError
from export.gaze.samples import Bools, Floats, GazeSamples, from_points


class PointLike(Protocol):
    """A point of interest in continuous frame pixels; weights are relative, above 0."""

    @property
    def x(self) -> float: ...  # noqa: D102
    @property
    def y(self) -> float: ...  # noqa: D102
    @property
    def weight(self) -> float: ...  # noqa: D102


Scene = Callable[[float], Sequence[PointLike]]


@dataclass(frozen=True)
class Observer:
    """The observer model. Angles in degrees of visual angle, standard deviations."""

    rate_hz: float = 120.0
    fixation_median_ms: float = 280.0
    fixation_log_sd: float = 0.45
    aim_deg: float = 0.6
    drift_deg: float = 0.12
    noise_deg: float = 0.25
    offset_deg: float = 0.4
    wander: float = 0.2
    blinks_per_s: float = 0.25
    blink_ms: float = 150.0
    dropout: float = 0.02

    def __post_init__(self) -> None:
        for name in ("rate_hz", "fixation_median_ms", "blink_ms"):
            if not getattr(self, name) > 0:
                raise GazeError("gaze-argument", f"{name} is {getattr(self, name)}; must be > 0")
        for name in ("fixation_log_sd", "aim_deg", "drift_deg", "noise_deg", "offset_deg",
                     "blinks_per_s"):  # fmt: skip
            if not getattr(self, name) >= 0:
                raise GazeError("gaze-argument", f"{name} is {getattr(self, name)}; must be >= 0")
        for name in ("wander", "dropout"):
            if not 0 <= getattr(self, name) <= 1:
                raise GazeError("gaze-argument", f"{name} is {getattr(self, name)}; allowed 0 to 1")


def simulate_gaze(
    scene: Scene,
    display: Display,
    placement: Placement,
    *,
    duration_s: float,
    seed: int,
    observer: Observer | None = None,
    start_us: int = 0,
) -> GazeSamples:
    """Return a simulated recording, in the form that the readers return.

    Args:
        scene: The points of interest at a time (seconds from the start); for a still frame,
            ``lambda time_s: points``. The class of the frame is not asked for.
        display: The display.
        placement: Where the frame stood on it.
        duration_s: Length, above 0.
        seed: At least 0; the same arguments give the same recording.
        observer: The model; the defaults of ``Observer`` otherwise.
        start_us: Timestamp of the first sample.

    Raises:
        GazeError: An argument is out of range.
    """
    observer = observer or Observer()
    if not duration_s > 0 or seed < 0:
        raise GazeError(
            "gaze-argument", f"duration_s is {duration_s} and seed {seed}; they must be > 0, >= 0"
        )
    rng = np.random.default_rng(seed)
    count = max(1, round(duration_s * observer.rate_hz))
    time_s = np.arange(count) / observer.rate_hz
    x, y = _scan_path(rng, scene, observer, display, placement, time_s)
    valid = ~_losses(rng, observer, time_s)
    degree = display.degrees_to_px(1.0)
    bias = rng.normal(0.0, observer.offset_deg * degree, 2)
    noise = rng.normal(0.0, observer.noise_deg * degree, (2, count))
    stamps = start_us + np.round(time_s * 1e6).astype(np.int64)
    x, y = x + bias[0] + noise[0], y + bias[1] + noise[1]
    return from_points(stamps, x, y, valid, simulated=True)


def _scan_path(
    rng: Generator,
    scene: Scene,
    observer: Observer,
    display: Display,
    placement: Placement,
    time_s: Floats,
) -> tuple[Floats, Floats]:
    """Return where the eye points, display pixels: fixations joined by saccades."""
    degree = display.degrees_to_px(1.0)
    path = np.empty((2, len(time_s)))
    here: tuple[float, float] | None = None
    last, index = -1, 0
    while index < len(time_s):
        target, last = _choose(rng, scene(float(time_s[index])), last, observer, placement)
        aim = rng.normal(0.0, observer.aim_deg * degree, 2)
        there = (target[0] + aim[0], target[1] + aim[1])
        if here is not None:
            index = _saccade(path, index, here, there, observer.rate_hz, degree)
        stay_s = 1e-3 * observer.fixation_median_ms
        stay_s *= float(np.exp(rng.normal(0.0, observer.fixation_log_sd)))
        until = min(len(time_s), index + max(1, round(stay_s * observer.rate_hz)))
        drift = _drift(rng, until - index, observer.drift_deg * degree)
        path[:, index:until] = np.array(there)[:, None] + drift
        here, index = there, until
    return path[0], path[1]


def _choose(
    rng: Generator,
    points: Sequence[PointLike],
    last: int,
    observer: Observer,
    placement: Placement,
) -> tuple[tuple[float, float], int]:
    """Return the next target in display pixels, and which point it is (-1 for none)."""
    if not points or rng.random() < observer.wander:
        x, y = rng.random() * placement.frame_width, rng.random() * placement.frame_height
        chosen = -1
    else:
        weights = np.array([float(point.weight) for point in points])
        if not (np.isfinite(weights).all() and np.all(weights > 0)):
            raise GazeError("gaze-argument", f"weights are {weights}; they must be above 0")
        if len(points) > 1 and 0 <= last < len(points):
            weights[last] = 0.0
        chosen = int(rng.choice(len(points), p=weights / weights.sum()))
        x, y = points[chosen].x, points[chosen].y
    on_x, on_y = placement.to_display(np.array([x]), np.array([y]))
    return (float(on_x[0]), float(on_y[0])), chosen


def _saccade(
    path: Floats,
    index: int,
    here: tuple[float, float],
    there: tuple[float, float],
    rate_hz: float,
    degree: float,
) -> int:
    """Write a saccade into the path from ``index`` on; return where it ends."""
    amplitude_deg = hypot(there[0] - here[0], there[1] - here[1]) / degree
    steps = max(1, round((0.021 + 0.0022 * amplitude_deg) * rate_hz))
    share = (np.arange(steps) + 0.5) / steps
    share = share * share * (3.0 - 2.0 * share)
    until = min(int(path.shape[1]), index + steps)
    for axis in (0, 1):
        move = here[axis] + (there[axis] - here[axis]) * share
        path[axis, index:until] = move[: until - index]
    return until


def _drift(rng: Generator, count: int, sd: float) -> Floats:
    """Slow movement within a fixation: first-order autoregressive, stationary, both axes."""
    keep = 0.97
    steps = rng.normal(0.0, sd * np.sqrt(1.0 - keep**2), (2, count))
    value = rng.normal(0.0, sd, 2)
    out = np.empty((2, count))
    for index in range(count):
        value = keep * value + steps[:, index]
        out[:, index] = value
    return out


def _losses(rng: Generator, observer: Observer, time_s: Floats) -> Bools:
    lost = rng.random(len(time_s)) < observer.dropout
    end = float(time_s[-1])
    for _ in range(int(rng.poisson(observer.blinks_per_s * end))):
        begin = rng.random() * end
        length = 1e-3 * observer.blink_ms * rng.uniform(0.6, 1.6)
        lost |= (time_s >= begin) & (time_s < begin + length)
    return lost

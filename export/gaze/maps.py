"""From samples to one Gaussian map a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.gaze.display import Display, Placement
from export.gaze.errors import GazeError, shown
from export.gaze.fixations import find_fixations, fixation_mask
from export.gaze.limits import (
    LARGEST_MAP_CELLS,
    LARGEST_TIME_US,
    LARGEST_WINDOW_US,
    check_number,
)
from export.gaze.samples import Bools, Floats, GazeSamples

Maps = NDArray[np.float32]
_POINTS_AT_ONCE = 4096


@dataclass(frozen=True)
class MapSettings:
    """How samples become maps.

    Attributes:
        width, height: Cells of the map.
        sigma_deg: Width of the Gaussian, degrees of visual angle. One degree is about the fovea
            together with the error of a good tracker.
        before_us, after_us: A frame at ``t`` gathers the samples in ``[t - before, t + after)``.
        offset_us: Frame clock minus gaze clock: added to the gaze's timestamps.
        fixations_only: Leave out samples that belong to no fixation (saccades).
    """

    width: int = 24
    height: int = 18
    sigma_deg: float = 1.0
    before_us: int = 250_000
    after_us: int = 250_000
    offset_us: int = 0
    fixations_only: bool = True

    def __post_init__(self) -> None:
        if not all(1 <= side <= LARGEST_MAP_CELLS for side in (self.width, self.height)):
            raise GazeError(
                "gaze-argument",
                f"a map of {shown(self.width)}x{shown(self.height)} cells; at least 1x1, at most "
                f"{LARGEST_MAP_CELLS} each",
            )
        check_number("gaze-argument", "sigma_deg", self.sigma_deg, 1e-3, 44.9)
        for name, most in (
            ("before_us", LARGEST_WINDOW_US),
            ("after_us", LARGEST_WINDOW_US),
            ("offset_us", LARGEST_TIME_US),
        ):
            check_number("gaze-argument", name, getattr(self, name), -most, most)
        if self.before_us < 0 or self.after_us < 0 or self.before_us + self.after_us == 0:
            raise GazeError(
                "gaze-argument",
                f"the window is {self.before_us} + {self.after_us} us; neither may be negative, "
                "nor both 0",
            )


@dataclass(frozen=True, eq=False)
class GazeMaps:
    """One map a frame.

    Attributes:
        maps: ``(frames, height, width)`` float32, each summing to 1, or all 0 without gaze.
        points: Gaze points on each frame, ``(frames,)`` int64.
        samples: Samples in each frame's window, lost ones included, ``(frames,)`` int64.
        simulated: True when no person looked.
    """

    maps: Maps
    points: NDArray[np.int64]
    samples: NDArray[np.int64]
    simulated: bool

    @property
    def covered(self) -> Bools:
        """Which frames have gaze on them."""
        return self.points > 0

    @property
    def coverage(self) -> float:
        """Share of frames with gaze on them, 0 to 1; 0 for no frame."""
        return float(self.covered.mean()) if len(self.points) else 0.0


def gaussian_map(
    x: Floats,
    y: Floats,
    *,
    frame_size: tuple[int, int],
    grid: tuple[int, int],
    sigma_px: tuple[float, float],
    weights: Floats | None = None,
) -> Maps:
    """Return a sum of Gaussians sampled at cell centres, scaled to sum to 1.

    Args:
        x: Columns of the points, continuous frame pixels, shape ``(points,)``, finite.
        y: Rows of the points, likewise.
        frame_size: Width and height of the frame, pixels.
        grid: Width and height of the map, cells; it covers the frame.
        sigma_px: Standard deviation along x and y, frame pixels, above 0.
        weights: One for each point, not negative; equal by default.

    Returns:
        ``(grid height, grid width)`` float32; all 0 where there is no point or weight.
    """
    if not (sigma_px[0] > 0 and sigma_px[1] > 0):
        raise GazeError("gaze-argument", f"sigma is {sigma_px} pixels; both must be above 0")
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    weight = np.ones_like(x) if weights is None else np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.all(weight >= 0)):
        raise GazeError("gaze-argument", "points must be finite and weights not negative")
    if not np.any(weight > 0):
        return np.zeros((grid[1], grid[0]), dtype=np.float32)
    total, level = np.zeros((grid[1], grid[0])), -np.inf
    for start in range(0, len(x), _POINTS_AT_ONCE):  # bounds memory, however long the window is
        part = slice(start, start + _POINTS_AT_ONCE)
        along_x = _log_gauss(x[part], frame_size[0], grid[0], sigma_px[0])
        along_y = _log_gauss(y[part], frame_size[1], grid[1], sigma_px[1])
        # Dividing by each point's peak on the grid keeps a point far from every cell centre (a tiny
        # sigma) from vanishing to 0 / 0; the peaks come back as weights, relative to the largest.
        peak_x, peak_y = along_x.max(axis=1), along_y.max(axis=1)
        with np.errstate(divide="ignore"):
            log_weight = np.log(weight[part]) + peak_x + peak_y
        before, level = level, max(level, float(log_weight.max()))
        if level == -np.inf:
            continue
        rows = np.exp(along_y - peak_y[:, None]) * np.exp(log_weight - level)[:, None]
        total = total * np.exp(before - level) + rows.T @ np.exp(along_x - peak_x[:, None])
    return np.asarray(total / total.sum(), dtype=np.float32)


def _log_gauss(points: Floats, size_px: int, cells: int, sigma_px: float) -> Floats:
    centres = (np.arange(cells) + 0.5) * (size_px / cells)
    return np.asarray(-0.5 * np.square((centres[None, :] - points[:, None]) / sigma_px))


def gaze_maps(
    samples: GazeSamples,
    display: Display,
    placement: Placement,
    frame_timestamps_us: NDArray[np.int64],
    settings: MapSettings | None = None,
) -> GazeMaps:
    """Turn a recording into one map a frame.

    The clocks are aligned, samples of saccades left out, the rest mapped onto the frame, and those
    within each frame's window summed as Gaussians of a fixed visual angle.

    Args:
        samples: The recording.
        display: The display, for visual angles.
        placement: Where the frame stood on it.
        frame_timestamps_us: ``(frames,)``, on the frames' clock.
        settings: How to; the defaults of ``MapSettings`` otherwise.

    Raises:
        GazeError: A setting is out of range.
    """
    settings = settings or MapSettings()
    times = np.asarray(frame_timestamps_us, dtype=np.int64)
    used = samples.valid
    if settings.fixations_only:
        used = fixation_mask(samples, find_fixations(samples, display))
    x, y, inside = placement.to_frame(samples.x_px, samples.y_px)
    used = used & inside
    clock = samples.timestamp_us + np.int64(settings.offset_us)
    first = np.searchsorted(clock, times - settings.before_us, side="left")
    last = np.searchsorted(clock, times + settings.after_us, side="left")
    sigma = display.degrees_to_px(settings.sigma_deg)
    scale_x, scale_y = placement.scale
    maps = np.zeros((len(times), settings.height, settings.width), dtype=np.float32)
    points = np.zeros(len(times), dtype=np.int64)
    for frame, (start, end) in enumerate(zip(first, last, strict=True)):
        chosen = np.flatnonzero(used[start:end]) + start
        points[frame] = len(chosen)
        maps[frame] = gaussian_map(
            x[chosen], y[chosen],
            frame_size=(placement.frame_width, placement.frame_height),
            grid=(settings.width, settings.height),
            sigma_px=(sigma / scale_x, sigma / scale_y),
        )  # fmt: skip
    return GazeMaps(maps, points, (last - first).astype(np.int64), samples.simulated)

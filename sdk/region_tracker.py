"""The region of a video: found once, held as long as the screen's layout holds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from .frame import Frame, Region
from .preprocess import Preprocessing
from .region import Grid, grid_of, regions_on

__all__ = ["RegionTracker"]

_STRIPS = 6  # rows of the screen that are compared, one a frame
_CELLS = 96  # of a strip
_KEPT = 8  # frames of the second search
_SPACING = 3  # frames from one of them to the next
_MOVED_LEVELS = 12.0
_MOVED_SHARE = 0.1
_MOVED_EARLY_SHARE = 0.5
_MOVED_CELLS = 4  # a clock and a trace move fewer
_AGAIN_AFTER = 900  # frames: half a minute at 30 frames a second
_MJPEG_EVERY = 30  # frames: a strip of a JPEG costs a decoding

_STRIP = Preprocessing(_CELLS, 1, aspect="stretch", std=1 / 255)


class RegionTracker:
    """Finds the region of a video and keeps it while the layout holds; for one thread at a time.

    The first frame is searched alone, and the 22nd once more together with 7 before it, since
    what moves is known by then. From then on a frame costs a few microseconds: one row of the
    screen, another with each frame, is compared with what it showed beside the region. Where more
    than a tenth of it changed, the layout is another one, and the search begins anew; so it does
    with another frame size, and after 900 frames, since a change of depth can leave the
    surroundings as they were.

    Attributes:
        region: in use; None before the first frame, and where nothing was found.
        searches: how often a region was searched.
    """

    __slots__ = ("_age", "_grids", "_references", "_size", "_turns", "region", "searches")

    def __init__(self) -> None:
        self.region: Region | None = None
        self.searches = 0
        self._size: tuple[int, int] | None = None
        self._begin()

    def update(self, frame: Frame) -> Region | None:
        """Return the region of a frame of the video; None where no image was found.

        Args:
            frame: in any format; its own region has no say.

        Raises:
            FrameError: the frame isn't usable.
        """
        size = (frame.width, frame.height)
        if size != self._size or self._age >= _AGAIN_AFTER or not self._holds(frame):
            self._size = size
            self._begin()
        if self._age < _KEPT * _SPACING and self._age % _SPACING == 0:
            self._grids.append(grid_of(frame))
            if len(self._grids) in (1, _KEPT):
                self._search(frame)
        self._age += 1
        return self.region

    def place(self, frame: Frame) -> Frame:
        """Return a frame of the video with the region; as it is if it has one, or none was found.

        Raises:
            FrameError: the frame isn't usable.
        """
        region = None if frame.region is not None else self.update(frame)
        return frame if region is None else frame.with_region(region)

    def _begin(self) -> None:
        self._age = 0
        self._grids: list[Grid] = []
        self._references: dict[int, _Strip] = {}
        self._turns: Iterator[int] = cycle(range(_STRIPS))

    def _search(self, frame: Frame) -> None:
        self.searches += 1
        found = regions_on(self._grids, frame.width, frame.height)
        if len(self._grids) == _KEPT:
            self._grids = []
        region = found[0] if found else None
        if region != self.region:
            self.region = region
            self._references = {}

    def _holds(self, frame: Frame) -> bool:
        if frame._key.format == "MJPEG" and self._age % _MJPEG_EVERY:
            return True
        turn = next(self._turns)
        reference = self._references.get(turn)
        if reference is None:
            self._references[turn] = _Strip(frame, turn, self.region)
            return True
        # until the second search, tissue that was too dark to be found may move beside the region
        share = _MOVED_SHARE if self._age >= _KEPT * _SPACING else _MOVED_EARLY_SHARE
        return reference.moved(frame) <= max(_MOVED_CELLS, share * reference.beside)


class _Strip:
    """One row of the screen as it was, beside the region.

    Attributes:
        beside: how many of its cells lie beside the region.
    """

    __slots__ = ("_before", "_layout", "_plan", "_strip", "beside")

    def __init__(self, frame: Frame, turn: int, region: Region | None) -> None:
        row = (2 * turn + 1) * frame.height // (2 * _STRIPS)
        self._strip = Region.rectangle(0, row, frame.width, 1)
        plan, data = _STRIP._prepare(frame.with_region(self._strip))
        self._layout, self._plan = frame._layout, plan
        self._before = np.empty(_CELLS, np.float32)
        plan.run(data, self._before)
        outside = _outside(region, frame.width, row)
        self.beside = int(np.count_nonzero(outside))
        self._before[~outside] = np.nan

    def moved(self, frame: Frame) -> int:
        """Return how many of those cells are others by now."""
        data = frame._data
        if frame._layout is not self._layout or frame._key.format == "MJPEG":
            # the plan of a JPEG is one of decoded pixels
            self._plan, data = _STRIP._prepare(frame.with_region(self._strip))
            self._layout = frame._layout
        return self._plan.moved(data, self._before, _MOVED_LEVELS)


def _outside(region: Region | None, width: int, row: int) -> NDArray[np.bool_]:
    """Which cells of a row lie beside the region, by a cell at least."""
    x = (np.arange(_CELLS) + 0.5) * width / _CELLS
    if region is None:
        return np.ones(_CELLS, bool)
    if region.kind == "rectangle":
        left, top, columns, rows = region.numbers
        inside = (x >= left) & (x < left + columns) & (top <= row < top + rows)
    else:
        cx, cy, r_min, r_max, low, high = region.numbers
        radius, angle = np.hypot(x - cx, row - cy), np.degrees(np.arctan2(cx - x, row - cy))
        inside = (radius >= r_min) & (radius <= r_max) & (angle >= low) & (angle <= high)
        if region.clip is not None:
            left, top, columns, rows = region.clip
            inside &= (x >= left) & (x < left + columns) & (top <= row < top + rows)
    beside: NDArray[np.bool_] = np.convolve(inside, np.ones(3), "same") == 0
    return beside

"""Frames given the region that is found on them, where neither caller nor file names one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..frame import Frame
from ..region_tracker import RegionTracker
from .base import FrameInfo

_Item = tuple[Frame, FrameInfo]


class Finder:
    """Finds the region of the frames of one source and holds it while the screen's layout does."""

    def __init__(self) -> None:
        self._tracker = RegionTracker()

    def place(self, item: _Item) -> _Item:
        """Return a frame with the region found; as it is if it has one, or nothing was found.

        Raises:
            FrameError: the frame isn't usable.
        """
        frame, info = item
        placed = self._tracker.place(frame)
        return item if placed is frame else (placed, replace(info, region_origin="found"))


def with_regions_found(frames: Iterator[_Item]) -> Iterator[_Item]:
    """Yield the frames of one file with the regions found on them."""
    finder = Finder()
    for item in frames:
        yield finder.place(item)

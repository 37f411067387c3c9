"""Frames given the region that is found on them, where neither caller nor file names one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

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
        if frame.region is not None:
            return item
        region = self._tracker.update(frame)
        if region is None:
            return item
        return frame.with_region(region), dataclasses.replace(info, region_origin="found")


def with_regions_found(frames: Iterator[_Item]) -> Iterator[_Item]:
    """Yield the frames of one file with the regions found on them."""
    finder = Finder()
    for item in frames:
        yield finder.place(item)

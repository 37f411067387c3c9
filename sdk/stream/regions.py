"""Where in each frame a stream looks."""

from __future__ import annotations

from typing import Literal, Protocol

from .._shown import shown
from ..errors import SdkError
from ..frame import Frame, Region
from ..region_tracker import RegionTracker


class Regions(Protocol):
    """Gives each frame of one stream its region."""

    def place(self, frame: Frame) -> Frame:
        """Return the frame with the region to look at."""

    def reset(self) -> None:
        """Forget the screen's layout."""


class FrameRegions:
    """Every frame as it comes."""

    def place(self, frame: Frame) -> Frame:
        """Return the frame itself."""
        return frame

    def reset(self) -> None:
        """Do nothing: nothing was kept."""


class GivenRegion:
    """One region for all frames that have none of their own."""

    def __init__(self, region: Region) -> None:
        self._region = region

    def place(self, frame: Frame) -> Frame:
        """Return the frame with its own region, else with the given one.

        Raises:
            FrameError: `region-outside`.
        """
        return frame if frame.region is not None else frame.with_region(self._region)

    def reset(self) -> None:
        """Do nothing: the region is given."""


class FoundRegion:
    """The region that a tracker finds and holds, for all frames that have none of their own."""

    def __init__(self) -> None:
        self._tracker = RegionTracker()

    def place(self, frame: Frame) -> Frame:
        """Return the frame with its own region, else with the one found, if any."""
        return self._tracker.place(frame)

    def reset(self) -> None:
        """Search anew with the next frame."""
        self._tracker = RegionTracker()


def regions_of(region: Region | Literal["auto"] | None) -> Regions:
    """Return what gives frames their region.

    Raises:
        SdkError: `stream-setting`.
    """
    if region is None:
        return FrameRegions()
    if isinstance(region, Region):
        return GivenRegion(region)
    if isinstance(region, str) and region == "auto":
        return FoundRegion()
    raise SdkError(
        "stream-setting", f"region is {shown(region)}, it must be a Region, 'auto' or None"
    )

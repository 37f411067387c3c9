"""Functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16): shared and per frame."""

from __future__ import annotations

from .values import Header


class Groups:
    """The functional groups of a file, or none.

    Raises:
        SourceError: `source-malformed` when their number isn't that of the frames.
    """

    def __init__(self, header: Header, frames: int) -> None:
        self._header = header
        self._shared = header.items("SharedFunctionalGroupsSequence")
        self._frames = header.items("PerFrameFunctionalGroupsSequence")
        if len(self._shared) > 1:
            raise header.malformed(
                "SharedFunctionalGroupsSequence", f"has {len(self._shared)} items, allowed is one"
            )
        if len(self._frames) not in (0, frames):
            raise header.malformed(
                "PerFrameFunctionalGroupsSequence",
                f"has {len(self._frames)} items, but Number of Frames is {frames}",
            )

    def places(self, index: int, sequence: str) -> list[Header]:
        """Return where a value of one frame may be: the data set, shared and per-frame groups."""
        return [self._header, *self.items(index, sequence)]

    def items(self, index: int, sequence: str) -> list[Header]:
        """Return the items of one functional group that hold for a frame."""
        groups = [*self._shared, *self._frames[index : index + 1]]
        return [item for group in groups for item in group.items(sequence)]

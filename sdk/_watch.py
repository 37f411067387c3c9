"""What a caller keeps from one frame to the next, to see what the kernel counted on the way."""

from __future__ import annotations

from .preprocess import Statistics

__all__ = ["Watch"]


class Watch:
    """Statistics of the frames that one caller gives one after the other; for one thread at a time.

    Attributes:
        statistics: of the last frame, or None before the first. The next frame's `difference` is
            against them, so who sets them anew says what it is compared with.
    """

    __slots__ = ("statistics",)

    def __init__(self, statistics: Statistics | None = None) -> None:
        self.statistics = statistics

"""The times of a stream's frames: they must rise."""

from __future__ import annotations

from operator import index

from .._shown import shown
from ..errors import FrameError

_US_PER_S = 1e6
_LARGEST_US = 2**62


class Timeline:
    """Times of one stream, checked; for one thread.

    Args:
        period_us: from a frame to the next one where no time is given, above 0.

    Attributes:
        last_us: of the frame before, or None.
    """

    __slots__ = ("_next_us", "last_us", "period_us")

    def __init__(self, period_us: float) -> None:
        self.period_us = period_us
        self.reset()

    def reset(self) -> None:
        """Begin anew: any time may come next."""
        self.last_us: int | None = None
        self._next_us = 0.0

    def check(self, timestamp_us: int | None) -> int:
        """Return the time of the next frame, in microseconds, without taking it.

        Raises:
            FrameError: `timestamp-invalid` or `timestamp-not-rising`.
        """
        if timestamp_us is None:
            return round(self._next_us)
        try:
            # index() takes True for 1
            if isinstance(timestamp_us, bool):
                raise TypeError
            time_us = index(timestamp_us)
        except TypeError:
            # out of range, so that both mistakes get one message
            time_us = -_LARGEST_US - 1
        if not -_LARGEST_US <= time_us <= _LARGEST_US:
            raise FrameError(
                "timestamp-invalid",
                f"timestamp_us is {shown(timestamp_us)}, allowed is a whole number of "
                "microseconds of 62 bits, or None for one period after the frame before",
            )
        if self.last_us is not None and time_us <= self.last_us:
            raise FrameError(
                "timestamp-not-rising",
                f"timestamp_us is {time_us}, it must be above {self.last_us}, the time of the "
                "frame before; after a step of the clock call reset()",
            )
        return time_us

    def take(self, time_us: int) -> float:
        """Go on to a time that was checked; return the seconds since the frame before.

        For the first frame they are one period.
        """
        before = self.last_us
        # kept with its fraction: thirds of a millisecond would add up
        given = before is None or time_us != round(self._next_us)
        self._next_us = (time_us if given else self._next_us) + self.period_us
        self.last_us = time_us
        return (self.period_us if before is None else time_us - before) / _US_PER_S

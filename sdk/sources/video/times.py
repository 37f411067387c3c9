"""When each picture of a video is shown, in microseconds since the first."""

from __future__ import annotations

from . import library as ff

_US_PER_S = 1_000_000
_MAX_US = 10**14


class Clock:
    """Turns a stream's timestamps into microseconds."""

    def __init__(self, stream: int) -> None:
        """Read the time base and frame rate of an AVStream."""
        self._base = _ratio(stream, ff.STREAM_TIME_BASE)
        self._rate = _ratio(stream, ff.STREAM_RATE)
        self._first: int | None = None
        self._last_us: int | None = None

    def time_us(self, ticks: int) -> int | None:
        """Return the time of the next picture.

        A picture without a timestamp follows its predecessor by the stream's frame interval, as
        MPEG-2 has it (ISO 13818-1 clause 2.7.5). Times that don't rise are not told.

        Args:
            ticks: its timestamp, or `NO_TIME`.
        """
        time_us = self._told_us(ticks) if ticks != ff.NO_TIME else self._following_us()
        if time_us is None or not 0 <= time_us <= _MAX_US:
            return None
        if self._last_us is not None and time_us <= self._last_us:
            return None
        self._last_us = time_us
        return time_us

    def _told_us(self, ticks: int) -> int | None:
        if self._base is None:
            return None
        if self._first is None:
            self._first = ticks
        return _rounded((ticks - self._first) * self._base[0] * _US_PER_S, self._base[1])

    def _following_us(self) -> int | None:
        if self._last_us is None or self._rate is None:
            return None
        return self._last_us + _rounded(self._rate[1] * _US_PER_S, self._rate[0])


def _ratio(stream: int, offset: int) -> tuple[int, int] | None:
    above, below = ff.integer(stream, offset), ff.integer(stream, offset + 4)
    return (above, below) if above > 0 and below > 0 else None


def _rounded(above: int, below: int) -> int:
    return (2 * above + below) // (2 * below)

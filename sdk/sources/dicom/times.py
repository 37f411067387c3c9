"""When each frame was taken (PS3.3 C.7.6.5, C.7.6.16.2.2): known, or not told at all."""

from __future__ import annotations

import datetime
import re
import struct
from itertools import accumulate, pairwise

from .groups import Groups
from .values import Header

_US_PER_MS = 1000.0
_US_PER_S = 1_000_000.0
_MAX_US = 10**14
_FRAME_TIME, _FRAME_TIME_VECTOR = 0x00181063, 0x00181065
# Cine Rate is a whole number of frames a second, Frame Time is often rounded to whole milliseconds
_RATE_TOLERANCE, _TIME_TOLERANCE_MS = 1.0, 1.0
_DATE_TIME = re.compile(r"(\d{14})(?:\.(\d{1,6}))?([+-]\d{4})?")

Times = list[int] | None
"""Microseconds since the first frame, one for each frame; None when they aren't known."""


def times_of(header: Header, groups: Groups, frames: int) -> Times:
    """Return when each frame was taken, by all that the header says of it.

    Frame Increment Pointer chooses between Frame Time and Frame Time Vector; without it the one
    that is there counts. Cine Rate counts where neither is there. The frames' own times in
    functional groups are used when all have one. Recommended Display Frame Rate says how to play,
    not when frames were taken. Sources that contradict each other, times that run backwards, or a
    number of times that isn't that of the frames: not known.

    Raises:
        SourceError: `source-malformed` when a value is no number.
    """
    clocks = [
        times
        for times in (_from_cine(header, frames), _from_groups(groups, frames))
        if times is not None
    ]
    if not clocks or any(not _agree(clocks[0], other) for other in clocks[1:]):
        return None
    times = clocks[-1]
    backwards = any(b < a for a, b in pairwise(times))
    still = frames > 1 and times[-1] == 0  # all at once: a value that was never filled in
    return None if backwards or still or times[-1] > _MAX_US else times


def _from_cine(header: Header, frames: int) -> Times:
    time_ms = header.number("FrameTime")
    vector_ms = header.numbers("FrameTimeVector")
    rate = header.number("CineRate")
    pointers = _pointers(header)
    if pointers and not {_FRAME_TIME, _FRAME_TIME_VECTOR} & set(pointers):
        return None  # frames follow one another in something else than time
    if _FRAME_TIME_VECTOR in pointers or (vector_ms and _FRAME_TIME not in pointers):
        times = _from_vector(vector_ms, time_ms, frames)
        both = _FRAME_TIME in pointers and _FRAME_TIME_VECTOR in pointers
        return None if both or (times and _contradicts(_mean_ms(times), rate)) else times
    if time_ms is None and not pointers and rate is not None and rate > 0:
        return [round(index * _US_PER_S / rate) for index in range(frames)]
    if time_ms is None or time_ms <= 0 or _contradicts(time_ms, rate):
        return None
    return [round(index * time_ms * _US_PER_MS) for index in range(frames)]


def _from_vector(vector_ms: tuple[float, ...], time_ms: float | None, frames: int) -> Times:
    if len(vector_ms) != frames or min(vector_ms, default=-1.0) < 0:
        return None
    # the first increment is that of the first frame, which is at 0 whatever it says
    times = [round(sum_ms * _US_PER_MS) for sum_ms in accumulate((0.0, *vector_ms[1:]))]
    differs = time_ms is not None and abs(_mean_ms(times) - time_ms) > _TIME_TOLERANCE_MS
    return None if differs and frames > 1 else times


def _mean_ms(times: list[int]) -> float:
    return times[-1] / _US_PER_MS / max(1, len(times) - 1)


def _contradicts(time_ms: float, rate: float | None) -> bool:
    """Whether Cine Rate is another rate than Frame Time's, beyond the rounding of either."""
    if rate is None or rate <= 0 or time_ms <= 0:
        return False
    return (
        abs(1000.0 / time_ms - rate) > _RATE_TOLERANCE
        and abs(1000.0 / rate - time_ms) > _TIME_TOLERANCE_MS
    )


def _pointers(header: Header) -> list[int]:
    element = header.element("FrameIncrementPointer")
    if element is None:
        return []
    if element.vr != "AT" or len(element.data) % 4:
        raise header.malformed("FrameIncrementPointer", f"has {len(element.data)} bytes")
    words = struct.unpack(
        f"{'>' if element.big_endian else '<'}{len(element.data) // 2}H", element.data
    )
    return [high << 16 | low for high, low in zip(words[::2], words[1::2], strict=True)]


def _from_groups(groups: Groups, frames: int) -> Times:
    times: list[int] = []
    for index in range(frames):
        contents = groups.items(index, "FrameContentSequence")
        texts = [_date_time(item) for item in contents]
        moments = [moment for moment in texts if moment is not None]
        if len(moments) != 1:
            return None
        times.append(moments[0])
    return [moment - times[0] for moment in times]


def _date_time(item: Header) -> int | None:
    """Return a frame's acquisition time in microseconds since an epoch."""
    text = item.text("FrameAcquisitionDateTime") or item.text("FrameReferenceDateTime")
    match = _DATE_TIME.fullmatch(text) if text else None
    if match is None:
        return None
    try:
        moment = datetime.datetime.strptime(match[1], "%Y%m%d%H%M%S")
    except ValueError:
        return None
    zone = match[3] or "+0000"
    minutes = int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[3:5]))
    elapsed = moment - datetime.datetime(1900, 1, 1) - datetime.timedelta(minutes=minutes)
    return elapsed // datetime.timedelta(microseconds=1) + int((match[2] or "0").ljust(6, "0"))


def _agree(first: list[int], other: list[int]) -> bool:
    """Whether two sources tell the same times, to the larger of 2 ms and a tenth of an interval."""
    interval = max(first[-1], other[-1]) / max(1, len(first) - 1)
    most = max(2 * _US_PER_MS, interval / 10)
    return all(abs(a - b) <= most for a, b in zip(first, other, strict=True))

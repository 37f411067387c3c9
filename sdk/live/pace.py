"""Frames of a file at the pace at which they were taken, as a source that goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from ..frame import Frame
from ..sources import FrameInfo

_MOST_IN_A_ROW = 4


class Paced:
    """Yields each frame when it is due; a frame that the next one has overtaken is dropped.

    Where reading is slower than the pace, every fifth frame is shown and the clock set back, so the
    picture goes on, slower.

    Attributes:
        dropped: frames so far.
    """

    def __init__(self, frames: Iterable[tuple[Frame, FrameInfo]], fps: float) -> None:
        self._frames, self._period_s = frames, 1 / fps
        self.dropped = 0

    def __iter__(self) -> Iterator[tuple[Frame, FrameInfo]]:
        begun_s: float | None = None
        in_a_row = 0
        for count, (frame, info) in enumerate(self._frames):
            at_s = count * self._period_s
            if info.timestamp_us is not None:
                at_s = info.timestamp_us / 1e6
            now_s = time.monotonic()
            if begun_s is None:
                begun_s = now_s - at_s
            late_s = now_s - begun_s - at_s
            if late_s > self._period_s:
                if in_a_row < _MOST_IN_A_ROW:
                    in_a_row += 1
                    self.dropped += 1
                    continue
                begun_s += late_s
            in_a_row = 0
            if late_s < 0:
                time.sleep(-late_s)
            yield frame, info

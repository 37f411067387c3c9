"""Answer a source's frames and show them, until it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .._shown import printable
from ..errors import FrameError, SdkError
from ..frame import Frame
from ..sources import FrameInfo, LiveSource
from ..stream import Stream
from .pace import Paced
from .view import View

Frames = LiveSource | Paced


@dataclass(slots=True)
class Watched:
    """What a run has seen so far; one thread writes, any may read.

    Args:
        stream: that answers.
        frames: of the source.
        name: shown as its name.
    """

    stream: Stream
    frames: Frames
    name: str
    unreadable: int = 0
    trouble: str | None = None

    def numbers(self) -> dict[str, Any]:
        """Return counts and times, JSON-ready."""
        stats = self.stream.stats()
        return {
            "source": printable(self.name),
            "model": self.stream.classifier.model_id,
            "frames": stats.frames,
            "dropped": self.dropped,
            "unreadable": self.unreadable + stats.failed,
            "late": stats.late,
            "latency_p50_us": stats.latency_p50_us,
            "latency_p99_us": stats.latency_p99_us,
            "since_frame_s": stats.since_frame_s,
            "trouble": self.trouble,
        }

    @property
    def dropped(self) -> int:
        """Frames that newer ones displaced before they were classified."""
        frames = self.frames
        return frames.dropped if isinstance(frames, Paced) else frames.stats().dropped


def watch(watched: Watched, view: View) -> None:
    """Answer every frame and hand it to the view.

    A frame that cannot be read or classified is counted; a live source that pauses is waited for.

    Raises:
        SdkError: what the source ended with.
    """
    last_us = -1
    for frame, info in _frames(watched):
        # a sender may step back or begin anew; here frames count in the order of their coming
        time_us = info.timestamp_us
        if time_us is not None and time_us <= last_us:
            time_us = None
        try:
            answer = watched.stream.push(frame, time_us)
        except FrameError as error:
            watched.trouble = str(error)
            continue
        watched.trouble = None
        last_us = answer.timestamp_us
        view.show(frame, answer)


def _frames(watched: Watched) -> Iterator[tuple[Frame, FrameInfo]]:
    if isinstance(watched.frames, Paced):
        yield from watched.frames
        return
    last: SdkError | None = None
    while True:
        try:
            item = next(watched.frames)
        except StopIteration:
            return
        except SdkError as error:
            # a source that has ended raises the same error again
            if error is last:
                raise
            last, watched.trouble = error, str(error)
            watched.unreadable += error.slug != "source-timeout"
            continue
        yield item

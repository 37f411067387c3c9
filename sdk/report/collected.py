"""One pass over a clip: what its report is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import SdkError
from ..frame import Frame
from ..result import Result, Timing
from ..sources import FrameInfo
from ..stream import Stream
from ..stream.stats import Latencies, StreamStats
from .key_frames import MOST_KEY_FRAMES, KeyFrame, KeyFrames
from .timeline import Timeline


@dataclass(slots=True)
class Collected:
    """A clip's answers, in memory that doesn't grow with its length.

    Attributes:
        timeline: answers over time.
        own_decisions: of the frames by themselves, before smoothing.
        stages: times of each stage, by name; see `Timing`.
        first: the first frame's description, with its result.
        sizes: frames by (width, height, format).
        regions: frames by origin of the region.
        key_frames: drawn.
        stats: of the stream.
        error: what ended the clip early, or None.
    """

    timeline: Timeline
    own_decisions: Counter[str] = field(default_factory=Counter)
    stages: dict[str, Latencies] = field(
        default_factory=lambda: {name: Latencies() for name in Timing._fields}
    )
    first: tuple[FrameInfo, Result] | None = None
    sizes: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    regions: Counter[str] = field(default_factory=Counter)
    key_frames: list[KeyFrame] = field(default_factory=list)
    stats: StreamStats | None = None
    error: SdkError | None = None


def collect(
    stream: Stream, frames: Iterable[tuple[Frame, FrameInfo]], *, pictures: bool = True
) -> Collected:
    """Answer a clip's frames.

    Args:
        stream: made for this clip.
        frames: of the clip, in order. An error that they end in is kept; what came before counts.
        pictures: whether key frames are drawn.
    """
    collected = Collected(Timeline(stream.classifier.labels))
    keys = KeyFrames(MOST_KEY_FRAMES if pictures else 0)
    try:
        for frame, info in frames:
            answer = stream.push(frame, info.timestamp_us)
            span = collected.timeline.add(answer)
            keys.add(span, answer, frame)
            _count(collected, frame, info, answer.frame_result)
    except SdkError as error:
        collected.error = error
    collected.key_frames = keys.finish()
    collected.stats = stream.stats()
    return collected


def _count(collected: Collected, frame: Frame, info: FrameInfo, result: Result) -> None:
    if collected.first is None:
        collected.first = (info, result)
    collected.own_decisions[result.decision.value] += 1
    collected.regions[result.region_origin] += 1
    # a folder may hold frames of any number of sizes
    size = (frame.width, frame.height, str(frame.format))
    if size in collected.sizes or len(collected.sizes) < 20:
        collected.sizes[size] += 1
    for name, microseconds in zip(Timing._fields, result.timing, strict=True):
        if microseconds:  # stages that a rejected frame never reached
            collected.stages[name].add(microseconds)

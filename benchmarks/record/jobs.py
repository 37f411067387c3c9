"""What a fresh process does, and what it came to. Standard library alone: workers import it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from benchmarks.record.json_form import ALWAYS
from benchmarks.record.outcomes import Result

#: `sdk.Preprocessing.to_dict()`.
Recipe: TypeAlias = dict[str, str | int | float]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a fresh process does; the order of the processes is random.

    Attributes:
        order: position in the run, from 0.
        task: key of `outcomes.OUTCOMES`.
        name: subject, ``imports/<runtime>`` or ``kernel``.
        threads: of one inference.
        process: which of the fresh processes for the same work, from 0.
        fps: pace of a paced one.
        warm: queries before the first that is timed.
        streams: simultaneous ones.
        queries: most queries.
        min_queries: least, however slow.
        max_seconds: after which it stops once it has the least.
        seconds: length of a soak.
        part: of the labelled data.
        size: width and height of the frames of the pixel suite.
        formats: pixel formats, likewise.
        samples: times that each way is timed, likewise.
    """

    order: int = field(default=0, metadata=ALWAYS)
    task: str
    name: str
    threads: int = field(default=1, metadata=ALWAYS)
    process: int = field(default=0, metadata=ALWAYS)
    fps: float = 0.0
    warm: int = 0
    streams: int = 0
    queries: int = 0
    min_queries: int = 0
    max_seconds: float = 0.0
    seconds: float = 0.0
    part: str = ""
    size: tuple[int, int] = (0, 0)
    formats: tuple[str, ...] = ()
    samples: int = 0


@dataclass(frozen=True)
class Run:
    """One fresh process: its job and what it came to."""

    job: Job
    result: Result


@dataclass(frozen=True)
class FrameShape:
    """Size in pixels and format name of the frames that are timed."""

    width: int
    height: int
    format: str

    @property
    def in_words(self) -> str:
        """Size and format, as ``1920x1080 BGRA32``."""
        return f"{self.width}x{self.height} {self.format}"

"""What each task of a fresh process comes to. Standard library alone: those processes import it.

Durations are raw: every query of a process is kept in its order, warm-up and tail included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.record.json_form import to_json


@dataclass(frozen=True)
class Outcome:
    """What a task came to; each kind of task has its own."""


@dataclass(frozen=True)
class Failure(Outcome):
    """A process that failed; its figures are missing."""

    error: str
    traceback: str | None = None


@dataclass(frozen=True)
class Timing(Outcome):
    """Queries one after the other, paced, or of several streams.

    Attributes:
        service_ns: from each call to its result.
        response_ns: from the instant at which each frame was due to its result; empty unless paced.
        stages_ns: the parts of each query by name, lists as long as ``service_ns``.
        cpu_ns: CPU time of the process, all threads.
        wall_ns: from the first query to the end of the last.
        clock_ns: the smallest step that the clock was seen to make.
        energy_j: of the processor packages; None where no counter can be read.
        missed: queries whose response took longer than a frame's period; None unless paced.
        warmup: how many first queries are warm-up; None until the figures are worked out.
        steady: whether a steady state was reached; None likewise.
    """

    service_ns: list[int]
    response_ns: list[int]
    stages_ns: dict[str, list[int]]
    cpu_ns: int
    wall_ns: int
    clock_ns: int
    energy_j: float | None
    missed: int | None = None
    warmup: int | None = None
    steady: bool | None = None


@dataclass(frozen=True)
class Memory(Outcome):
    """Imports alone (no frame), or a model that ran; the peak stands in `ProcessFacts`."""

    frame_bytes: int | None = None


@dataclass(frozen=True)
class ColdStart(Outcome):
    """Nanoseconds of each phase from process start to first result."""

    phases_ns: dict[str, int]


@dataclass(frozen=True)
class Overhead(Outcome):
    """Nanoseconds of `classify`, of its parts and of plain reads, taken in turns."""

    parts_ns: dict[str, list[int]]


@dataclass(frozen=True)
class Soak(Outcome):
    """Resident KiB after so many frames; the slope is None where readings are too few."""

    frames: list[int]
    rss_kib: list[int]
    growth_kib_per_1000: float | None


@dataclass(frozen=True)
class Logits(Outcome):
    """One row of logits for each sample tensor."""

    logits: list[list[float]]


@dataclass(frozen=True)
class Predictions(Outcome):
    """Outputs of a student for each labelled frame.

    ``probabilities`` and ``decisions`` are the SDK's; probabilities of a rejected frame are None.
    """

    labels: list[str]
    logits: list[list[float]]
    decisions: list[str]
    probabilities: list[list[float] | None]
    temperature: float


@dataclass(frozen=True)
class PixelCase:
    """One pixel format at one size: raw microseconds of each way, medians and their ratios."""

    format: str
    width: int
    height: int
    region: list[int]
    samples_us: dict[str, list[float]]
    median_us: dict[str, float]
    opencv_over_sdk: float
    sdk_over_read: float | None = None
    measured_over_read_all: float | None = None
    numpy_over_sdk: float | None = None
    #: fastest order of each baseline over the SDK, and the largest deviation of each way from the
    #: SDK's exact tensor, in grey levels 0 to 255
    over_sdk: dict[str, float] = field(default_factory=dict)
    deviation: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Pixels(Outcome):
    """All cases of one process."""

    cases: list[PixelCase]
    absent: dict[str, str] = field(default_factory=dict)  # why a baseline was not measured


#: What a task comes to when it does not fail.
OUTCOMES: dict[str, type[Outcome]] = {
    "single_stream": Timing,
    "paced": Timing,
    "multi_stream": Timing,
    "memory": Memory,
    "cold_start": ColdStart,
    "overhead": Overhead,
    "soak": Soak,
    "logits": Logits,
    "quality": Predictions,
    "preprocess": Pixels,
}


@dataclass(frozen=True)
class Load:
    """Cores used by others, and stolen by the host, on average while a process measured."""

    other_cores: float
    steal_cores: float


@dataclass(frozen=True)
class ProcessFacts:
    """What every worker tells of itself at its end; None where a counter cannot be read.

    Attributes:
        vm_hwm_kib: peak of the resident set.
        vm_rss_kib: resident set.
        load: of the rest of the machine.
        isa: instruction set of the compiled kernel; None where the SDK was not loaded.
    """

    vm_hwm_kib: int | None
    vm_rss_kib: int | None
    load: Load | None
    isa: str | None = None


@dataclass(frozen=True)
class Result:
    """What a fresh process came to; without process facts where it failed or is the start probe."""

    outcome: Outcome
    process: ProcessFacts | None = None

    @property
    def ok(self) -> bool:
        """Return whether the process did its work."""
        return not isinstance(self.outcome, Failure)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object: outcome and process facts side by side."""
        facts = to_json(self.process) if self.process else {}
        return {"ok": self.ok, **to_json(self.outcome), **facts}


def failed(error: str) -> Result:
    """Return the result of a process that failed."""
    return Result(Failure(error))

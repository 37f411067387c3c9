"""A record as its reader asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from benchmarks.quality.collect import TEACHER
from benchmarks.record.outcomes import Timing
from benchmarks.record.types import Figure, Quality, Record, SubjectEntry

Percentile = Literal["p50", "p90", "p99"]


@dataclass(frozen=True)
class Latency:
    """Latency figures of one stage in one scenario."""

    p50: Figure
    p90: Figure
    p99: Figure
    max: Figure

    def at(self, percentile: Percentile) -> Figure:
        """Return the figure of a percentile."""
        return {"p50": self.p50, "p90": self.p90, "p99": self.p99}[percentile]


class View:
    """Looks figures up by their parts; what was not measured is None."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._figures = {figure.id: figure for figure in record.figures}

    def figure(self, *key: str) -> Figure | None:
        """Return the figure with this key."""
        return self._figures.get("|".join(key))

    def value(self, *key: str) -> float | None:
        """Return the value of the figure with this key."""
        figure = self.figure(*key)
        return None if figure is None else figure.value

    @cached_property
    def subjects(self) -> list[SubjectEntry]:
        """Return the subjects, the SDK's first, then by model and runtime."""
        order = {"student": 0, "user": 1, "teacher": 2, "kernel": 3}
        return sorted(
            self.record.subjects, key=lambda s: (order[s.family], s.runtime != "sdk", s.name)
        )

    @cached_property
    def failed(self) -> list[str]:
        """Return the names of what had a process that failed, in order of name."""
        return sorted({run.job.name for run in self.record.runs if not run.result.ok})

    @cached_property
    def main_student(self) -> SubjectEntry | None:
        """Return the student that `precision="auto"` runs here, else the first behind the SDK."""
        behind = [s for s in self.subjects if s.runtime == "sdk"]
        return next((s for s in behind if s.auto), behind[0] if behind else None)

    @cached_property
    def teacher(self) -> SubjectEntry | None:
        """Return the teacher in onnxruntime fp32, else any teacher."""
        teachers = [s for s in self.subjects if s.family == "teacher"]
        best = [s for s in teachers if s.runtime == "onnxruntime" and s.precision == "fp32"]
        return next(iter(best or teachers), None)

    def latency(
        self, subject: str, scenario: str = "single_stream", stage: str = "end_to_end"
    ) -> Latency | None:
        """Return p50, p90, p99 and max at one thread; None unless all were measured."""
        key = (subject, scenario, "threads=1", stage)
        p50, p90, p99, slowest = (self.figure(*key, p) for p in ("p50", "p90", "p99", "max"))
        if p50 is None or p90 is None or p99 is None or slowest is None:
            return None
        return Latency(p50, p90, p99, slowest)

    def quality(self, subject: str, part: str) -> Quality | None:
        """Return the quality entry of a subject on a part of the data."""
        entries = self.record.quality
        return next((q for q in entries if (q.subject, q.part) == (subject, part)), None)

    @cached_property
    def parts(self) -> list[str]:
        """Return the parts of the data that were scored, in order."""
        return list(dict.fromkeys(entry.part for entry in self.record.quality))

    def services_ms(self, subject: str, scenario: str) -> list[float]:
        """Return every steady latency from call to result in ms at one thread, of all processes."""
        return self._samples_ms(subject, scenario, lambda timing: timing.service_ns)

    def responses_ms(self, subject: str, scenario: str) -> list[float]:
        """Return the same from the instant at which each frame was due; empty unless paced."""
        return self._samples_ms(subject, scenario, lambda timing: timing.response_ns)

    def _samples_ms(
        self, subject: str, scenario: str, read: Callable[[Timing], list[int]]
    ) -> list[float]:
        task, _, pace = scenario.partition("-")
        values: list[float] = []
        for run in self.record.runs:
            job, timing = run.job, run.result.outcome
            same = (job.name, job.task, job.threads) == (subject, task, 1)
            if same and isinstance(timing, Timing) and pace in ("", f"{job.fps:g}fps"):
                values += [ns / 1e6 for ns in read(timing)[timing.warmup or 0 :]]
        return values


def quality_subject(subject: SubjectEntry) -> str:
    """Return under which name the quality of a subject's artefact stands."""
    return TEACHER if subject.family == "teacher" else f"{subject.artefact}/sdk"

"""A run in progress: what both suites share, from the machine's state to the record.

Ctrl-C ends the measuring and keeps what was measured: a valid record, marked `interrupted`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.machine.facts import state_at_start, throttle_count
from benchmarks.machine.speed import reference_ms
from benchmarks.measure.clock import SystemClock
from benchmarks.processes import Launcher
from benchmarks.record.jobs import Run
from benchmarks.record.machine import State
from benchmarks.record.outcomes import Failure, Result
from benchmarks.worker_input import WorkerInput

#: Told what comes next, how many processes are done, and how many there are (0: not known yet).
Advance = Callable[[str, int, int], None]
#: Returns why a job's result cannot count, or nothing.
Objection = Callable[[WorkerInput], str]


def no_objection(_: WorkerInput) -> str:
    """Let every result count."""
    return ""


@dataclass
class Session:
    """The processes of a run, and the state of the machine around them.

    Attributes:
        energy: whether energy can be read, in words.
        planned: how many fresh processes it means to start.
        runs: those that ended.
        complete: whether all of them did, and nothing was interrupted since.
    """

    energy: str
    planned: int = 0
    runs: list[Run] = field(default_factory=list)
    complete: bool = False
    _start: State | None = None
    _started: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Look at the machine, before the first process."""
        self._start = State(
            start=state_at_start(),
            throttle_start=throttle_count(),
            reference_start_ms=reference_ms(SystemClock()),
            energy=self.energy,
        )

    def measure(
        self,
        jobs: Sequence[WorkerInput],
        launcher: Launcher,
        advance: Advance,
        objection: Objection = no_objection,
    ) -> None:
        """Run the jobs one after the other.

        Raises:
            KeyboardInterrupt: before anything was measured; later it ends the measuring.
        """
        self.planned = len(jobs)
        try:
            for index, given in enumerate(jobs):
                job = replace(given.job, order=index)
                advance(f"{job.task}  {job.name}", index, len(jobs))
                result = launcher(replace(given, job=job))
                reason = objection(given)
                self.runs.append(Run(job, Result(Failure(reason)) if reason else result))
            advance("measured", len(jobs), len(jobs))
            self.complete = True
        except KeyboardInterrupt:
            if not self.runs:
                raise

    def state(self) -> State:
        """Return the machine's state around the run, which ends now.

        Raises:
            RuntimeError: it was not begun.
        """
        if self._start is None:
            raise RuntimeError("a session must begin before it can end")
        return replace(
            self._start,
            throttle_end=throttle_count(),
            reference_end_ms=reference_ms(SystemClock()) if self.complete else None,
            wall_s=round(time.monotonic() - self._started, 1),
        )

"""The pixel suite in fresh processes, as a record that `compare` reads."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.errors import BenchError
from benchmarks.machine.software import isas_of
from benchmarks.processes import Launcher
from benchmarks.record.build import Measured, build_record
from benchmarks.record.jobs import FrameShape, Job
from benchmarks.record.types import Input, Record, SubjectEntry
from benchmarks.session import Advance, Session
from benchmarks.suites.pixels.cases import FORMATS, SIZES
from benchmarks.suites.pixels.figures import pixel_figures
from benchmarks.worker_input import WorkerInput

PROCESSES = 8  # so that 15 % is found beside other load too
_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Request:
    """What to time: pixel formats by name, frame sizes, samples of each way a process."""

    quick: bool
    formats: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    samples: int
    seed: int = 0


def make_request(
    quick: bool, formats: Sequence[str] = (), seed: int = 0, sizes: Sequence[str] = ()
) -> Request:
    """Return the request of a mode; all formats and the mode's sizes unless some are named.

    Raises:
        BenchError: `format-unknown`, `size-unknown`.
    """
    named = {f"{width}x{height}": (width, height) for width, height in SIZES}
    strange = [name for name in sizes if name not in named]
    if strange:
        raise BenchError("size-unknown", f"--sizes {strange}: allowed {', '.join(named)}")
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise BenchError("format-unknown", f"--formats {unknown}: allowed {', '.join(FORMATS)}")
    usual = ((1920, 1080),) if quick else tuple(SIZES)
    chosen = tuple(named[name] for name in sizes) or usual
    return Request(quick, tuple(formats) or FORMATS, chosen, 24 if quick else 36, seed)


def run(request: Request, launcher: Launcher, advance: Advance) -> Record:
    """Measure in fresh processes and return the record; a partial one after Ctrl-C.

    Raises:
        KeyboardInterrupt: interrupted before anything was measured.
    """
    session = Session("not measured by this suite")
    session.begin()
    session.measure(jobs(request), launcher, advance)
    work = f"{request.formats} {request.sizes} seed 0"
    return build_record(
        Measured(
            kind="preprocess",
            mode="quick" if request.quick else "full",
            seed=request.seed,
            planned=session.planned,
            complete=session.complete,
            runs=session.runs,
            subjects=[_subject(isa) for isa in isas_of(session.runs)],
            frames=Input(
                kind="generated",
                description="random pixels in 512 MiB, so that no cache holds the next frame",
                frame=FrameShape(1920, 1080, ",".join(request.formats)),
                sha256=hashlib.sha256(work.encode()).hexdigest(),
            ),
            state=session.state(),
            figures=pixel_figures(session.runs),
        )
    )


def jobs(request: Request) -> list[WorkerInput]:
    """Return the fresh processes, in random order."""
    listed = [
        WorkerInput(
            Job(
                task="preprocess",
                name="kernel",
                process=process,
                size=size,
                formats=request.formats,
                samples=request.samples,
            ),
            timeout_s=_TIMEOUT_S,
        )
        for process in range(PROCESSES)
        for size in request.sizes
    ]
    random.Random(request.seed).shuffle(listed)
    return listed


def _subject(isa: str) -> SubjectEntry:
    return SubjectEntry(
        name=f"kernel/{isa}",
        family="kernel",
        runtime="kernel",
        precision="fp32",
        weights="none",
        threads=(1,),
        unknown={},
    )

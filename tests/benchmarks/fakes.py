"""A clock that only moves when told, and records made of invented processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.record.build import Measured, build_record
from benchmarks.record.jobs import FrameShape, Job, Run
from benchmarks.record.machine import StartState, State
from benchmarks.record.outcomes import (
    ColdStart,
    Load,
    Memory,
    Outcome,
    ProcessFacts,
    Result,
    Timing,
    failed,
)
from benchmarks.record.store import parse_record, record_json
from benchmarks.record.types import Input, Quality, Record, Share, SubjectEntry
from benchmarks.suites.models.figures import all_figures
from benchmarks.suites.models.timing_figures import with_warmup

SUBJECTS = [
    SubjectEntry(
        name="student-fp32/sdk",
        family="student",
        runtime="sdk",
        precision="fp32",
        weights="trained",
        threads=(1,),
        auto=True,
        file_bytes=100_000,
        sha256="a" * 64,
        parameters=24_000,
        macs=9_000_000,
        activations=400_000,
        unknown={},
    ),
    SubjectEntry(
        name="teacher-fp32/onnxruntime",
        family="teacher",
        runtime="onnxruntime",
        precision="fp32",
        weights="untrained",
        threads=(1,),
        file_bytes=13_000_000,
        sha256="b" * 64,
        parameters=3_300_000,
        macs=219_000_000,
        activations=3_700_000,
        unknown={},
    ),
]
QUIET = Load(other_cores=0.0, steal_cores=0.0)


@dataclass
class FakeClock:
    now: int = 0
    cpu: int = 0
    sleeps: list[float] = field(default_factory=list)

    def now_ns(self) -> int:
        return self.now

    def cpu_ns(self) -> int:
        return self.cpu

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += round(seconds * 1e9)

    def work(self, ns: int) -> None:
        self.now += ns
        self.cpu += ns


def facts(peak_kib: int = 60_000, load: Load | None = None, isa: str | None = None) -> ProcessFacts:
    return ProcessFacts(peak_kib, 58_000, load, isa)


def timing(random: np.random.Generator, median_ms: float, count: int) -> Timing:
    # processes differ by 2 %, frames by 5 %, one frame in 200 is five times slower
    scale = median_ms * 1e6 * np.exp(random.normal(0, 0.02))
    values = scale * np.exp(random.normal(0, 0.05, count))
    values[random.random(count) < 0.005] *= 5
    service = [int(v) for v in values]
    return Timing(
        service_ns=service,
        response_ns=[],
        stages_ns={"preprocess": [v // 2 for v in service], "inference": [v // 4 for v in service]},
        cpu_ns=sum(service),
        wall_ns=sum(service) + 1000,
        clock_ns=40,
        energy_j=None,
    )


def timed(outcome: Outcome) -> Result:
    return Result(outcome, facts(load=QUIET, isa="avx2"))


def fake_runs(
    seed: int = 0, factor: float = 1.0, count: int = 200, processes: int = 5
) -> list[Run]:
    random = np.random.default_rng(seed)
    runs = []
    for process in range(processes):
        for name, median in (("student-fp32/sdk", 1.0), ("teacher-fp32/onnxruntime", 12.0)):
            stream = timed(timing(random, median * factor, count))
            runs.append(Run(_job("single_stream", name, process), stream))
            peak = 70_000 + int(random.integers(0, 200))
            runs.append(Run(_job("memory", name, process), Result(Memory(), facts(peak))))
            imports = _job("memory", f"imports/{name.split('/')[1]}", process)
            runs.append(Run(imports, Result(Memory(), facts(52_000))))
        paced = timing(random, 1.1 * factor, count)
        paced = replace(
            paced,
            response_ns=[v + 60_000 for v in paced.service_ns],
            missed=0,
            wall_ns=int(count * 1e9 / 30),
        )
        job = replace(_job("paced", "student-fp32/sdk", process), fps=30.0)
        runs.append(Run(job, timed(paced)))
        phases = {"python": 2e7, "import": 2e8, "load": 2e7, "first_result": 2e6}
        start = ColdStart({k: int(v * factor) for k, v in phases.items()})
        runs.append(Run(_job("cold_start", "student-fp32/sdk", process), Result(start)))
    return runs


def _job(task: str, name: str, process: int) -> Job:
    return Job(task=task, name=name, process=process)


def changed(runs: Sequence[Run], task: str, **fields: object) -> list[Run]:
    """Return the runs, the outcomes of one task with other fields."""
    return [
        with_outcome(run, replace(run.result.outcome, **fields)) if run.job.task == task else run
        for run in runs
    ]


def with_outcome(run: Run, outcome: Outcome) -> Run:
    return replace(run, result=replace(run.result, outcome=outcome))


def with_failure(runs: Sequence[Run], error: str, name: str = "") -> list[Run]:
    """Return the runs, those of one subject (of all, without a name) failed."""
    return [
        replace(run, result=failed(error)) if name in ("", run.job.name) else run for run in runs
    ]


def renamed(runs: Sequence[Run], name: str, old: str = "student-fp32/sdk") -> list[Run]:
    return [
        replace(run, job=replace(run.job, name=run.job.name.replace(old, name))) for run in runs
    ]


def share(value: float) -> Share:
    return Share(value, value - 0.01, value + 0.01)


def fake_quality() -> list[Quality]:
    names = ("teacher (committed logits)", "student-fp32/sdk")
    return [
        Quality(
            subject=name,
            part=part,
            frames=300,
            groups=100,
            accuracy=share(0.96),
            recall={"head": share(0.97), "abdomen": share(0.95)},
            calibration_error=share(0.02) if "sdk" in name else None,
            agreement=share(0.97) if "sdk" in name else None,
            coverage=share(0.9) if "sdk" in name else None,
            selective_accuracy=share(0.98) if "sdk" in name else None,
        )
        for part in ("test", "external")
        for name in names
    ]


def fake_record(seed: int = 0, factor: float = 1.0, **changes: Any) -> Record:
    runs = [with_warmup(run) for run in changes.pop("runs", fake_runs(seed, factor))]
    measured = Measured(
        kind="models",
        mode="quick",
        seed=seed,
        planned=35,
        complete=True,
        runs=runs,
        figures=all_figures(runs),
        subjects=SUBJECTS,
        frames=Input("phantom", "synthetic", FrameShape(1920, 1080, "BGRA32"), "c" * 64),
        state=State(
            start=StartState([0.0, 0.0, 0.0], None, None),
            reference_start_ms=1.0,
            reference_end_ms=1.0,
            energy="not available: no readable RAPL counter",
        ),
        quality=fake_quality(),
    )
    return build_record(replace(measured, **changes))


def edited(record: Record, change: Callable[[dict[str, Any]], object]) -> Record:
    """Return the record after a change of its JSON object."""
    document = record_json(record)
    change(document)
    return parse_record(document)

"""The record of a run, typed. `store` reads and writes it as JSON, and nothing else does.

A field with a default is absent from the JSON where it holds that default; one without, or with
`ALWAYS`, is always there, null where it was not measured or cannot be known (never 0). A number
that is not finite never reaches a record. Fields marked 1.1 are absent from records of 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from benchmarks.onnx_facts.types import Feed
from benchmarks.record.checks import check_sha256, require
from benchmarks.record.jobs import FrameShape, Recipe, Run
from benchmarks.record.json_form import ALWAYS
from benchmarks.record.machine import Machine, Software, State

Family: TypeAlias = Literal["teacher", "student", "user", "kernel"]
Weights: TypeAlias = Literal["trained", "untrained", "unknown", "none"]
Better: TypeAlias = Literal["lower", "higher", "neither"]
Unit: TypeAlias = Literal["ms", "us", "MB", "KiB", "%", "fps", "mJ", "x", "GB/s"]
Judge: TypeAlias = Literal["bound", "value"]


@dataclass(frozen=True)
class Figure:
    """One number with its spread.

    Attributes:
        id: subject, scenario, stage and metric, joined by ``|``; names the figure for ever.
        unit: of value and bounds.
        better: which direction is.
        value: of all samples pooled.
        low: lower bound of the interval; None where there is none.
        high: upper bound, likewise.
        confidence: of the interval, in (0, 1).
        processes: the same figure of each fresh process.
        samples: raw samples behind it; None where it has none.
        enough_samples: whether they suffice for the percentile; None for what is no percentile.
    """

    id: str
    unit: Unit
    better: Better
    value: float
    low: float | None
    high: float | None
    confidence: float
    processes: tuple[float, ...]
    samples: int | None
    enough_samples: bool | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for what no figure can be."""
        require(
            bool(re.fullmatch(r"[^|]+(\|[^|]+)+", self.id)), f"id {self.id!r}: needs parts by |"
        )
        require(0 < self.confidence < 1, f"confidence {self.confidence}: must be in (0, 1)")
        require(bool(self.processes), "processes: needs one at least")
        require(self.samples is None or self.samples >= 1, f"samples {self.samples}: needs 1")


@dataclass(frozen=True)
class Share:
    """A share in [0, 1] with its 95 % interval over patients; None where nothing counted."""

    value: float | None
    low: float | None
    high: float | None

    def __post_init__(self) -> None:
        """Raise ValueError for a share outside [0, 1]."""
        inside = self.value is None or 0 <= self.value <= 1
        require(inside, f"value {self.value}: a share is in [0, 1]")


@dataclass(frozen=True)
class Quality:
    """How one file's outputs fit the labels of a part of the data.

    Attributes:
        subject: whose outputs.
        part: ``test``, ``external`` or ``folder``.
        frames: how many.
        groups: patients among them.
        accuracy: most probable label right, over all frames.
        recall: by label.
        calibration_error: expected calibration error; None for bare logits.
        agreement: the teacher's most probable label is the same; None without a teacher.
        coverage: frames that the SDK accepts; None without the SDK.
        selective_accuracy: among those.
        interval: how the intervals were made (1.1; before: bootstrap over patients).
    """

    subject: str
    part: str
    frames: int
    groups: int
    accuracy: Share
    recall: dict[str, Share]
    calibration_error: Share | None
    agreement: Share | None
    coverage: Share | None
    selective_accuracy: Share | None
    interval: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for no frames."""
        require(self.frames >= 1 and self.groups >= 1, "frames, groups: need one at least")


@dataclass(frozen=True)
class Difference:
    """How far a subject's logits are from its reference's, on the same tensors."""

    subject: str
    reference: str
    frames: int
    max_abs_logit: float
    mean_abs_logit: float
    label_changes: int
    logit_range: float | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a negative distance."""
        least = min(self.max_abs_logit, self.mean_abs_logit, self.label_changes)
        require(self.frames >= 1 and least >= 0, "a difference is >= 0, of one frame at least")


@dataclass(frozen=True)
class RunWarning:
    """What should make a reader careful; the slug is stable, the words may change."""

    slug: str
    meaning: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class SubjectEntry:
    """What the record says of a subject; a model without a file of its own has no file's bytes.

    Attributes:
        name: ``model-precision/runtime``.
        threads: thread counts that were measured.
        preprocessing: of the frames; None where the model takes none.
        feed: how a user's file is fed (1.1).
        auto: whether ``precision="auto"`` chooses it on this machine.
        unknown: why a count is null, by field (1.1).

    The rest is as in `onnx_facts.types.ModelFacts`.
    """

    name: str
    family: Family
    runtime: str
    precision: str
    weights: Weights
    threads: tuple[int, ...]
    preprocessing: Recipe | None = None
    feed: Feed | None = None
    auto: bool | None = None
    file_bytes: int | None = None
    sha256: str | None = None
    parameters: int | None = field(default=None, metadata=ALWAYS)
    macs: int | None = field(default=None, metadata=ALWAYS)
    activations: int | None = field(default=None, metadata=ALWAYS)
    files: list[str] | None = None
    operators: dict[str, int] | None = None
    unknown: dict[str, str] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a negative count or a digest that is none."""
        check_sha256(self.sha256)
        for name in ("file_bytes", "parameters", "macs", "activations"):
            value = getattr(self, name)
            require(value is None or value >= 0, f"{name} {value}: must be >= 0 or null")

    @property
    def artefact(self) -> str:
        """Return ``model-precision``: the file, in whatever runtime."""
        return self.name.rsplit("/", 1)[0]


@dataclass(frozen=True)
class Input:
    """Where the frames came from, and the digest of those that were timed."""

    kind: Literal["data-set", "folder", "phantom", "generated"]
    description: str
    frame: FrameShape
    sha256: str

    def __post_init__(self) -> None:
        """Raise ValueError for a digest that is none."""
        check_sha256(self.sha256)


@dataclass(frozen=True)
class Identity:
    """What the person who ran it said of device and operator; never guessed."""

    device_serial: str | None = field(default=None, metadata=ALWAYS)
    operator: str | None = field(default=None, metadata=ALWAYS)


@dataclass(frozen=True)
class Budget:
    """Limits by subject (empty: every student behind the SDK) and metric, and what they judge."""

    limits: dict[str, dict[str, float]]
    judge: Judge = field(default="bound", metadata=ALWAYS)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run, whole or interrupted. ``planned`` counts the fresh processes it meant to start."""

    format: Literal["sonogaze-bench"] = field(default="sonogaze-bench", metadata=ALWAYS)
    version: Literal["1.0", "1.1"]
    kind: Literal["models", "preprocess"]
    status: Literal["complete", "interrupted"]
    mode: Literal["quick", "full"]
    created_utc: str
    seed: int
    planned: int
    identity: Identity | None = None  # 1.1
    machine: Machine
    state: State
    software: Software
    input: Input
    budget: Budget | None = field(default=None, metadata=ALWAYS)  # 1.1
    subjects: Sequence[SubjectEntry]
    figures: Sequence[Figure]
    quality: Sequence[Quality]
    numerics: Sequence[Difference]
    warnings: Sequence[RunWarning]
    runs: Sequence[Run]

    def __post_init__(self) -> None:
        """Raise ValueError for a record of 1.1 that lacks what 1.1 added."""
        pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
        require(bool(re.fullmatch(pattern, self.created_utc)), f"created_utc {self.created_utc!r}")
        require(self.planned >= 0, f"planned {self.planned}: must be >= 0")
        if self.version == "1.0":
            return
        software = self.software
        since_1_1 = {
            "identity": self.identity,
            "software.environment": software.environment,
            "software.onnxruntime_options": software.onnxruntime_options,
            "software.kernel": software.kernel,
            **{f"unknown of {one.name}": one.unknown for one in self.subjects},
        }
        for name, value in since_1_1.items():
            require(value is not None, f"{name} is missing, which version 1.1 has")

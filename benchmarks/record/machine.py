"""The machine, its state around the run, and the software, as they stand in the record."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.record.checks import require
from benchmarks.record.json_form import ALWAYS


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the run was measured on; None for what cannot be read."""

    cpu_model: str | None
    cpu_family_model_stepping: list[str | None] | None = None
    architecture: str
    instruction_sets: list[str]
    cores_online: int | None
    cores_usable: int
    cpu_quota_cores: float | None = field(default=None, metadata=ALWAYS)
    cache_l3: str | None = field(default=None, metadata=ALWAYS)
    governor: str | None
    frequency_max_khz: int | None = field(default=None, metadata=ALWAYS)
    boost: str | None = field(default=None, metadata=ALWAYS)
    memory_kib: int | None
    virtualisation: list[str]
    kernel: str
    os: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for no core."""
        require(self.cores_usable >= 1, f"cores_usable {self.cores_usable}: must be >= 1")


@dataclass(frozen=True)
class StartState:
    """The machine just before the run."""

    load_average: list[float] | None
    memory_available_kib: int | None
    cpu_pressure_avg10: float | None
    frequency_khz: int | None = field(default=None, metadata=ALWAYS)


@dataclass(frozen=True, kw_only=True)
class State:
    """The machine around the run. ``reference_ms``: a fixed piece of work, to see its speed change.

    ``teacher_sha256`` is the checkpoint behind the committed logits.
    """

    start: StartState
    throttle_start: int | None = field(default=None, metadata=ALWAYS)
    reference_start_ms: float | None = None
    energy: str = ""
    teacher_sha256: str | None = None
    throttle_end: int | None = field(default=None, metadata=ALWAYS)
    reference_end_ms: float | None = field(default=None, metadata=ALWAYS)
    wall_s: float | None = None


@dataclass(frozen=True)
class Commit:
    """The git commit of the tree, and whether tracked files differ from it."""

    hash: str
    modified: bool


@dataclass(frozen=True)
class Kernel:
    """The compiled kernel: in use as the processes report it (None: none, or several), and at hand.

    ``asked`` is ``SONOGAZE_ISA``.
    """

    isa: str | None
    available: list[str]
    asked: str | None


@dataclass(frozen=True, kw_only=True)
class Software:
    """Versions, options and build of what was measured; the environment where it changes code."""

    python: str
    environment: dict[str, str] | None = None  # 1.1
    onnxruntime_options: dict[str, str] | None = None  # 1.1
    packages: dict[str, str | None]
    commit: Commit | None
    kernels_sha256: str | None
    kernel: Kernel | None = None  # 1.1

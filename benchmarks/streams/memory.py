"""Memory of the running process, and whether it stayed as it was."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from benchmarks.measure.soak import growth_kib_per_1000


def anonymous_kib(status: Path = Path("/proc/self/status")) -> int:
    """Return the anonymous resident memory: files mapped in come and go."""
    lines = status.read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1])


class Growth(NamedTuple):
    """How memory went over a run.

    Attributes:
        grown_kib: from the end of the first third, when caches are full, to the end.
        kib_per_1000_frames: Theil-Sen slope over the last two thirds; None of too few readings.
    """

    grown_kib: int
    kib_per_1000_frames: float | None


def growth(frames: list[int], kib: list[int]) -> Growth:
    """Judge readings of memory.

    Args:
        frames: how many had gone by at each reading, rising.
        kib: the readings, at least one.
    """
    return Growth(kib[-1] - kib[len(kib) // 3], growth_kib_per_1000(frames, kib))

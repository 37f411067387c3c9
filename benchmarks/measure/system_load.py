"""How busy the rest of the machine was while a measurement ran, from /proc/stat."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.record.outcomes import Load


@dataclass(frozen=True)
class CpuTicks:
    """Ticks since boot over all CPUs: busy (all but idle and iowait), and stolen by the host."""

    busy: int
    steal: int


def read_ticks(stat: Path = Path("/proc/stat")) -> CpuTicks | None:
    """Return the machine's ticks; None where they cannot be read."""
    try:
        fields = stat.read_text().split("\n", 1)[0].split()
        # the two fields behind them, time of guests, are in user and nice already (proc(5))
        user, nice, system, _idle, _wait, irq, softirq, steal = (int(f) for f in fields[1:9])
    except (OSError, ValueError):
        return None
    return CpuTicks(user + nice + system + irq + softirq + steal, steal)


def other_load(
    start: CpuTicks | None, end: CpuTicks | None, own_cpu_s: float, wall_s: float
) -> Load | None:
    """Return cores used by others, and stolen by the host, on average over ``wall_s`` seconds.

    Args:
        start: reading at the start of the measurement.
        end: reading at its end.
        own_cpu_s: CPU seconds of the measured process in between.
        wall_s: wall-clock seconds in between.
    """
    if start is None or end is None or wall_s <= 0:
        return None
    tick = os.sysconf("SC_CLK_TCK")
    busy = (end.busy - start.busy) / tick
    steal = (end.steal - start.steal) / tick
    return Load(max(0.0, busy - steal - own_cpu_s) / wall_s, max(0.0, steal) / wall_s)

"""Memory and energy counters of Linux. A counter that cannot be read is None, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class Memory:
    """Resident set of a process in KiB: peak (VmHWM) and now (VmRSS)."""

    peak_kib: int | None
    now_kib: int | None


def read_memory(status: Path = PROC / "self/status") -> Memory:
    """Return VmHWM and VmRSS; None for what the file lacks or does not say as `<n> kB`.

    VmHWM belongs to the process's own address space and starts anew at exec, whereas `ru_maxrss`
    is inherited from the parent.
    """
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return Memory(None, None)
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return Memory(_kib(fields.get("VmHWM")), _kib(fields.get("VmRSS")))


def _kib(text: str | None) -> int | None:
    words = (text or "").split()
    return int(words[0]) if len(words) == 2 and words[0].isdigit() and words[1] == "kB" else None


@dataclass(frozen=True)
class EnergyReading:
    """Microjoules of each package counter and the value at which it wraps, by zone name."""

    zones: dict[str, tuple[int, int]]


def read_energy(root: Path = POWERCAP) -> EnergyReading | None:
    """Return the RAPL package counters; None where they are absent or unreadable.

    Since Linux 5.10 `energy_uj` is readable by root alone (CVE-2020-8694); virtual machines
    usually have none.
    """
    zones = {}
    for folder in sorted(root.glob("intel-rapl:*")):
        # a zone such as intel-rapl:0:0 is a part of its package, which counts it already
        if folder.name.count(":") != 1:
            continue
        try:
            now = int((folder / "energy_uj").read_text())
            wrap = int((folder / "max_energy_range_uj").read_text())
        except (OSError, ValueError):
            return None
        zones[folder.name] = (now, wrap)
    return EnergyReading(zones) if zones else None


def joules_between(start: EnergyReading | None, end: EnergyReading | None) -> float | None:
    """Return joules used between two readings, each counter unwrapped once; None without both."""
    if start is None or end is None or start.zones.keys() != end.zones.keys():
        return None
    total = 0
    for name, (before, wrap) in start.zones.items():
        after = end.zones[name][0]
        total += after - before if after >= before else after - before + wrap
    return total / 1e6

"""What the figures were measured on. A fact that cannot be read is None, never a guess."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from benchmarks.record.machine import Machine, StartState

PROC = Path("/proc")
CPU = Path("/sys/devices/system/cpu")

#: Instruction sets that change which kernels run; others are left out of the record.
_INSTRUCTION_SETS = [
    "sse4_1",
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx_vnni",
    "avx512f",
    "avx512bw",
    "avx512vl",
    "avx512_vnni",
    "avx512_bf16",
    "amx_tile",
    "amx_int8",
    "asimd",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
    "sve2",
]


def machine_facts(proc: Path = PROC, cpu: Path = CPU) -> Machine:
    """Return CPU, memory, governor, virtualisation and kernel facts."""
    info = _read(proc / "cpuinfo") or ""
    flags = set((_field(info, "flags") or _field(info, "Features") or "").split())
    version = [_field(info, name) for name in ("cpu family", "model", "stepping")]
    return Machine(
        cpu_model=_field(info, "model name") or _field(info, "CPU part"),
        cpu_family_model_stepping=version,
        architecture=platform.machine(),
        instruction_sets=[name for name in _INSTRUCTION_SETS if name in flags],
        cores_online=os.cpu_count(),
        cores_usable=len(os.sched_getaffinity(0)),
        cpu_quota_cores=cpu_quota(),
        cache_l3=_read(cpu / "cpu0/cache/index3/size"),
        governor=_read(cpu / "cpu0/cpufreq/scaling_governor"),
        frequency_max_khz=_number(_read(cpu / "cpu0/cpufreq/cpuinfo_max_freq")),
        boost=_read(cpu / "cpufreq/boost"),
        memory_kib=_meminfo(proc, "MemTotal"),
        virtualisation=virtualisation(info),
        kernel=platform.release(),
        os=_os_name(),
    )


def cpu_quota(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Return the cgroup's CPU limit in cores (v2 `cpu.max`); None where there is none."""
    words = (_read(root / "cpu.max") or "").split()
    if len(words) != 2 or not words[0].isdigit():
        return None
    return int(words[0]) / int(words[1])


def virtualisation(cpuinfo: str, root: Path = Path("/")) -> list[str]:
    """Return what stands between the process and the metal, as ``["virtual machine"]``."""
    layers = []
    if re.search(r"^(flags|Features).*\bhypervisor\b", cpuinfo, re.MULTILINE):
        product = _read(root / "sys/class/dmi/id/product_name")
        layers.append(f"virtual machine ({product})" if product else "virtual machine")
    groups = _read(root / "proc/1/cgroup") or ""
    marks = [root / ".dockerenv", root / "run/.containerenv"]
    if any(mark.exists() for mark in marks) or re.search("docker|kubepods|lxc", groups):
        layers.append("container")
    return layers


def state_at_start(proc: Path = PROC) -> StartState:
    """Return load averages, available memory and CPU pressure at this moment."""
    load = (_read(proc / "loadavg") or "").split()[:3]
    pressure = re.search(r"some avg10=([\d.]+)", _read(proc / "pressure/cpu") or "")
    return StartState(
        load_average=[float(value) for value in load] or None,
        memory_available_kib=_meminfo(proc, "MemAvailable"),
        cpu_pressure_avg10=float(pressure[1]) if pressure else None,
        frequency_khz=_number(_read(CPU / "cpu0/cpufreq/scaling_cur_freq")),
    )


def throttle_count(cpu: Path = CPU) -> int | None:
    """Return thermal throttle events of all cores since boot; None where not counted."""
    paths = cpu.glob("cpu*/thermal_throttle/core_throttle_count")
    counts = [_number(_read(path)) for path in paths]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip() or None
    except OSError:
        return None


def _field(text: str, name: str) -> str | None:
    match = re.search(rf"^{re.escape(name)}\s*:\s*(.*)$", text, re.MULTILINE)
    return match[1].strip() if match else None


def _meminfo(proc: Path, name: str) -> int | None:
    return _number((_field(_read(proc / "meminfo") or "", name) or "").split(" ")[0])


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()

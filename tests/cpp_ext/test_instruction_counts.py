"""Instruction counts of the main kernels: a regression shows on however noisy a machine.

`docs/results/instructions.json` keeps them; `python -m tests.cpp_ext.test_instruction_counts`
writes it anew.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.cpp_ext.presets import ROOT, program, require, run

RECORD = ROOT / "docs/results/instructions.json"
COMMAND = (
    "valgrind --tool=callgrind --callgrind-out-file=/dev/null one_frame FORMAT ISA 1920 1080 WAY"
)
EMULATED = "qemu-aarch64 -plugin count_plugin.so one_frame FORMAT neon 1920 1080 WAY"
FORMATS = ("GRAY8", "GRAY16", "RGB24", "BGRA32", "YUYV", "NV12", "P010")
CASES = [
    *((name, isa, "run") for name in FORMATS for isa in ("avx2", "scalar", "neon")),
    *((name, isa, "measure") for name in FORMATS for isa in ("avx2", "neon")),
]
TOLERANCE = 0.05  # compilers differ by a little; a lost vector loop is far beyond


def count(name: str, isa: str, way: str) -> int:
    words: tuple[object, ...]
    if isa == "neon":
        plugin = program("plain", "count_plugin").with_suffix(".so")
        words = ("qemu-aarch64", "-plugin", plugin, program("arm64", "one_frame"))
    else:
        words = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
        words = (*words, program("plain", "one_frame"))
    done = run(*words, name, isa, 1920, 1080, way)
    told = re.search(r"refs:\s+([\d,]+)", done.stderr)
    assert told, done.stderr
    return int(told[1].replace(",", ""))


def compiler(isa: str) -> str:
    """Name the compiler, as far as the code it makes depends on it."""
    prefix = "aarch64-linux-gnu-" if isa == "neon" else ""
    return run(f"{prefix}g++", "-dumpfullversion").stdout.strip()


@pytest.mark.parametrize(("name", "isa", "way"), CASES)
def test_instruction_count_has_not_grown(name: str, isa: str, way: str) -> None:
    require(*(("qemu-aarch64", "aarch64-linux-gnu-g++") if isa == "neon" else ("valgrind",)))
    record = json.loads(RECORD.read_text())
    if isa != "neon" and record["machine"] != run("uname", "-m").stdout.strip():
        pytest.skip(f"counts were recorded on {record['machine']}")
    before = record["instructions"][f"{name} {isa} {way}"]
    now = count(name, isa, way)
    # Another compiler may differ more; what is looked for is a kernel that lost its vectors.
    tolerance = TOLERANCE if record["compilers"][isa] == compiler(isa) else 0.3
    assert now <= before * (1 + tolerance), f"{now:,} instructions, {before:,} before"


def write() -> None:
    """Record the counts of this machine's build."""
    counts = {" ".join(case): count(*case) for case in CASES}
    record = {
        "format": "sonogaze-instructions/2",
        "commands": [COMMAND, EMULATED],
        "region": "1400 x 900 of 1920 x 1080 to 192 x 144, process start included",
        "machine": run("uname", "-m").stdout.strip(),
        "compilers": {isa: compiler(isa) for isa in ("avx2", "scalar", "neon")},
        "instructions": counts,
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    write()

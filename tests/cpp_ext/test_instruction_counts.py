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
FORMATS = ("GRAY8", "GRAY16", "RGB24", "BGRA32", "YUYV", "NV12")
CASES = [
    *((name, isa, "run") for name in FORMATS for isa in ("avx2", "scalar")),
    *((name, "avx2", "measure") for name in FORMATS),
]
TOLERANCE = 0.05  # compilers differ by a little; a lost vector loop is far beyond


def count(name: str, isa: str, way: str) -> int:
    words = ("--tool=callgrind", "--callgrind-out-file=/dev/null", program("plain", "one_frame"))
    done = run("valgrind", *words, name, isa, 1920, 1080, way)
    found = re.search(r"refs:\s+([\d,]+)", done.stderr)
    assert found, done.stderr
    return int(found[1].replace(",", ""))


def compiler() -> str:
    """Name the compiler, as far as the code it makes depends on it."""
    return run("g++", "-dumpfullversion").stdout.strip()


@pytest.mark.parametrize(("name", "isa", "way"), CASES)
def test_instruction_count_has_not_grown(name: str, isa: str, way: str) -> None:
    require("valgrind")
    record = json.loads(RECORD.read_text())
    if record["machine"] != run("uname", "-m").stdout.strip():
        pytest.skip(f"counts were recorded on {record['machine']}")
    before = record["instructions"][f"{name} {isa} {way}"]
    now = count(name, isa, way)
    # Another compiler may differ more; what is looked for is a kernel that lost its vectors.
    tolerance = TOLERANCE if record["compiler"] == compiler() else 0.3
    assert now <= before * (1 + tolerance), f"{now:,} instructions, {before:,} before"


def write() -> None:
    """Record the counts of this machine's build."""
    counts = {" ".join(case): count(*case) for case in CASES}
    record = {
        "format": "sonogaze-instructions/1",
        "command": COMMAND,
        "region": "1400 x 900 of 1920 x 1080 to 192 x 144, process start included",
        "machine": run("uname", "-m").stdout.strip(),
        "compiler": compiler(),
        "instructions": counts,
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    write()

"""One measurement in a fresh process: a JSON job on stdin, a JSON result on stdout.

    python -m benchmarks.worker < job.json > result.json

The result is ``{"ok": true, ...}`` or ``{"ok": false, "error": ..., "traceback": ...}``. What
libraries print goes to stderr. Only the standard library is imported until the task asks for more.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

_LONGEST = 2000  # characters of a message that goes into the record


def run_job(job: dict[str, Any]) -> dict[str, Any]:
    """Run one job and return its result with the process's memory and the machine's other load.

    Raises:
        KeyError: an unknown task.
    """
    from benchmarks.measure.clock import SystemClock
    from benchmarks.measure.counters import read_memory
    from benchmarks.measure.system_load import other_load, read_ticks
    from benchmarks.measure.tasks import TASKS

    clock = SystemClock()
    ticks, wall, cpu = read_ticks(), clock.now_ns(), clock.cpu_ns()
    result = TASKS[job["task"]](job)
    memory = read_memory()
    result["vm_hwm_kib"], result["vm_rss_kib"] = memory.peak_kib, memory.now_kib
    wall_s, cpu_s = (clock.now_ns() - wall) / 1e9, (clock.cpu_ns() - cpu) / 1e9
    result["load"] = other_load(ticks, read_ticks(), cpu_s, wall_s)
    if "sdk._kernels" in sys.modules:  # last, so that it is no part of what was measured
        from benchmarks.machine.kernel import isa_in_use

        result["isa"] = isa_in_use()
    return {"ok": True, **result}


def main() -> int:
    """Read the job, run it, write the result; the exit status is 1 on failure."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        text = json.dumps(run_job(json.load(sys.stdin)), allow_nan=False)
    except Exception as error:
        failure = {
            "ok": False,
            "error": f"{type(error).__name__}: {str(error)[:_LONGEST]}",
            "traceback": traceback.format_exc()[-_LONGEST:],
        }
        text = json.dumps(failure)
    with answer:
        answer.write(text)
    return 0 if text.startswith('{"ok": true') else 1


if __name__ == "__main__":
    sys.exit(main())

"""One measurement in a fresh process: a `WorkerInput` as JSON on stdin, its result on stdout.

    python -m benchmarks.worker < input.json > result.json

The result is ``{"ok": true, ...}`` or ``{"ok": false, "error": ..., "traceback": ...}``. What
libraries print goes to stderr. Only the standard library is imported until the task asks for more,
so that the memory of a process is that of its subject.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

from benchmarks.measure.clock import SystemClock
from benchmarks.measure.counters import read_memory
from benchmarks.measure.system_load import other_load, read_ticks
from benchmarks.measure.tasks import TASKS
from benchmarks.record.outcomes import Failure, ProcessFacts, Result
from benchmarks.worker_input import WorkerInput

_LONGEST = 2000  # characters of a message that goes into the record


def run_job(given: WorkerInput) -> Result:
    """Run one job and return its result with the process's memory and the machine's other load.

    Raises:
        KeyError: an unknown task.
    """
    clock = SystemClock()
    ticks, wall, cpu = read_ticks(), clock.now_ns(), clock.cpu_ns()
    outcome = TASKS[given.job.task](given)
    memory = read_memory()
    wall_s, cpu_s = (clock.now_ns() - wall) / 1e9, (clock.cpu_ns() - cpu) / 1e9
    load = other_load(ticks, read_ticks(), cpu_s, wall_s)
    return Result(outcome, ProcessFacts(memory.peak_kib, memory.now_kib, load, _isa()))


def _isa() -> str | None:
    """Return the kernel in use; asked last, so that it is no part of what was measured."""
    if "sonogaze._kernels" not in sys.modules:
        return None
    from benchmarks.machine.kernel import isa_in_use

    return isa_in_use()


def main() -> int:
    """Read the input, run it, write the result; the exit status is 1 on failure."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    document: dict[str, Any]
    try:
        document = run_job(WorkerInput.from_json(json.load(sys.stdin))).to_json()
        # NaN is no JSON: other readers would refuse the whole record
        text = json.dumps(document, allow_nan=False)
    except Exception as error:
        message = f"{type(error).__name__}: {str(error)[:_LONGEST]}"
        document = Result(Failure(message, traceback.format_exc()[-_LONGEST:])).to_json()
        text = json.dumps(document)
    with answer:
        answer.write(text)
    return 0 if document["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())

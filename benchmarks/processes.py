"""Fresh processes, one at a time, killed when they hang or when the run is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol

Job = dict[str, Any]
Result = dict[str, Any]

#: Thread counts that libraries read from the environment at import; set so that none exceeds its
#: subject's own setting behind the harness's back.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Launcher(Protocol):
    """Runs one job in a fresh process and returns its result."""

    def __call__(self, job: Job) -> Result:
        """Return the result; `{"ok": False, "error": ...}` when the process failed."""


def environment(threads: int) -> dict[str, str]:
    """Return the environment of a worker limited to ``threads``."""
    # workers import runtimes by name; sdk.runtime says what the last variable prevents
    fixed = {**dict.fromkeys(THREAD_VARIABLES, str(threads)), "ORT_DISABLE_TELEMETRY": "1"}
    return {**os.environ, **fixed}


def launch(job: Job) -> Result:
    """Run a job by `python -m benchmarks.worker`, or by the cold-start probe."""
    if job["task"] == "cold_start":
        started = {**job, "started_ns": time.monotonic_ns()}
        command = [sys.executable, "-m", "benchmarks.measure.cold_start", json.dumps(started)]
        return _run(command, "", job)
    return launch_module("benchmarks.worker", job)


def launch_module(module: str, job: Job, arguments: Sequence[str] = ()) -> Result:
    """Run a job by ``python -m module arguments``, the job on its standard input."""
    return _run([sys.executable, "-m", module, *arguments], json.dumps(job), job)


def _run(command: Sequence[str], text: str, job: Job) -> Result:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(job["threads"]),
        start_new_session=True,  # Ctrl-C reaches the harness alone, which then ends the worker
    )
    try:
        out, err = process.communicate(text, timeout=job["timeout_s"])
    except subprocess.TimeoutExpired:
        _kill(process)
        return {"ok": False, "error": f"timed out after {job['timeout_s']} s"}
    except BaseException:
        _kill(process)
        raise
    return _parse(out, err, process.returncode)


def _parse(out: str, err: str, status: int) -> Result:
    try:
        result = json.loads(out)
    except ValueError:
        last = err.strip().splitlines()[-1:] or ["no message"]
        return {"ok": False, "error": f"worker ended with status {status}: {last[0]}"}
    return result if isinstance(result, dict) else {"ok": False, "error": "result is no object"}


def _kill(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.communicate()

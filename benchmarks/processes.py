"""Fresh processes, one at a time, killed when they hang or when the run is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from benchmarks.errors import BenchError
from benchmarks.record.json_form import to_json
from benchmarks.record.outcomes import Result, failed
from benchmarks.record.store import parse_result
from benchmarks.worker_input import WorkerInput

#: Thread counts that libraries read from the environment at import; set so that none exceeds its
#: subject's own setting behind the harness's back.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
WORKER = "benchmarks.worker"
_COLD_START = "benchmarks.measure.cold_start"


class Launcher(Protocol):
    """Runs one job in a fresh process and returns its result."""

    def __call__(self, given: WorkerInput) -> Result:
        """Return the result; a `Failure` when the process failed."""


def environment(threads: int) -> dict[str, str]:
    """Return the environment of a worker limited to ``threads``."""
    # workers import runtimes by name; sdk.runtime says what the last variable prevents
    fixed = {**dict.fromkeys(THREAD_VARIABLES, str(threads)), "ORT_DISABLE_TELEMETRY": "1"}
    return {**os.environ, **fixed}


def launch(given: WorkerInput) -> Result:
    """Run a job by `python -m benchmarks.worker`, or by the cold-start probe."""
    if given.job.task != "cold_start":
        return launch_module(WORKER, given)
    job = {**to_json(given), "started_ns": time.monotonic_ns()}
    command = [sys.executable, "-m", _COLD_START, json.dumps(job)]
    return _result(given, _run(command, "", given))


def launch_module(module: str, given: WorkerInput, arguments: Sequence[str] = ()) -> Result:
    """Run a job by ``python -m module arguments``, the job on its standard input."""
    return _result(given, launch_raw(module, given, arguments))


def launch_raw(module: str, given: WorkerInput, arguments: Sequence[str] = ()) -> Mapping[str, Any]:
    """Return the JSON object that the process wrote, ``ok`` false where it failed."""
    command = [sys.executable, "-m", module, *arguments]
    return _run(command, json.dumps(to_json(given)), given)


def _result(given: WorkerInput, answer: Mapping[str, Any]) -> Result:
    try:
        return parse_result(given.job.task, answer)
    except BenchError as error:
        return failed(f"the process answered in another form: {error}")


def _run(command: Sequence[str], text: str, given: WorkerInput) -> Mapping[str, Any]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(given.job.threads),
        start_new_session=True,  # Ctrl-C reaches the harness alone, which then ends the worker
    )
    try:
        out, err = process.communicate(text, timeout=given.timeout_s)
    except subprocess.TimeoutExpired:
        _kill(process)
        return failed(f"timed out after {given.timeout_s} s").to_json()
    except BaseException:
        _kill(process)
        raise
    return _parse(out, err, process.returncode)


def _parse(out: str, err: str, status: int) -> Mapping[str, Any]:
    try:
        answer = json.loads(out)
    except ValueError:
        last = err.strip().splitlines()[-1:] or ["no message"]
        return failed(f"worker ended with status {status}: {last[0]}").to_json()
    return answer if isinstance(answer, dict) else failed("result is no object").to_json()


def _kill(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.communicate()

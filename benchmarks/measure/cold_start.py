"""From process start to the first result, in a process that does nothing else.

    python -m benchmarks.measure.cold_start '<job>'     # one JSON object to stdout

CLOCK_MONOTONIC is one clock for all processes, so the parent's reading just before it starts this
process is the zero. Files are in the page cache: this is a restart, not a first boot.
"""

import json
import sys
import time

PHASES = ("python", "import", "load", "first_result")


def main(argument: str) -> int:
    """Run the phases and print their nanoseconds; the frame's own loading is left out."""
    python_ready = time.monotonic_ns()
    job = json.loads(argument)
    subject_runtime = job["subject"]["runtime"]
    if subject_runtime == "sdk":
        import sdk  # noqa: F401
    else:
        from importlib import import_module

        for name in job["imports"]:
            import_module(name)
    imported = time.monotonic_ns()
    import numpy as np

    from benchmarks.subjects.chain import ready_query
    from benchmarks.worker_input import WorkerInput

    started_ns = job.pop("started_ns")
    given = WorkerInput.from_json(job)
    pixels, tensor = np.load(given.screen), np.load(given.tensor)
    begin_load = time.monotonic_ns()
    query = ready_query(given, tensor)
    loaded = time.monotonic_ns()
    query(pixels)
    done = time.monotonic_ns()
    phases = (
        python_ready - started_ns,
        imported - python_ready,
        loaded - begin_load,
        done - loaded,
    )
    print(json.dumps({"ok": True, "phases_ns": dict(zip(PHASES, phases, strict=True))}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

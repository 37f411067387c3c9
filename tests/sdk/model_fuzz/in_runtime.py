"""Run what the walk accepts in onnxruntime, under a limit of memory.

    python -m tests.sdk.model_fuzz.in_runtime --files 5000 --out FILE.json

Every file is loaded and run once in a child process whose address space is limited
(`RLIMIT_AS`): the heaviest graphs that the limits let through, then mutated and generated ones.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sdk import runtime
from sdk.errors import ModelError
from sdk.model_file.onnx_walk import walk_onnx
from tests.sdk.model_fuzz.differential import case
from tests.sdk.model_fuzz.heaviest import HEAVIEST

onnxruntime = runtime.load()  # without telemetry
LIMIT_BYTES = 2 * 1024**3


def accepted_files(count: int, first: int = 0) -> Iterator[bytes]:
    """Yield files of the differential run that the walk accepts."""
    seed = first
    while count:
        data, _ = case(seed)
        seed += 1
        try:
            walk_onnx(data)
        except ModelError:
            continue
        count -= 1
        yield data


def run_file(data: bytes) -> dict[str, Any]:
    """Load and run one file; return seconds and megabytes, or the runtime's refusal."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    refusal = None
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        place = session.get_inputs()[0]
        tensor = np.random.default_rng(0).standard_normal(place.shape, dtype=np.float32)
        found = [list(array.shape) for array in session.run(None, {place.name: tensor})]
        if found != [item.shape for item in session.get_outputs()]:
            refusal = f"gave shapes {found}"
    except Exception as error:
        refusal = str(error)[:200]
    return {
        "seconds": time.perf_counter() - begin,
        "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        "refusal": refusal,
    }


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))


def run_limited(files: list[bytes], timeout_s: float) -> list[dict[str, Any]]:
    """Run files one after the other in one child; a crash or a hang raises here."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, initializer=_limit) as workers:
        return workers.map_async(run_file, files).get(timeout_s)


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    refusals = [result["refusal"] for result in results if result["refusal"]]
    return {
        "files": len(results),
        "refused_by_onnxruntime": len(refusals),
        "refusals": sorted(set(refusals))[:10],
        "longest_seconds": round(max(result["seconds"] for result in results), 3),
        "most_megabytes": round(max(result["megabytes"] for result in results)),
    }


def main() -> None:
    """Run the heaviest files, each in its own child, then the accepted ones."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    heaviest = {}
    for name, make in HEAVIEST.items():
        data = make().SerializeToString(deterministic=True)
        begin = time.perf_counter()
        walk_onnx(data)
        walk_ms = (time.perf_counter() - begin) * 1e3
        heaviest[name] = summary(run_limited([data], 60)) | {"walk_ms": round(walk_ms, 1)}
    files = list(accepted_files(given.files))
    report = {
        "command": f"python -m tests.sdk.model_fuzz.in_runtime --files {given.files}",
        "onnxruntime": onnxruntime.__version__,
        "limit_bytes": LIMIT_BYTES,
        "accepted": summary(run_limited(files, 600)),
        "heaviest": heaviest,
    }
    text = json.dumps(report, indent=2) + "\n"
    print(text)
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()

"""Probe every single-operator model of the onnx package that onnxruntime runs.

    python -m tests.benchmarks.onnx_facts.operator_sweep docs/results/foreign-models.json

A member is told (counts, each maybe null with a reason) or refused by `model-unsupported`. Anything
else, as another exception or a null without a reason, is a fault.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import onnx

from benchmarks.errors import BenchError
from benchmarks.onnx_facts.facts import probe


def sweep(step: int = 1) -> Counter[str]:
    """Return how many members of each outcome, of every ``step``-th model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, while the package computes its expected values
        from onnx.backend.test.loader import load_model_tests

        cases = load_model_tests(kind="node")
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        for case in cases[::step]:
            onnx.save(case.model, path)
            found["models"] += 1
            found[_outcome(path)] += 1
    return found


def _outcome(path: Path) -> str:
    try:
        facts = probe(path).facts
    except BenchError as error:
        return "refused" if error.slug == "model-unsupported" else f"fault: {error.slug}"
    except Exception as error:
        return f"fault: {type(error).__name__}"
    nulls = {key for key in ("parameters", "macs", "activations") if getattr(facts, key) is None}
    if not nulls <= facts.unknown.keys():
        return "fault: null without a reason"
    return "told, in part null with a reason" if nulls else "told"


if __name__ == "__main__":
    found = {"onnx": onnx.__version__, **dict(sorted(sweep().items()))}
    Path(sys.argv[1]).write_text(json.dumps(found, indent=1) + "\n")
    print(found)

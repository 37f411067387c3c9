"""The one reader and the one writer of records: JSON outside, `types.Record` inside.

Format history:
    1.0  first version.
    1.1  the kernel in use, onnxruntime's options and the environment (``software``); ``identity``
         and ``budget``; a subject's ``feed``, ``files``, ``operators`` and ``unknown``, its counts
         may be null and its weights ``unknown``; a quality entry's ``interval`` (1.0: a bootstrap
         over patients). Records of 1.0 are still read; what they lack is not known of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

import msgspec

from benchmarks.errors import BenchError, why
from benchmarks.record.jobs import Job, Run
from benchmarks.record.json_form import to_json
from benchmarks.record.outcomes import OUTCOMES, Failure, Outcome, ProcessFacts, Result
from benchmarks.record.types import Record
from export.files import write_text

VERSION: Literal["1.1"] = "1.1"
_READ = ("1.0", VERSION)
T = TypeVar("T")


def read_record(path: Path) -> Record:
    """Return a record; a folder stands for the `record.json` in it.

    Raises:
        BenchError: `record-unreadable`, or `record-invalid` naming the entry.
    """
    path = path / "record.json" if path.is_dir() else path
    try:
        # Python reads NaN and Infinity as numbers; other readers refuse the file
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except OSError as error:
        text = f"{path}: {why(error)}; give a record.json, or the folder that holds one"
        raise BenchError("record-unreadable", text) from error
    except (ValueError, RecursionError) as error:
        raise BenchError("record-unreadable", f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("format") != "sonogaze-bench":
        raise BenchError("record-unreadable", f"{path}: not a record of sonogaze-bench")
    version = document.get("version")
    if version not in _READ:
        text = f"{path}: version {str(version)[:40]!r}, this reads {', '.join(_READ)}"
        raise BenchError("record-unreadable", text)
    return parse_record(document)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def parse_record(document: Mapping[str, Any]) -> Record:
    """Return the record that a JSON object holds.

    Raises:
        BenchError: `record-invalid`, naming the entry: missing, unknown, of a wrong type, out of
            its range, or not finite.
    """
    record = _convert({**document, "runs": []}, Record, "$")
    runs = document.get("runs")
    if not isinstance(runs, list):
        raise _invalid("$.runs: a list is missing")
    if record.version != "1.0" and "budget" not in document:
        raise _invalid("$.budget is missing, which version 1.1 has")
    record = replace(record, runs=[_run(run, f"$.runs[{i}]") for i, run in enumerate(runs)])
    _refuse_unknown(document, record_json(record), "$")
    return record


def _run(run: Any, path: str) -> Run:
    if not (isinstance(run, dict) and run.keys() == {"job", "result"}):
        raise _invalid(f"{path}: needs job and result, and nothing else")
    job = _convert(run["job"], Job, f"{path}.job")
    if job.task not in OUTCOMES:
        raise _invalid(f"{path}.job.task {job.task[:40]!r}: allowed are {', '.join(OUTCOMES)}")
    return Run(job, parse_result(job.task, run["result"], f"{path}.result"))


def parse_result(task: str, result: Any, path: str = "$") -> Result:
    """Return the result of a process from its JSON object.

    Raises:
        BenchError: `record-invalid`.
    """
    if not isinstance(result, dict) or not isinstance(result.get("ok"), bool):
        raise _invalid(f"{path}: needs an object with ok, true or false")
    if not result["ok"]:
        return Result(_convert(result, Failure, path))
    outcome: Outcome = _convert(result, OUTCOMES[task], path)
    if task == "cold_start":  # its probe reads no counters
        return Result(outcome)
    return Result(outcome, _convert(result, ProcessFacts, path))


def _convert(value: Any, kind: type[T], path: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _invalid(_at(str(error), path)) from error


def _at(text: str, path: str) -> str:
    """Return msgspec's message with the path from the record's root in front."""
    words, _, inner = text.partition(" - at `$")
    return f"{path}{inner.rstrip('`')}: {words}"[:400]


def _refuse_unknown(raw: Any, known: Any, path: str) -> None:
    """Refuse entries that the types do not have: they would be lost when the record is written."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, value in raw.items():
            if key in known:
                _refuse_unknown(value, known[key], f"{path}.{key}")
            elif isinstance(value, float) and not math.isfinite(value):
                raise _invalid(f"{path}.{key} is not a finite number")
            elif value is not None and not _is_default(value):
                raise _invalid(f"{path}.{key}: no such entry in version {VERSION}")
    elif isinstance(raw, list) and raw and isinstance(raw[0], dict):
        for index, (one, other) in enumerate(zip(raw, known, strict=True)):
            _refuse_unknown(one, other, f"{path}[{index}]")


def _is_default(value: Any) -> bool:
    return value in (0, [], {}, "")


def record_json(record: Record) -> dict[str, Any]:
    """Return the JSON object of a record."""
    document: dict[str, Any] = to_json(replace(record, runs=()))
    return {**document, "runs": [_run_json(run) for run in record.runs]}


def _run_json(run: Run) -> dict[str, Any]:
    return {"job": to_json(run.job), "result": run.result.to_json()}


def write_record(record: Record, path: Path) -> None:
    """Check and write a record, whole or not at all; NaN and Infinity never reach the file.

    Raises:
        BenchError: `record-invalid` or `output-unwritable`; no file is left then.
    """
    document = record_json(record)
    check_finite(document)
    # as its readers will: what they would refuse isn't written
    parse_record(document)
    write(path, dumps(document))


def check_finite(value: Any, path: str = "$") -> None:
    """Refuse a number that JSON cannot say.

    Raises:
        BenchError: `record-invalid`, naming the entry.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise _invalid(f"{path} is not a finite number")
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, child in pairs:
        check_finite(child, f"{path}.{key}")


def dumps(document: Mapping[str, Any]) -> str:
    """Return a record as JSON: one line a run, a figure and a subject, the rest indented."""
    parts = []
    for key, value in document.items():
        if isinstance(value, Sequence) and not isinstance(value, str) and value:
            lines = ",\n".join("    " + _compact(item) for item in value)
            parts.append(f"  {json.dumps(key)}: [\n{lines}\n  ]")
        else:
            text = json.dumps(value, indent=2, allow_nan=False).replace("\n", "\n  ")
            parts.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def write(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        BenchError: `output-unwritable`.
    """
    try:
        write_text(path, text)
    except OSError as error:
        raise BenchError("output-unwritable", f"{path}: {error}") from error


def _invalid(text: str) -> BenchError:
    return BenchError("record-invalid", text)

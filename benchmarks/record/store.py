"""Write a record whole or not at all; read one only if it keeps its schema.

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
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchError

VERSION = "1.1"
_READ = ("1.0", VERSION)
SCHEMA = Path(__file__).with_name("schema-1.json")


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA.read_text()))


def check_record(record: Any) -> None:
    """Check a record against the schema of its version.

    Raises:
        BenchError: `record-invalid`, naming the entry.
    """
    bad = _first_not_finite(record)
    if bad is not None:
        raise BenchError("record-invalid", f"{bad} is not a finite number")
    error = next(iter(sorted(_validator().iter_errors(record), key=lambda e: len(e.path))), None)
    if error is not None:
        raise BenchError("record-invalid", f"{error.json_path}: {error.message[:300]}")


def _first_not_finite(value: Any, path: str = "$") -> str | None:
    if isinstance(value, float):
        return None if math.isfinite(value) else path
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, child in children:
        found = _first_not_finite(child, f"{path}.{key}")
        if found:
            return found
    return None


def write_record(record: dict[str, Any], path: Path) -> None:
    """Check and write a record atomically; NaN and Infinity never reach the file.

    Raises:
        BenchError: `record-invalid` or `output-unwritable`; no file is left then.
    """
    check_record(record)
    write_text(path, dumps(record))


def dumps(record: dict[str, Any]) -> str:
    """Return a record as JSON: one line a run, a figure and a subject, the rest indented."""
    parts = []
    for key, value in record.items():
        if isinstance(value, list) and value:
            lines = ",\n".join("    " + _compact(item) for item in value)
            parts.append(f"  {json.dumps(key)}: [\n{lines}\n  ]")
        else:
            text = json.dumps(value, indent=2, allow_nan=False).replace("\n", "\n  ")
            parts.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def write_text(path: Path, text: str) -> None:
    """Write a text file by renaming a finished temporary one.

    Raises:
        BenchError: `output-unwritable`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise BenchError("output-unwritable", f"{path}: {error}") from error


def read_record(path: Path) -> dict[str, Any]:
    """Return a record that keeps its schema; a folder stands for the `record.json` in it.

    Raises:
        BenchError: `record-unreadable` or `record-invalid`.
    """
    path = path / "record.json" if path.is_dir() else path
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise BenchError("record-unreadable", f"{path}: {error}") from error
    if not isinstance(record, dict) or record.get("format") != "sonogaze-bench":
        raise BenchError("record-unreadable", f"{path}: not a record of sonogaze-bench")
    version = record.get("version")
    if version not in _READ:
        text = f"{path}: version {str(version)[:40]!r}, this reads {', '.join(_READ)}"
        raise BenchError("record-unreadable", text)
    check_record(record)
    return record


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")

"""Reads an audit log back, oldest records first, whatever state its last writer left it in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._shown import shown
from ..errors import SdkError

_LONGEST_LINE = 2**20
_MOST_FILES = 1000


@dataclass(frozen=True, slots=True)
class LogRecords:
    """A log's records.

    Attributes:
        records: oldest first.
        damaged: lines that are no records: torn by a kill, or edited.
    """

    records: list[dict[str, Any]]
    damaged: int


def read_log(path: str | os.PathLike[str]) -> LogRecords:
    """Read `path` and the older files beside it.

    Raises:
        SdkError: `audit-unreadable`.
    """
    records, damaged = [], 0
    try:
        for file in _files(Path(path)):
            for line in _lines(file):
                record = _record(line)
                if record is None:
                    damaged += 1
                else:
                    records.append(record)
    except OSError as error:
        raise SdkError(
            "audit-unreadable", f"{shown(str(path))} can't be read: {error.strerror}"
        ) from error
    if not records:
        raise SdkError("audit-unreadable", f"{shown(str(path))} holds no record of an audit log")
    return LogRecords(records, damaged)


def _files(path: Path) -> list[Path]:
    older = []
    for number in range(1, _MOST_FILES):
        file = Path(f"{path}.{number}")
        if not file.is_file():
            break
        older.append(file)
    return [*reversed(older), path]


def _lines(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        # bounded: a log that lost its line ends would be read into memory as one line
        while line := file.readline(_LONGEST_LINE):
            if line != b"\n":
                yield line


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        # the line end is written last: without it, a kill cut the line off
        record = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("kind") not in ("start", "frame", "reset"):
        return None
    return record if isinstance(record.get("session"), str) else None

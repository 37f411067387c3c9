"""Where a run's record and reports go; an earlier record is never lost."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from benchmarks.errors import BenchError

RECORD = "record.json"


def free_folder(base: Path) -> Path:
    """Return ``base``, or the first of ``base-2``, ``base-3``, … that holds no record."""
    if not (base / RECORD).exists():
        return base
    numbered = (base.with_name(f"{base.name}-{number}") for number in count(2))
    return next(folder for folder in numbered if not (folder / RECORD).exists())


def check_writable(folder: Path) -> None:
    """Find out before the measuring, not after it, whether the folder can be written.

    It isn't made yet: a run that is refused leaves no empty folder behind.

    Raises:
        BenchError: `output-unwritable`.
    """
    try:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise BenchError("output-unwritable", f"-o {folder}: {error}") from error


def set_aside(folder: Path) -> Path | None:
    """Rename an earlier record by the time it was written; return its new path, None without one.

    Raises:
        BenchError: `output-unwritable`.
    """
    earlier = folder / RECORD
    try:
        if not earlier.exists():
            return None
        written = datetime.fromtimestamp(earlier.stat().st_mtime, UTC)
        aside = folder / f"record-{written:%Y%m%dT%H%M%S.%f}Z.json"
        return earlier.rename(aside)
    except OSError as error:
        raise BenchError("output-unwritable", f"{earlier}: {error}") from error

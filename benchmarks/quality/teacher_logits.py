"""The teacher's committed logits by frame id: its quality in a clone that has no checkpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchError
from benchmarks.quality.evaluate import Answers

PATH = Path(__file__).resolve().parents[2] / "docs" / "results" / "teacher-logits.json"


@dataclass(frozen=True)
class TeacherLogits:
    """One row of logits a frame id, in the order of ``labels``; ``sha256`` is of the checkpoint."""

    labels: tuple[str, ...]
    rows: dict[str, list[float]]
    sha256: str


def read_teacher(path: Path = PATH) -> TeacherLogits | None:
    """Return the committed logits; None where the file is not there (as in a wheel).

    Raises:
        BenchError: `record-unreadable` for a file that is not one finite logit a label and frame.
    """
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = TeacherLogits(
            tuple(data["labels"]), dict(data["logits"]), str(data["teacher_sha256"])
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BenchError("record-unreadable", f"{path}: {error!r}") from error
    bad = next((key for key, row in found.rows.items() if not _complete(row, found.labels)), None)
    if bad is not None:
        raise BenchError("record-unreadable", f"{path}: frame {bad!r} lacks a finite logit")
    return found


def _complete(row: Any, labels: tuple[str, ...]) -> bool:
    numbers = isinstance(row, list) and all(type(value) in (int, float) for value in row)
    return numbers and len(row) == len(labels) and bool(np.isfinite(row).all())


def answers_for(
    teacher: TeacherLogits | None, ids: Sequence[str]
) -> tuple[Answers | None, list[int]]:
    """Return the teacher's answers on those of ``ids`` that it has, and their positions."""
    known = [i for i, key in enumerate(ids) if teacher is not None and key in teacher.rows]
    if teacher is None or not known:
        return None, []
    rows = [teacher.rows[ids[index]] for index in known]
    return Answers(teacher.labels, np.asarray(rows, np.float64)), known

"""The teacher's committed logits by frame id: its quality in a clone that has no checkpoint."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.errors import BenchError
from benchmarks.quality.evaluate import Answers

PATH = Path(__file__).resolve().parents[2] / "docs" / "results" / "teacher_logits.csv.gz"


def read_teacher(path: Path = PATH) -> dict[str, dict[str, float]] | None:
    """Return logits by frame id and label; None where the file is not there (as in a wheel).

    Raises:
        BenchError: `record-unreadable` for a file that is not `id` and one finite logit a label.
    """
    if not path.is_file():
        return None
    try:
        with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
        found = {
            row["id"]: {k: float(v) for k, v in row.items() if k in LABEL_COLUMNS} for row in rows
        }
    except (OSError, EOFError, KeyError, TypeError, ValueError) as error:
        raise BenchError("record-unreadable", f"{path}: {error!r}") from error
    bad = next((k for k, r in found.items() if not _complete(r)), None)
    if bad is not None:
        raise BenchError("record-unreadable", f"{path}: row {bad!r} lacks a finite logit")
    return found


LABEL_COLUMNS = ("head", "abdomen", "femur", "background")


def _complete(row: dict[str, float]) -> bool:
    return len(row) == len(LABEL_COLUMNS) and all(math.isfinite(v) for v in row.values())


def answers_for(
    logits: dict[str, dict[str, float]] | None, ids: Sequence[str]
) -> tuple[Answers | None, list[int]]:
    """Return the teacher's answers on those of ``ids`` that it has, and their positions."""
    if logits is None:
        return None, []
    known = [index for index, key in enumerate(ids) if key in logits]
    if not known:
        return None, []
    rows = [[logits[ids[i]][label] for label in LABEL_COLUMNS] for i in known]
    return Answers(LABEL_COLUMNS, np.asarray(rows)), known

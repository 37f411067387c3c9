"""Read the committed per-frame logits of a teacher; `export.evidence.record` writes them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.checkout import CHECKOUT
from export.data.dataset import FrameRecord
from export.errors import ExportError

# a wheel has a copy of it here
_FOLDER = CHECKOUT / "docs" / "results" if CHECKOUT else Path(__file__).parent
EVIDENCE = _FOLDER / "teacher-logits.json"


@dataclass(frozen=True)
class TeacherEvidence:
    """Per-frame logits of a teacher: `logits` (N, classes) float32 in the order of `ids`."""

    teacher_sha256: str
    recipe: str
    teacher_recipe_sha256: str
    parameters: int
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    logits: np.ndarray

    def holds(self, records: Sequence[FrameRecord]) -> bool:
        """Return whether there are logits of all these frames."""
        return {r.id for r in records} <= set(self.ids)

    def of(self, records: Sequence[FrameRecord]) -> np.ndarray:
        """Return the logits (len(records), classes) of these frames; KeyError for an unknown id."""
        row = {frame_id: i for i, frame_id in enumerate(self.ids)}
        return self.logits[[row[r.id] for r in records]]


def read_evidence(path: Path = EVIDENCE) -> TeacherEvidence:
    """Read the committed evidence.

    Raises:
        ExportError: `evidence-damaged` for a file that is missing, is not whole, or lacks one
            finite logit a label and frame.
    """
    try:
        story = json.loads(path.read_text(encoding="utf-8"))
        labels, rows = tuple(story["labels"]), dict(story["logits"])
        entries = {name: story[name] for name in ("recipe", "teacher_recipe_sha256", "parameters")}
        sha256 = str(story["teacher_sha256"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ExportError("evidence-damaged", f"{path}: {error!r}") from error
    bad = next((key for key, row in rows.items() if not _complete(row, labels)), None)
    if bad is not None:
        raise ExportError("evidence-damaged", f"{path}: frame {bad!r} lacks a finite logit a label")
    logits = np.array(list(rows.values()), np.float32).reshape(len(rows), len(labels))
    return TeacherEvidence(
        teacher_sha256=sha256, labels=labels, ids=tuple(rows), logits=logits, **entries
    )


def _complete(row: Any, labels: tuple[str, ...]) -> bool:
    numbers = isinstance(row, list) and all(type(value) in (int, float) for value in row)
    return numbers and len(row) == len(labels) and bool(np.isfinite(row).all())

"""The teacher's committed logits by frame id: its quality in a clone that has no checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality.evaluate import Outputs
from export.evidence.known import EVIDENCE, TeacherEvidence, read_evidence


def read_teacher(path: Path = EVIDENCE) -> TeacherEvidence | None:
    """Return the committed logits; None where the file is not there.

    Raises:
        ExportError: `evidence-damaged` for a file that is not one finite logit a label and frame.
    """
    return read_evidence(path) if path.is_file() else None


def outputs_for(
    teacher: TeacherEvidence | None, ids: Sequence[str]
) -> tuple[Outputs | None, list[int]]:
    """Return the teacher's outputs for those of ``ids`` that it has, and their positions."""
    if teacher is None:
        return None, []
    row = {key: index for index, key in enumerate(teacher.ids)}
    known = [position for position, key in enumerate(ids) if key in row]
    if not known:
        return None, []
    rows = teacher.logits[[row[ids[position]] for position in known]]
    return Outputs(teacher.labels, rows.astype(np.float64)), known

"""A student's teacher, scored on the very frames that the student is scored on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord
from export.distill.inputs import tensors
from export.distill.teacher import load_teacher
from export.errors import ExportError
from export.evaluation import score
from export.evidence.known import EVIDENCE, read_evidence
from export.evidence.record import teacher_logits
from export.files import file_sha256
from export.runs import TEACHER_SHA256, claim_teacher
from export.workspace import StudentRun


def finished_sha256(run: StudentRun) -> str:
    """Return the digest of the finished weights of the teacher that taught a student.

    Raises:
        ExportError: `weights-missing` when they aren't there, `weights-hash` when the student
            learned from others.
    """
    weights = run.teacher_weights
    if not weights.is_file():
        raise ExportError(
            "weights-missing",
            f"{weights} isn't there: put the teacher that taught this student back, or train both "
            "again in another --out",
        )
    sha256 = file_sha256(weights)
    if (run.folder / TEACHER_SHA256).exists():
        claim_teacher(run.folder, sha256)
    return sha256


@dataclass(frozen=True)
class FinishedTeacher:
    """A trained teacher; without gaze, as validation frames have none.

    Attributes:
        sha256: of its weights.
        labels: of its logits.
        logits: from records to logits `(N, classes)`.
        known: whether the logits are committed evidence: scoring them is no new evaluation.
    """

    sha256: str
    labels: tuple[str, ...]
    logits: Callable[[Sequence[FrameRecord]], np.ndarray]
    known: bool

    @classmethod
    def of(cls, run: StudentRun) -> "FinishedTeacher | None":
        """Return the teacher of a finished student; None where it had none.

        Committed logits stand for it where they hold all frames that will be scored.

        Raises:
            ExportError: `weights-missing` when it isn't there.
        """
        if not run.needs_teacher:
            return None
        recipe, sha256 = run.recipe, finished_sha256(run)
        scored = [record for part in run.workspace.parts.values() for record in part]
        if EVIDENCE.is_file():
            known = read_evidence()
            same = known.teacher_sha256 == sha256 and known.labels == recipe.labels
            if same and known.holds(scored):
                return cls(sha256, recipe.labels, known.of, known=True)
        model = load_teacher(recipe, run.teacher_weights, run.config.teacher)
        return cls(
            sha256,
            recipe.labels,
            lambda records: teacher_logits(model, tensors(records, recipe.preprocessing)),
            known=False,
        )

    def score(self, records: Sequence[FrameRecord]) -> dict[str, Any]:
        """Return its scores on these frames."""
        return score(self.logits(records), records, labels=self.labels)

"""A student's teacher, scored on the very frames that the student is scored on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord
from export.distill.objectives import needs_teacher
from export.distill.pipeline import tensors
from export.distill.teacher import load_teacher, weights_path
from export.errors import ExportError
from export.evaluation import score
from export.evidence.known import EVIDENCE, read_evidence
from export.evidence.record import teacher_logits
from export.files import file_sha256
from export.recipe.settings import Recipe
from export.runs import TEACHER, claim_teacher


def finished_sha256(out: Path, teacher: str, run: Path | None = None) -> str:
    """Return the digest of a finished teacher's weights; `run` is a student that it taught.

    Raises:
        ExportError: `weights-missing` when they aren't there, `weights-hash` when the student
            learned from others.
    """
    weights = weights_path(out, teacher)
    if not weights.is_file():
        raise ExportError(
            "weights-missing",
            f"{weights} isn't there: put the teacher that taught this student back, or train both "
            "again in another --out",
        )
    sha256 = file_sha256(weights)
    if run is not None and (run / TEACHER).exists():
        claim_teacher(run, sha256)
    return sha256


@dataclass(frozen=True)
class FinishedTeacher:
    """A trained teacher; without gaze, as nobody looks at validation frames.

    Attributes:
        sha256: of its weights.
        labels: of its logits.
        logits: from records to logits `(N, classes)`.
        known: whether the logits are committed evidence: scoring them is no new look.
    """

    sha256: str
    labels: tuple[str, ...]
    logits: Callable[[Sequence[FrameRecord]], np.ndarray]
    known: bool

    @classmethod
    def of(
        cls, recipe: Recipe, losses: str, out: Path, records: Sequence[FrameRecord]
    ) -> "FinishedTeacher | None":
        """Return the teacher of these losses, trained in `out`; None where they need none.

        Committed logits stand for it where they hold all `records` that will be scored.

        Raises:
            ExportError: `weights-missing` when it isn't there.
        """
        config = recipe.objectives[losses]
        if not needs_teacher(config):
            return None
        weights = weights_path(out, config.teacher)
        sha256 = finished_sha256(out, config.teacher)
        if EVIDENCE.is_file():
            known = read_evidence()
            same = known.teacher_sha256 == sha256 and known.labels == recipe.labels
            if same and known.holds(records):
                return cls(sha256, recipe.labels, known.of, known=True)
        model = load_teacher(recipe, weights, config.teacher)
        return cls(
            sha256,
            recipe.labels,
            lambda records: teacher_logits(model, tensors(records, recipe.preprocessing)),
            known=False,
        )

    def score(self, records: Sequence[FrameRecord]) -> dict[str, Any]:
        """Return its scores on these frames."""
        return score(self.logits(records), records, labels=self.labels)

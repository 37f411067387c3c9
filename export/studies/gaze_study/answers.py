"""What a trained student says of the evaluated frames."""

from pathlib import Path

import numpy as np
import torch

from export.models.student import Student
from export.studies.gaze_study.cues import kinds_of, reversed_values, stamped
from export.studies.gaze_study.frames import Evaluation
from export.studies.gaze_study.plan import Plan, Setting
from export.studies.gaze_study.training import normaliser

Answers = dict[str, np.ndarray]


def answers_file(folder: Path, number: int, setting: Setting, arm: str) -> Path:
    """Return where the answers of an arm's student in one round are kept."""
    return folder / f"round-{number}" / f"{setting.name}-{arm.replace(':', '-')}.npz"


def answers_of(
    student: Student, setting: Setting, frames: Evaluation, labels: np.ndarray, plan: Plan
) -> Answers:
    """Return logits and masses of attention.

    `clean` (N, classes): of untouched frames. With a cue, `reversed` (kinds, N, classes): with
    another label's cue. In the setting `natural`, `erased` (fills, F, classes): of femurs without
    their bone; `bone` and `centre` (F,): attention's share on the bone of untouched femurs, and on
    the bone's shape at the frame's centre.
    """
    clean, attention = _ask(student, frames.views, plan)
    found = {"clean": clean}
    if setting.cue is not None:
        values = reversed_values(labels)
        found["reversed"] = np.stack(
            [
                _ask(student, _stamped(frames, kind, values), plan)[0]
                for kind in kinds_of(setting.cue)
            ]
        )
    elif setting.name == "natural":
        found["erased"] = np.stack([_ask(student, views, plan)[0] for views in frames.erased])
        for name in ("bone", "centre"):
            found[name] = _mass(attention[frames.femurs], getattr(frames, name))
    return found


def _stamped(frames: Evaluation, kind: str, values: np.ndarray) -> np.ndarray:
    return np.stack(
        [
            stamped(view, kind, int(value), middle)
            for view, value, middle in zip(frames.views, values, frames.middles, strict=True)
        ]
    )


@torch.no_grad()
def _ask(student: Student, views: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    logits, attention = student(normaliser(plan.preprocessing)(views))
    return logits.numpy(), attention.numpy()


def _mass(attention: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Return the share of each attention (F, h, w) on what is covered (F, height, width)."""
    count, rows, columns = attention.shape
    cells = covered.reshape(count, rows, covered.shape[1] // rows, columns, -1).mean((2, 4))
    return np.asarray((attention * cells).sum((1, 2)))

"""Answers of students to frames that they didn't learn from, over all of train and validation.

Patients are dealt into folds; for each, a teacher and a student are trained without it, in a folder
of their own. So thresholds rest on every patient and not on a tenth of them. Each can also leave
kinds of outlier out: what its student answers to these is what a cart's answers to the unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import onnx
from msgspec import structs

from export.data.dataset import FrameRecord
from export.distill.inputs import left_out_kinds, tensors
from export.distill.pipeline import distill
from export.evaluation import truth_of
from export.packaging.convert import run_onnx, to_onnx
from export.packaging.novelty import Measures
from export.recipe.settings import Recipe
from export.release.measures import fit_measures
from export.release.thresholds import Answers
from export.workspace import StudentRun, Workspace


@dataclass(frozen=True, eq=False)
class Unseen:
    """Answers to unseen frames, and each one's measures of novelty (N, measures); None unasked.

    `strangers` are those to frames of kinds that the student never met, by kind.
    """

    answers: Answers
    measured: np.ndarray | None
    strangers: Mapping[str, "Unseen"] = field(default_factory=dict)


def unseen_answers(run: StudentRun) -> Unseen:
    """Return the answers of all folds' students, trained where they are missing.

    Raises:
        ExportError: as training raises.
    """
    folds = run.recipe.thresholds.folds
    parts = [_fold(run, fold) for fold in range(folds)]
    measured = [part.measured for part in parts if part.measured is not None]
    return Unseen(
        Answers(
            np.concatenate([part.answers.logits for part in parts]),
            np.concatenate([part.answers.truth for part in parts]),
            [group for part in parts for group in part.answers.groups],
        ),
        np.concatenate(measured) if measured else None,
        {kind: found for part in parts for kind, found in part.strangers.items()},
    )


def fold_run(run: StudentRun, fold: int) -> StudentRun:
    """Return the run of the student that doesn't see `fold`, nor the kinds whose turn it is."""
    recipe, folds = run.recipe, run.recipe.thresholds.folds
    kinds = (*recipe.data.without_kinds, *_strangers(run, fold))
    data = structs.replace(recipe.data, fold=fold, folds=folds, without_kinds=kinds)
    epochs = recipe.thresholds.epochs or recipe.student.epochs
    student = structs.replace(recipe.student, epochs=epochs)
    folder = run.workspace.folder / f"fold-{fold}-of-{folds}"
    inside = Workspace(
        structs.replace(recipe, data=data, student=student),
        folder,
        run.workspace.show,
        run.workspace.named,
    )
    return inside.student(run.objective, run.seed)


def _strangers(run: StudentRun, fold: int) -> tuple[str, ...]:
    return run.recipe.thresholds.strangers[fold :: run.recipe.thresholds.folds]


def _fold(run: StudentRun, fold: int) -> Unseen:
    inside = fold_run(run, fold)
    student, recipe = distill(inside), inside.recipe
    # in ONNX: PyTorch's last bits differ between a student just trained and the same one loaded
    model = to_onnx(student, recipe.preprocessing.height, recipe.preprocessing.width)
    measures = measures_of(inside, model)
    records = inside.workspace.records
    strangers = {}
    for kind in _strangers(run, fold):
        only = structs.replace(recipe.data, without_kinds=(kind,))
        frames = left_out_kinds(records, only)
        if frames:
            strangers[kind] = answers_of(model, frames, recipe, measures)
    own = answers_of(model, inside.workspace.parts["val"], recipe, measures)
    return replace(own, strangers=strangers)


def answers_of(
    model: onnx.ModelProto,
    records: Sequence[FrameRecord],
    recipe: Recipe,
    measures: Measures | None,
) -> Unseen:
    """Return a student's answers to frames, and its measures of novelty, if any."""
    inputs = tensors(records, recipe.preprocessing)
    answers = Answers(
        run_onnx(model.SerializeToString(), inputs)[0],
        truth_of(records, recipe.labels),
        [r.group for r in records],
    )
    return Unseen(answers, None if measures is None else measures.of(model, inputs))


def measures_of(run: StudentRun, model: onnx.ModelProto) -> Measures | None:
    """Return the measures of a run's student, fitted where the recipe has a `[novelty]`."""
    if run.recipe.novelty is None:
        return None
    rows = run.workspace.transfer_rows
    learned = [r for r in rows if r.has_label and r.outlier == 0 and r.alteration is None]
    return fit_measures(model, learned, run.recipe, run.folder, run.workspace.show)

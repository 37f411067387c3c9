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
from export.evaluation import softmax, truth_of
from export.packaging.convert import run_onnx, to_onnx
from export.packaging.novelty import Prototypes, fit, pooled_features
from export.recipe.settings import Recipe
from export.release.thresholds import Accepting, Answers, accepted
from export.workspace import StudentRun, Workspace
from sdk.novelty import Novelty


@dataclass(frozen=True, eq=False)
class Unseen:
    """Answers to unseen frames, and how far each lies from what was learned; None unasked.

    `strangers` are those to frames of kinds that the student never met, by kind.
    """

    answers: Answers
    distances: np.ndarray | None
    strangers: Mapping[str, "Unseen"] = field(default_factory=dict)


def unseen_answers(run: StudentRun) -> Unseen:
    """Return the answers of all folds' students, trained where they are missing.

    Raises:
        ExportError: as training raises.
    """
    folds = run.recipe.thresholds.folds
    parts = [_fold(run, fold) for fold in range(folds)]
    distances = [part.distances for part in parts if part.distances is not None]
    return Unseen(
        Answers(
            np.concatenate([part.answers.logits for part in parts]),
            np.concatenate([part.answers.truth for part in parts]),
            [group for part in parts for group in part.answers.groups],
        ),
        np.concatenate(distances) if distances else None,
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
    prototypes = None
    if recipe.novelty is not None:
        prototypes = prototypes_of(inside, pooled_features(model, learned_inputs(inside)))
    records = inside.workspace.records
    strangers = {}
    for kind in _strangers(run, fold):
        only = structs.replace(recipe.data, without_kinds=(kind,))
        frames = left_out_kinds(records, only)
        if frames:
            strangers[kind] = answers_of(model, frames, recipe, prototypes)
    own = answers_of(model, inside.workspace.parts["val"], recipe, prototypes)
    return replace(own, strangers=strangers)


def answers_of(
    model: onnx.ModelProto,
    records: Sequence[FrameRecord],
    recipe: Recipe,
    prototypes: Prototypes | None,
) -> Unseen:
    """Return a student's answers to frames, and their distances from `prototypes`, if any."""
    inputs = tensors(records, recipe.preprocessing)
    answers = Answers(
        run_onnx(model.SerializeToString(), inputs)[0],
        truth_of(records, recipe.labels),
        [r.group for r in records],
    )
    if prototypes is None:
        return Unseen(answers, None)
    return Unseen(answers, prototypes.distances(pooled_features(model, inputs)))


def learned_inputs(run: StudentRun) -> np.ndarray:
    """Return the training frames that have a label: outliers are no prototypes."""
    return tensors(_labelled(run), run.recipe.preprocessing)


def prototypes_of(run: StudentRun, features: np.ndarray) -> Prototypes:
    """Return the prototypes of a run's training frames by their features."""
    config = run.recipe.novelty
    assert config is not None
    truth = truth_of(_labelled(run), run.recipe.labels)
    return fit(features, truth, config.prototypes, config.shrinkage, config.directions)


def novelty_of(
    prototypes: Prototypes, unseen: Unseen, chosen: Accepting, recipe: Recipe
) -> Novelty:
    """Return the novelty whose distance the recipe's share of right, accepted answers lies within.

    Args:
        prototypes: of the student.
        unseen: answers with distances, to frames that it never saw.
        chosen: temperature and thresholds by which they are accepted.
        recipe: with a `[novelty]`.
    """
    assert unseen.distances is not None
    assert recipe.novelty is not None
    probabilities = softmax(unseen.answers.logits, chosen.temperature)
    kept = accepted(probabilities, chosen.abstain_below, recipe.labels)
    kept &= probabilities.argmax(1) == unseen.answers.truth
    # a student that is sure of nothing has no answers to choose by: then all frames count
    distances = unseen.distances[kept] if kept.any() else unseen.distances
    above = max(float(np.quantile(distances, recipe.novelty.kept)), 1e-6)
    return Novelty(round(above, 6), len(prototypes.means))


def _labelled(run: StudentRun) -> list[FrameRecord]:
    """Return the training frames as they are, those with a label."""
    rows = run.workspace.transfer_rows
    return [r for r in rows if r.outlier == 0 and r.alteration is None]

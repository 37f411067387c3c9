"""The measures of a student's novelty, fitted to what it learned from, and their limits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx

from export.data.dataset import FrameRecord
from export.display import Show
from export.distill.inputs import tensors
from export.evaluation import softmax, truth_of
from export.packaging.graph_places import features_name, values_at
from export.packaging.novelty import Measures
from export.packaging.prototypes import fit
from export.recipe.settings import Recipe
from export.release.open_set import denied_labels, rows_of, train_open_set
from export.release.thresholds import Accepting, Answers, accepted


def fit_measures(
    model: onnx.ModelProto,
    learned: Sequence[FrameRecord],
    recipe: Recipe,
    folder: Path,
    show: Show,
    rows: Sequence[FrameRecord] | None = None,
) -> Measures:
    """Return the measures that the recipe's `[novelty]` asks for.

    Args:
        model: the student, without a novelty.
        learned: frames of the labels that it learned from: outliers are no prototypes.
        recipe: with a `[novelty]`.
        folder: where an open-set head's training is kept.
        show: gets the progress.
        rows: what an open-set head learns from; None: what the recipe says.

    Raises:
        ExportError: `novelty-few` or `novelty-graph`, or as the training of a head raises.
    """
    config = recipe.novelty
    assert config is not None
    (features,) = values_at(model, [features_name(model)], tensors(learned, recipe.preprocessing))
    prototypes = fit(
        features.reshape(len(features), -1),
        truth_of(learned, recipe.labels),
        config.prototypes,
        config.shrinkage,
        config.directions,
    )
    if config.open_set is None:
        return Measures(prototypes)
    chosen = rows_of(recipe, config.open_set) if rows is None else rows
    return Measures(prototypes, train_open_set(model, recipe, chosen, folder, show))


def limits_of(
    answers: Answers, measured: np.ndarray, chosen: Accepting, recipe: Recipe
) -> list[float]:
    """Return the limit of each measure, within which its share of right, accepted answers lies.

    An open-set head's is chosen by answers that it may deny.

    Args:
        answers: to frames that the student never saw.
        measured: (N, measures) of them.
        chosen: temperature and thresholds by which they are accepted.
        recipe: with a `[novelty]`.
    """
    config = recipe.novelty
    assert config is not None
    probabilities = softmax(answers.logits, chosen.temperature)
    said = probabilities.argmax(1)
    right = accepted(probabilities, chosen.abstain_below, recipe.labels) & (said == answers.truth)
    limits = [_limit(measured[:, 0], right, config.kept)]
    if config.open_set is not None:
        deniable = right & np.isin(said, denied_labels(recipe))
        limits.append(_limit(measured[:, 1], deniable, config.open_set.kept))
    return limits


def _limit(measure: np.ndarray, counts: np.ndarray, share: float) -> float:
    # a student that is sure of nothing has no answers to choose by: then all frames count
    values = measure[counts] if counts.any() else measure
    return round(max(float(np.quantile(values, share)), 1e-6), 6)

"""What a run's log says of its data: how much is trained on, and frames to score it on."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from export.data.dataset import UNLABELLED, FrameRecord
from export.data.frames import read_frames
from export.distill.inputs import is_validation
from export.distill.validation import Validation
from export.recipe.settings import Recipe


def validation_of(records: Sequence[FrameRecord], recipe: Recipe) -> Validation | None:
    """Return the validation set as the cart sees it; None for none."""
    chosen = [r for r in records if is_validation(r, recipe)]
    if not chosen:
        return None
    tensors = [recipe.preprocessing.tensor(frame) for frame in read_frames(chosen)]
    return Validation(
        np.concatenate(tensors), np.array([recipe.labels.index(r.label) for r in chosen])
    )


def header_of(
    records: Sequence[FrameRecord], chosen: Sequence[FrameRecord], recipe: Recipe
) -> dict[str, str]:
    """Return the lines of a log's header: what is trained on, and what it is scored on."""
    return {
        "trained on": _counts(chosen, recipe.labels),
        "validation": _counts([r for r in records if is_validation(r, recipe)], recipe.labels),
    }


def _counts(records: Sequence[FrameRecord], labels: Sequence[str]) -> str:
    """Return how many rows each label has; outliers, unlabelled and altered ones where any are."""
    frames = Counter(_kind(r) for r in records)
    names = [*labels, *(kind for kind in ("outlier", UNLABELLED) if frames[kind])]
    altered = Counter(r.alteration.how for r in records if r.alteration)
    of_each = ", ".join(f"{name} {frames[name]}" for name in names)
    of_each += "".join(f"; {how} {count}" for how, count in sorted(altered.items()))
    return f"{len(records)} frames of {len({r.group for r in records})} groups ({of_each})"


def _kind(record: FrameRecord) -> str:
    if record.outlier:
        return "outlier"
    return record.label if record.has_label else UNLABELLED

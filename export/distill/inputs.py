"""What runs learn from: which records, and views as network inputs."""

import hashlib
import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.data.dataset import FrameRecord, check_labels
from export.data.view_bank import ViewBank, build_bank
from export.distill.loop import check_fills_a_batch
from export.errors import ExportError
from export.recipe.settings import DataConfig, Recipe
from export.runs import Progress, quiet

ALL_DATA = DataConfig()


def used_records(records: Sequence[FrameRecord], recipe: Recipe) -> list[FrameRecord]:
    """Return the frames that a recipe means: of its data sets, and the external set.

    What else the data folder holds, today or later, changes neither training nor scores.

    Raises:
        ExportError: `data-choice` when the recipe's data sets have none.
    """
    wanted = {*recipe.teacher.datasets, *recipe.transfer.datasets}
    kept = [r for r in records if r.source_quality not in recipe.data.without_source_quality]
    if not any(r.dataset in wanted for r in kept):
        raise ExportError(
            "data-choice",
            f"no frame is of the recipe's data sets {sorted(wanted)}; the table has "
            f"{sorted({r.dataset for r in records})}: name one in both `datasets` of the recipe",
        )
    return [r for r in kept if r.dataset in wanted or r.split == "external"]


def frames_to_learn_from(
    records: Sequence[FrameRecord], recipe: Recipe, datasets: Sequence[str], batch: int
) -> list[FrameRecord]:
    """Return `training_records`, when there is enough to begin: asked before any view is drawn.

    Raises:
        ExportError: `data-label` when a label has no frame, `data-few` when a batch isn't full.
    """
    chosen = training_records(records, datasets, recipe.data)
    check_labels(chosen, recipe.labels)
    check_fills_a_batch(len(chosen), batch)
    return chosen


def training_records(
    records: Sequence[FrameRecord], datasets: Sequence[str], only: DataConfig = ALL_DATA
) -> list[FrameRecord]:
    """Return what may be trained on: the train part, and hc18 where the recipe names it.

    Raises:
        ExportError: `data-choice` when `only` leaves no frame.
    """
    found = [r for r in records if r.dataset in datasets and r.split in ("train", "transfer")]
    if only.machines is not None:
        found = [r for r in found if r.machine in only.machines]
    groups = sorted({r.group for r in found}, key=partial(_draw, only.seed))
    kept = set(groups[: math.ceil(only.patients_share * len(groups))])
    found = [r for r in found if r.group in kept]
    if not found:
        raise ExportError("data-choice", f"no training frame in {list(datasets)} for {only}")
    return found


def _draw(seed: int, group: str) -> str:
    """Return what orders patients: a smaller share lies within each larger one."""
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()


def other_machines(records: Sequence[FrameRecord], only: DataConfig) -> list[FrameRecord]:
    """Return the train part's frames of known machines that `only` leaves out of training."""
    if only.machines is None:
        return []
    left = [r for r in records if r.split == "train" and r.machine]
    return [r for r in left if r.machine not in only.machines]


def normaliser(recipe: Recipe) -> Callable[[np.ndarray], Tensor]:
    """Return the map from 8-bit views (batch, h, w) to the student's input (batch, 1, h, w)."""
    mean, std = recipe.preprocessing.mean, recipe.preprocessing.std

    def normalise(views: np.ndarray) -> Tensor:
        grey = torch.from_numpy(np.ascontiguousarray(views)).float().unsqueeze(1)
        return grey.mul_(1 / (255 * std)).sub_(mean / std)

    return normalise


def transfer_bank(
    recipe: Recipe, records: Sequence[FrameRecord], folder: Path, progress: Progress = quiet
) -> ViewBank:
    """Return the bank of views on which students learn."""
    chosen = training_records(records, recipe.transfer.datasets, recipe.data)
    return build_bank(
        chosen,
        recipe.preprocessing,
        recipe.augment,
        recipe.transfer.bank,
        folder,
        progress,
        recipe.labels,
    )

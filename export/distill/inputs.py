"""What runs learn from: which records, and views as network inputs."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.data.dataset import FrameRecord
from export.data.view_bank import ViewBank, build_bank
from export.distill.folder import Progress, quiet
from export.recipe import Recipe


def training_records(records: Sequence[FrameRecord], datasets: Sequence[str]) -> list[FrameRecord]:
    """Return what may be trained on: the train part, and hc18 where the recipe names it."""
    return [r for r in records if r.dataset in datasets and r.split in ("train", "transfer")]


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
    chosen = training_records(records, recipe.transfer_datasets)
    return build_bank(
        chosen,
        recipe.preprocessing,
        recipe.augment,
        recipe.transfer_bank,
        folder,
        progress,
        recipe.labels,
    )

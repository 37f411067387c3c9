"""A teacher's outputs for every view that students learn from, kept on disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.data.view_bank import ViewBank
from export.display import Progress, quiet
from export.distill.inputs import normaliser
from export.models.committee import Committee
from export.models.teacher import Teacher
from export.parallel import leader_first
from export.recipe.constants import MAP_PROJECTION
from export.recipe.settings import Recipe

Predict = Callable[[np.ndarray], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class TeacherOutputs:
    """What a teacher gives for each view of a bank.

    Attributes:
        logits: (N, classes) float32.
        maps: (N, components, h, w) float16, memory-mapped: the middle map's principal components,
            each of unit variance.
    """

    logits: np.ndarray
    maps: np.ndarray


@leader_first
@torch.no_grad()
def teacher_outputs(
    teacher: Teacher | Committee,
    bank: ViewBank,
    gaze: np.ndarray | None,
    recipe: Recipe,
    folder: Path,
    progress: Progress = quiet,
    batch: int = 64,
) -> TeacherOutputs:
    """Return the teacher's outputs for every view of `bank`; read where `folder` has them.

    `gaze` (N, h, w) are the views' maps, for a teacher that takes gaze.
    """
    kept = {name: folder / f"{name}.npy" for name in ("logits", "maps")}
    if all(path.exists() for path in kept.values()):
        return TeacherOutputs(np.load(kept["logits"]), np.load(kept["maps"], mmap_mode="r"))
    folder.mkdir(parents=True, exist_ok=True)
    predict = _predictor(teacher, bank, gaze, recipe)
    mean, axes = _projection(predict, len(bank), batch)
    logits = np.empty((len(bank), len(recipe.labels)), dtype=np.float32)
    unfinished = folder / "maps.unfinished.npy"
    maps: np.ndarray | None = None
    for start in range(0, len(bank), batch):
        indices = np.arange(start, min(start + batch, len(bank)))
        predicted, middle = predict(indices)
        projected = torch.einsum("bchw,ck->bkhw", middle - mean, axes)
        if maps is None:
            shape = (len(bank), *projected.shape[1:])
            maps = np.lib.format.open_memmap(unfinished, "w+", dtype=np.float16, shape=shape)
        logits[indices], maps[indices] = predicted.numpy(), projected.numpy()
        progress(int(indices[-1]) + 1, len(bank))
    np.save(kept["logits"], logits)
    unfinished.rename(kept["maps"])
    return TeacherOutputs(logits, np.load(kept["maps"], mmap_mode="r"))


def _predictor(
    teacher: Teacher | Committee, bank: ViewBank, gaze: np.ndarray | None, recipe: Recipe
) -> Predict:
    """Return what gives logits and middle maps of views by their indices, float32 on the CPU."""
    normalise, device = normaliser(recipe), next(teacher.parameters()).device

    def predict(indices: np.ndarray) -> tuple[Tensor, Tensor]:
        inputs = normalise(bank.views[indices]).to(device, memory_format=torch.channels_last)
        maps = None if gaze is None else torch.from_numpy(gaze[indices].astype(np.float32))
        with torch.autocast(device.type, dtype=torch.bfloat16):
            logits, middle = teacher.logits_and_map(
                inputs, None if maps is None else maps.to(device)
            )
        return logits.float().cpu(), middle.float().cpu()

    return predict


def _projection(predict: Predict, count: int, batch: int) -> tuple[Tensor, Tensor]:
    """Return mean (1, C, 1, 1) and principal axes (C, components) of the middle map.

    Fitted on places of views drawn by a fixed seed; each component is scaled to unit variance.
    """
    drawn = np.random.default_rng(0).permutation(count)[: MAP_PROJECTION.views]
    middles = [predict(np.sort(drawn[i : i + batch]))[1] for i in range(0, len(drawn), batch)]
    places = torch.cat(middles).permute(0, 2, 3, 1).flatten(0, 2).double()
    mean = places.mean(0)
    covariance = (places - mean).T @ (places - mean) / len(places)
    values, vectors = torch.linalg.eigh(covariance)
    kept = MAP_PROJECTION.components
    axes = vectors[:, -kept:].flip(1) / values[-kept:].flip(0).clamp_min(1e-12).sqrt()
    return mean.float().view(1, -1, 1, 1), axes.float()

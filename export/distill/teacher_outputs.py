"""A teacher's outputs for every view that students learn from, kept on disk."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from export.data.view_bank import ViewBank
from export.display import Progress, quiet
from export.distill.inputs import normaliser
from export.files import atomic_write, write_json
from export.models.committee import Committee
from export.models.teacher import Teacher
from export.parallel import leader_first
from export.recipe.constants import MAP_PROJECTION
from export.recipe.settings import Recipe

SAY_S = 20.0  # what a stopped process loses at most
_DTYPES = {"logits": np.float32, "maps": np.float16}
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

    Stopped, the next call goes on with the views that are left: a bank takes hours to ask about.
    `gaze` (N, h, w) are the views' maps, for a teacher that takes gaze.
    """
    kept = {name: folder / f"{name}.npy" for name in ("logits", "maps")}
    # files get these names only when they are whole
    if all(path.exists() for path in kept.values()):
        return TeacherOutputs(np.load(kept["logits"]), np.load(kept["maps"], mmap_mode="r"))
    folder.mkdir(parents=True, exist_ok=True)
    predict = _predictor(teacher, bank, gaze, recipe)
    unfinished = _Unfinished(folder, predict, len(bank), batch)
    for start in range(unfinished.done, len(bank), batch):
        indices = np.arange(start, min(start + batch, len(bank)))
        unfinished.add(indices, *predict(indices))
        progress(int(indices[-1]) + 1, len(bank))
    unfinished.finish()
    return TeacherOutputs(np.load(kept["logits"]), np.load(kept["maps"], mmap_mode="r"))


class _Unfinished:
    """Outputs on their way to disk: arrays with as many rows as done, and how many those are."""

    def __init__(self, folder: Path, predict: Predict, count: int, batch: int):
        self._folder, self._predict = folder, predict
        self._count, self._batch = count, batch
        self._said_at = time.monotonic()
        self._arrays: dict[str, np.ndarray] = {}
        self._projection: tuple[Tensor, Tensor] | None = None
        self.done = self._resumed()

    def add(self, indices: np.ndarray, logits: Tensor, middle: Tensor) -> None:
        """Take a batch's outputs; every so often, what is there is made sure of."""
        mean, axes = self._axes()
        projected = torch.einsum("bchw,ck->bkhw", middle - mean, axes)
        for name, values in (("logits", logits), ("maps", projected)):
            self._array(name, values)[indices] = values.numpy()
        self.done = int(indices[-1]) + 1
        if time.monotonic() - self._said_at > SAY_S:
            self._say()

    def finish(self) -> None:
        """Give the arrays their names; an array of the maps' name says that all is there."""
        self._say()
        for name in ("logits", "maps"):
            _unfinished(self._folder, name).rename(self._folder / f"{name}.npy")
        for rest in ("done.json", "projection.npz"):
            (self._folder / rest).unlink(missing_ok=True)

    def _array(self, name: str, values: Tensor) -> np.ndarray:
        if name not in self._arrays:
            path, dtype = _unfinished(self._folder, name), _DTYPES[name]
            shape = (self._count, *values.shape[1:])
            # what a killed process left without having said how far it was is not trusted
            mode: Any = "r+" if self.done and path.exists() else "w+"
            self._arrays[name] = np.lib.format.open_memmap(path, mode, dtype=dtype, shape=shape)
        return self._arrays[name]

    def _axes(self) -> tuple[Tensor, Tensor]:
        """Return mean and axes; kept beside, or the rest would lie on other axes."""
        if self._projection is None:
            path = self._folder / "projection.npz"
            if not path.exists():
                mean, axes = _projection(self._predict, self._count, self._batch)
                with atomic_write(path) as new:
                    np.savez(new, mean=mean.numpy(), axes=axes.numpy())
            with np.load(path) as file:
                self._projection = torch.from_numpy(file["mean"]), torch.from_numpy(file["axes"])
        return self._projection

    def _say(self) -> None:
        # first the rows, then how many there are: never the other way round
        for array in self._arrays.values():
            array.flush()  # type: ignore[attr-defined]  # both are mapped
        write_json(self._folder / "done.json", {"views": self.done, "of": self._count})
        self._said_at = time.monotonic()

    def _resumed(self) -> int:
        """Return how many views are done; none where a file of them is missing."""
        said = self._folder / "done.json"
        files = [_unfinished(self._folder, n) for n in _DTYPES] + [self._folder / "projection.npz"]
        if not (said.exists() and all(path.exists() for path in files)):
            return 0
        return int(json.loads(said.read_text())["views"])


def _unfinished(folder: Path, name: str) -> Path:
    return folder / f"{name}.unfinished.npy"


def _predictor(
    teacher: Teacher | Committee, bank: ViewBank, gaze: np.ndarray | None, recipe: Recipe
) -> Predict:
    """Return what gives logits and middle maps of views by their indices, float32 on the CPU."""
    normalise, device = normaliser(recipe), next(teacher.parameters()).device
    rounded = recipe.transfer.teacher_precision == "bf16"

    def predict(indices: np.ndarray) -> tuple[Tensor, Tensor]:
        inputs = normalise(bank.views[indices]).to(device, memory_format=torch.channels_last)
        maps = None if gaze is None else torch.from_numpy(gaze[indices].astype(np.float32))
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=rounded):
            logits, middle = teacher.logits_and_map(
                inputs, None if maps is None else maps.to(device)
            )
        return logits.float().cpu(), middle.float().cpu()

    return predict


def _projection(predict: Predict, count: int, batch: int) -> tuple[Tensor, Tensor]:
    """Return mean (1, C, 1, 1) and principal axes (C, components) of the middle map.

    Fitted on places of views drawn by a fixed seed; each component is scaled to unit variance.
    """
    # drawn: a frame's views stand side by side, and the first 512 would be of few patients
    drawn = np.random.default_rng(0).permutation(count)[: MAP_PROJECTION.views]
    middles = [predict(np.sort(drawn[i : i + batch]))[1] for i in range(0, len(drawn), batch)]
    # double: float32 would lose the covariance's small eigenvalues
    places = torch.cat(middles).permute(0, 2, 3, 1).flatten(0, 2).double()
    mean = places.mean(0)
    covariance = (places - mean).T @ (places - mean) / len(places)
    values, vectors = torch.linalg.eigh(covariance)
    kept = MAP_PROJECTION.components
    axes = vectors[:, -kept:].flip(1) / values[-kept:].flip(0).clamp_min(1e-12).sqrt()
    return mean.float().view(1, -1, 1, 1), axes.float()

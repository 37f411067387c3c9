"""From a recipe to a trained teacher and a distilled student, each step resumable.

Layout of a run's folder: `bank-*/` (views), `teacher.pt` (resume point), `teacher-weights.pt`
(averaged, what is used), `teacher-logits.npy` (on the transfer bank), `student-<loss>-<seed>/`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from export.data.dataset import FrameRecord
from export.data.view_bank import ViewBank, build_bank
from export.distill.loop import LossParts, train
from export.distill.losses import soft_cross_entropy, transfer_loss
from export.errors import ExportError
from export.models.student import Student
from export.models.teacher import Teacher, build_teacher
from export.recipe import Recipe

Report = Callable[[int, dict[str, float]], None]
Progress = Callable[[int, int], None]


def _quiet(done: int, total: int) -> None: ...


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


def untrained_teacher(recipe: Recipe, imagenet: bool = False) -> Teacher:
    """Return the recipe's teacher architecture."""
    return build_teacher(
        len(recipe.labels), recipe.preprocessing.mean, recipe.preprocessing.std, imagenet
    )


def train_teacher(
    recipe: Recipe,
    records: Sequence[FrameRecord],
    folder: Path,
    progress: Progress = _quiet,
    report: Report = lambda epoch, parts: None,
) -> Teacher:
    """Train the recipe's teacher on the train part, or load it where it is finished."""
    weights = folder / "teacher-weights.pt"
    if weights.exists():
        return load_teacher(recipe, weights)
    chosen = training_records(records, recipe.teacher_datasets)
    bank = build_bank(
        chosen, recipe.preprocessing, recipe.augment, recipe.teacher_bank, folder, progress
    )
    torch.manual_seed(recipe.teacher_loop.seed)
    teacher = untrained_teacher(recipe, imagenet=True)

    def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> LossParts:
        return {"total": soft_cross_entropy(model(inputs), torch.from_numpy(bank.targets[indices]))}

    train(
        teacher, bank, normaliser(recipe), loss, recipe.teacher_loop, folder / "teacher.pt", report
    )
    _save_weights(teacher, weights)
    return teacher


def load_teacher(recipe: Recipe, weights: Path) -> Teacher:
    """Load a trained teacher's weights, in eval mode."""
    teacher = untrained_teacher(recipe)
    teacher.load_state_dict(torch.load(weights, weights_only=True))
    return teacher.to(memory_format=torch.channels_last).eval()


@torch.no_grad()
def teach_bank(
    teacher: Teacher,
    bank: ViewBank,
    recipe: Recipe,
    path: Path,
    progress: Progress = _quiet,
    batch: int = 64,
) -> np.ndarray:
    """Return the teacher's logits (N, classes) on every view of `bank`, kept at `path`."""
    if path.exists():
        return np.load(path)
    normalise = normaliser(recipe)
    logits = np.empty((len(bank), len(recipe.labels)), dtype=np.float32)
    for start in range(0, len(bank), batch):
        inputs = normalise(bank.views[start : start + batch])
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits[start : start + batch] = teacher(inputs).float().numpy()
        progress(min(start + batch, len(bank)), len(bank))
    unfinished = path.with_suffix(".unfinished.npy")
    np.save(unfinished, logits)
    unfinished.rename(path)
    return logits


def transfer_bank(
    recipe: Recipe, records: Sequence[FrameRecord], folder: Path, progress: Progress = _quiet
) -> ViewBank:
    """Return the bank of views on which students learn."""
    chosen = training_records(records, recipe.transfer_datasets)
    return build_bank(
        chosen, recipe.preprocessing, recipe.augment, recipe.transfer_bank, folder, progress
    )


def train_student(
    recipe: Recipe,
    bank: ViewBank,
    teacher_logits: np.ndarray | None,
    losses: str,
    seed: int,
    folder: Path,
    report: Report = lambda epoch, parts: None,
) -> Student:
    """Train a student by the recipe's losses named `losses`, or load it where it is finished."""
    if losses not in recipe.losses:
        raise ExportError(
            "recipe-losses", f"no losses {losses!r} in the recipe; known: {sorted(recipe.losses)}"
        )
    run = folder / f"student-{losses}-{seed}"
    torch.manual_seed(seed)
    student = Student(len(recipe.labels), recipe.student)
    weights = run / "weights.pt"
    if weights.exists():
        student.load_state_dict(torch.load(weights, weights_only=True))
        return student.eval()

    def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> LossParts:
        logits, _ = model(inputs)
        taught = None if teacher_logits is None else torch.from_numpy(teacher_logits[indices])
        targets = torch.from_numpy(bank.targets[indices])
        return transfer_loss(logits, targets, taught, recipe.losses[losses], recipe.temperature)

    config = replace(recipe.student_loop, seed=seed)
    train(student, bank, normaliser(recipe), loss, config, run / "resume.pt", report)
    _save_weights(student, weights)
    return student


def _save_weights(model: nn.Module, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save(model.state_dict(), unfinished)
    unfinished.rename(path)

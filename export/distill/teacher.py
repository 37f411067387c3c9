"""Teachers: built by the recipe, trained on frames (and gaze), loaded where they are finished."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from msgspec import structs
from torch import Tensor, nn

from export.data.dataset import FrameRecord
from export.data.view_bank import ViewBank, build_bank
from export.display import Report, epochs_of
from export.distill.checkpoint import Checkpoint
from export.distill.formulas import one_against_rest, soft_cross_entropy
from export.distill.inputs import normaliser, shares_of
from export.distill.loop import train
from export.distill.metric_log import MetricLog
from export.distill.monitoring import header_of, validation_of
from export.distill.training_run import Loss, LossParts
from export.gaze.privileged import GazeOfFrames, view_maps
from export.models.committee import Committee
from export.models.teacher import TEACHERS, Teacher
from export.recipe.digests import teacher_digest
from export.recipe.settings import PLAIN, Recipe
from export.runs import claim, note_sources, save_weights
from export.workspace import Workspace


def untrained_teacher(
    recipe: Recipe, name: str = PLAIN, pretrained: bool = False
) -> Teacher | Committee:
    """Return the architecture of the teacher `name`; its body from ImageNet if `pretrained`."""
    way = "none" if name == PLAIN else recipe.gaze[name].way
    prep = recipe.preprocessing
    build = TEACHERS[recipe.teacher.architecture]
    members = [
        build(
            classes=len(recipe.labels),
            mean=prep.mean,
            std=prep.std,
            imagenet=pretrained,
            gaze_way=way,
        )
        for _ in range(recipe.teacher.members)
    ]
    return members[0] if len(members) == 1 else Committee(members)


def train_teacher(
    workspace: Workspace, name: str, gaze: GazeOfFrames | None
) -> Teacher | Committee:
    """Train the teacher `name` on the training set, or load it where it is finished.

    `gaze` holds the maps of the training records, in their order, for a teacher that takes gaze.

    Raises:
        ExportError: `run-recipe` when the folder holds the teacher of another recipe.
    """
    recipe, weights = workspace.recipe, workspace.teacher_weights(name)
    claim(weights, teacher_digest(recipe, name))
    if weights.exists():
        return load_teacher(recipe, weights, name)
    note_sources(weights)
    chosen = workspace.teacher_rows
    bank = build_bank(
        chosen,
        recipe.preprocessing,
        recipe.augment,
        recipe.teacher.bank,
        workspace.folder,
        workspace.progress("teacher's views"),
        recipe.labels,
    )
    loss = _teacher_loss(recipe, name, bank, None if gaze is None else view_maps(gaze, bank))
    # before it is built, which draws the weights that ImageNet doesn't give
    torch.manual_seed(recipe.teacher.seed)
    teacher = untrained_teacher(recipe, name, pretrained=recipe.teacher.start == "imagenet")
    _train_members(workspace, name, teacher, bank, loss, chosen)
    save_weights(teacher, weights)
    return teacher


def _train_members(
    workspace: Workspace,
    name: str,
    teacher: Teacher | Committee,
    bank: ViewBank,
    loss: Loss,
    chosen: Sequence[FrameRecord],
) -> None:
    """Train one after the other, each by the next seed; the progress counts all their epochs."""
    recipe, folder = workspace.recipe, workspace.folder
    settings = recipe.teacher
    header = header_of(workspace.records, chosen, recipe)
    validation = validation_of(workspace.records, recipe)
    report = epochs_of(workspace.show, f"teacher {name}", settings.epochs * settings.members)
    members = list(teacher.members) if isinstance(teacher, Committee) else [teacher]
    whose = teacher_digest(recipe, name)[:8]  # no checkpoint of other settings is taken up
    for number, member in enumerate(members):
        train(
            member,
            bank,
            normaliser(recipe),
            loss,
            structs.replace(settings, seed=settings.seed + number),
            Checkpoint(folder / f"teacher-{name}-{number + 1}-{whose}.pt"),
            partial(_report_member, report, number * settings.epochs),
            MetricLog(folder / f"teacher-{name}-{number + 1}.csv", header, validation),
        )


def _report_member(report: Report, before: int, epoch: int, losses: dict[str, float]) -> None:
    report(before + epoch, losses)


def _teacher_loss(recipe: Recipe, name: str, bank: ViewBank, maps: np.ndarray | None) -> Loss:
    """Return the loss of a teacher on a batch, by the views' indices; `maps` is their gaze."""
    keep = 1.0 if maps is None else 1 - recipe.gaze[name].dropout
    formula = {"labels": soft_cross_entropy, "labels_against_rest": one_against_rest}
    compare = formula[recipe.teacher.loss]

    def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> LossParts:
        gaze = None if maps is None else _dropped(maps[indices], keep, inputs)
        return {"total": compare(model(inputs, gaze), *shares_of(bank, indices, inputs.device))}

    return loss


def _dropped(maps: np.ndarray, keep: float, inputs: Tensor) -> Tensor:
    """Return a batch's gaze with whole maps dropped by chance: the teacher must do without."""
    gaze = torch.from_numpy(maps.astype(np.float32)).to(inputs.device)
    return gaze * (torch.rand(len(gaze), 1, 1, device=inputs.device) < keep)


def load_teacher(recipe: Recipe, weights: Path, name: str = PLAIN) -> Teacher | Committee:
    """Load a trained teacher's weights, in eval mode."""
    teacher = untrained_teacher(recipe, name)
    teacher.load_state_dict(torch.load(weights, weights_only=True))
    teacher.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # in place
    return teacher.eval()

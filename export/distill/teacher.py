"""Teachers: trained on frames (and gaze), then asked about every view that students learn from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from export.data.dataset import FrameRecord
from export.data.view_bank import ViewBank, build_bank
from export.distill.checkpoint import Checkpoint
from export.distill.formulas import soft_cross_entropy
from export.distill.inputs import normaliser, training_records
from export.distill.loop import train
from export.distill.metric_log import MetricLog
from export.distill.monitoring import header_of, validation_of
from export.distill.training_run import LossParts
from export.gaze.privileged import GazeOfFrames, view_maps
from export.models.committee import Committee
from export.models.teacher import TEACHERS, Teacher
from export.parallel import leader_first
from export.recipe.read import PLAIN, Recipe
from export.runs import Progress, Report, claim, note_sources, quiet, save_weights

COMPONENTS = 16  # of the middle map's 112 channels, by principal components
PROJECTION_VIEWS = 512


@dataclass(frozen=True)
class TeacherOutputs:
    """What a teacher says of each view of a bank.

    Attributes:
        logits: (N, classes) float32.
        maps: (N, components, h, w) float16, memory-mapped: the middle map's principal components,
            each of unit variance.
    """

    logits: np.ndarray
    maps: np.ndarray


def untrained_teacher(
    recipe: Recipe, name: str = PLAIN, pretrained: bool = False
) -> Teacher | Committee:
    """Return the architecture of the teacher `name`; its body from ImageNet if `pretrained`."""
    way = "none" if name == PLAIN else recipe.gaze[name].way
    prep = recipe.preprocessing
    build = TEACHERS[recipe.teacher_architecture]
    members = [
        build(
            classes=len(recipe.labels),
            mean=prep.mean,
            std=prep.std,
            imagenet=pretrained,
            gaze_way=way,
        )
        for _ in range(recipe.teacher_members)
    ]
    return members[0] if len(members) == 1 else Committee(members)


def weights_path(folder: Path, name: str = PLAIN) -> Path:
    """Return where a finished teacher's weights are kept."""
    return folder / ("teacher-weights.pt" if name == PLAIN else f"teacher-{name}-weights.pt")


def train_teacher(
    recipe: Recipe,
    name: str,
    records: Sequence[FrameRecord],
    gaze: GazeOfFrames | None,
    folder: Path,
    progress: Progress = quiet,
    report: Report = lambda epoch, parts: None,
) -> Teacher | Committee:
    """Train the teacher `name` on the train part, or load it where it is finished.

    `gaze` holds the maps of the training records, in their order, for a teacher that takes gaze.
    `records` are all of the recipe's: the log scores it on their validation part. Members of a
    committee are trained one after the other, each by the next seed; `report` counts
    the epochs of all.

    Raises:
        ExportError: `run-recipe` when the folder holds the teacher of another recipe.
    """
    weights = weights_path(folder, name)
    claim(weights, recipe.teacher_digests[name])
    if weights.exists():
        return load_teacher(recipe, weights, name)
    note_sources(weights)
    chosen = training_records(records, recipe.teacher_datasets, recipe.data)
    bank = build_bank(
        chosen,
        recipe.preprocessing,
        recipe.augment,
        recipe.teacher_bank,
        folder,
        progress,
        recipe.labels,
    )
    loss = _teacher_loss(recipe, name, bank, None if gaze is None else view_maps(gaze, bank))
    header, validation = header_of(records, chosen, recipe), validation_of(records, recipe)
    torch.manual_seed(recipe.teacher_loop.seed)
    teacher = untrained_teacher(recipe, name, pretrained=recipe.teacher_start == "imagenet")
    members = list(teacher.members) if isinstance(teacher, Committee) else [teacher]
    for number, member in enumerate(members):
        loop = replace(recipe.teacher_loop, seed=recipe.teacher_loop.seed + number)
        whose = recipe.teacher_digests[name][:8]  # none of other settings is taken up
        checkpoint = Checkpoint(folder / f"teacher-{name}-{number + 1}-{whose}.pt")
        log = MetricLog(folder / f"teacher-{name}-{number + 1}.csv", header, validation)
        before = number * loop.epochs
        tell = lambda epoch, parts, before=before: report(before + epoch, parts)  # noqa: E731
        train(member, bank, normaliser(recipe), loss, loop, checkpoint, tell, log)
    save_weights(teacher, weights)
    return teacher


def _teacher_loss(
    recipe: Recipe, name: str, bank: ViewBank, maps: np.ndarray | None
) -> Callable[[nn.Module, Tensor, np.ndarray], LossParts]:
    """Return the loss of a teacher on a batch, by the views' indices; `maps` is their gaze."""
    keep = 1.0 if maps is None else 1 - recipe.gaze[name].dropout

    def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> LossParts:
        looked = None if maps is None else _dropped(maps[indices], keep, inputs)
        targets = torch.from_numpy(bank.targets[indices]).to(inputs.device)
        return {"total": soft_cross_entropy(model(inputs, looked), targets)}

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


@leader_first
@torch.no_grad()
def teach_bank(
    teacher: Teacher | Committee,
    bank: ViewBank,
    gaze: np.ndarray | None,
    recipe: Recipe,
    folder: Path,
    progress: Progress = quiet,
    batch: int = 64,
) -> TeacherOutputs:
    """Return what the teacher says of every view of `bank`, kept in `folder`.

    `gaze` (N, h, w) are the views' maps, for a teacher that takes gaze.
    """
    kept = {name: folder / f"{name}.npy" for name in ("logits", "maps")}
    if all(path.exists() for path in kept.values()):
        return TeacherOutputs(np.load(kept["logits"]), np.load(kept["maps"], mmap_mode="r"))
    folder.mkdir(parents=True, exist_ok=True)
    normalise, device = normaliser(recipe), next(teacher.parameters()).device

    def ask(indices: np.ndarray) -> tuple[Tensor, Tensor]:
        inputs = normalise(bank.views[indices]).to(device, memory_format=torch.channels_last)
        looked = None if gaze is None else torch.from_numpy(gaze[indices].astype(np.float32))
        with torch.autocast(device.type, dtype=torch.bfloat16):
            logits, middle = teacher.logits_and_map(
                inputs, None if looked is None else looked.to(device)
            )
        return logits.float().cpu(), middle.float().cpu()

    mean, project = _projection(ask, len(bank), batch)
    logits = np.empty((len(bank), len(recipe.labels)), dtype=np.float32)
    unfinished = folder / "maps.unfinished.npy"
    maps: np.ndarray | None = None
    for start in range(0, len(bank), batch):
        indices = np.arange(start, min(start + batch, len(bank)))
        said, middle = ask(indices)
        found = torch.einsum("bchw,ck->bkhw", middle - mean, project)
        if maps is None:
            shape = (len(bank), *found.shape[1:])
            maps = np.lib.format.open_memmap(unfinished, "w+", dtype=np.float16, shape=shape)
        logits[indices], maps[indices] = said.numpy(), found.numpy()
        progress(int(indices[-1]) + 1, len(bank))
    np.save(kept["logits"], logits)
    unfinished.rename(kept["maps"])
    return TeacherOutputs(logits, np.load(kept["maps"], mmap_mode="r"))


def _projection(ask, count: int, batch: int) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
    """Return mean (1, C, 1, 1) and principal axes (C, components) of the middle map.

    Fitted on places of views drawn by a fixed seed; each component is scaled to unit variance.
    """
    drawn = np.random.default_rng(0).permutation(count)[:PROJECTION_VIEWS]
    middles = [ask(np.sort(drawn[i : i + batch]))[1] for i in range(0, len(drawn), batch)]
    places = torch.cat(middles).permute(0, 2, 3, 1).flatten(0, 2).double()
    mean = places.mean(0)
    covariance = (places - mean).T @ (places - mean) / len(places)
    values, vectors = torch.linalg.eigh(covariance)
    axes = vectors[:, -COMPONENTS:].flip(1) / values[-COMPONENTS:].flip(0).clamp_min(1e-12).sqrt()
    return mean.float().view(1, -1, 1, 1), axes.float()

"""What runs learn from: which records, and views as network inputs."""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.data.dataset import UNLABELLED, FrameRecord, check_labels, find_data_root, fold_of
from export.data.frames import read_frames
from export.data.rows import altered_rows, as_rows, is_kind, is_outlier, made_rows
from export.data.structures import structures_of
from export.data.view_bank import ViewBank, build_bank
from export.display import Progress, quiet
from export.distill.loop import check_fills_a_batch
from export.errors import ExportError
from export.recipe.settings import DataConfig, Recipe
from sdk.preprocess import Preprocessing

ALL_DATA = DataConfig()
CALIBRATION_FRAMES = 256
SCORED_PARTS = ("val", "test", "external")
PART_NAMES = {
    "train": "train",
    "transfer": "train (hc18)",
    "val": "validation",
    "test": "test",
    "external": "external",
    UNLABELLED: UNLABELLED,
}


def used_records(records: Sequence[FrameRecord], recipe: Recipe) -> list[FrameRecord]:
    """Return the frames that a recipe means: of its data sets, and the external set.

    What else the data folder holds, today or later, changes neither training nor scores.

    Raises:
        ExportError: `data-choice` when the recipe's data sets have none.
    """
    named = {*recipe.teacher.datasets, *recipe.transfer.datasets}
    kept = [r for r in records if r.source_quality not in recipe.data.without_source_quality]
    kept = dealt(kept, recipe.data)
    if not any(r.dataset in named for r in kept):
        raise ExportError(
            "data-choice",
            f"no frame is of the recipe's data sets {sorted(named)}; the table has "
            f"{sorted({r.dataset for r in records})}: name one in both `datasets` of the recipe",
        )
    unlabelled = _unlabelled(kept, recipe)
    return [r for r in kept if r.dataset in named or r.split == "external"] + unlabelled


def _unlabelled(records: Sequence[FrameRecord], recipe: Recipe) -> list[FrameRecord]:
    """Return the training set of the data sets that a recipe calls unlabelled, as such.

    Raises:
        ExportError: `data-choice` when one of them has no such frame.
    """
    frames = []
    for name in recipe.transfer.unlabelled:
        learnable = [r for r in records if r.dataset == name and r.split in ("train", "transfer")]
        learnable = [r for r in learnable if not is_kind(r, recipe.data.without_kinds)]
        if not learnable:
            raise ExportError(
                "data-choice",
                f"transfer.unlabelled names {name!r}, and no frame to train on is of it; the table "
                f"has {sorted({r.dataset for r in records})}",
            )
        # a part of its own, which nothing scores, calibrates on or counts labels in
        frames += [replace(r, part=UNLABELLED) for r in learnable]
    return frames


def unlabelled_records(records: Sequence[FrameRecord]) -> list[FrameRecord]:
    """Return the frames that students follow their teacher on, without a label."""
    return [r for r in records if r.split == UNLABELLED]


def dealt(records: Sequence[FrameRecord], config: DataConfig) -> list[FrameRecord]:
    """Return the records, patients of train and validation dealt anew where a fold is named."""
    if config.fold is None:
        return list(records)
    return [
        replace(r, part="val" if fold_of(r.group, config.folds) == config.fold else "train")
        if r.split in ("train", "val")
        else r
        for r in records
    ]


def frames_to_learn_from(
    records: Sequence[FrameRecord], recipe: Recipe, datasets: Sequence[str], batch: int
) -> list[FrameRecord]:
    """Return `training_records`, where there are enough to begin; called before a view is drawn.

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
    """Return what may be trained on: the training set, and hc18 where the recipe names it.

    Raises:
        ExportError: `data-choice` when `only` leaves no frame.
    """
    chosen = [r for r in records if r.dataset in datasets and r.split in ("train", "transfer")]
    chosen = [r for r in chosen if not is_kind(r, only.without_kinds)]
    if only.machines is not None:
        chosen = [r for r in chosen if r.machine in only.machines]
    # patients, not frames: a share of the frames would still show nearly every patient
    groups = sorted({r.group for r in chosen}, key=partial(_draw, only.seed))
    kept = set(groups[: math.ceil(only.patients_share * len(groups))])
    chosen = [r for r in chosen if r.group in kept]
    if not chosen:
        raise ExportError("data-choice", f"no training frame in {list(datasets)} for {only}")
    return chosen


def rows_to_learn(
    records: Sequence[FrameRecord],
    recipe: Recipe,
    datasets: Sequence[str],
    section: str = "erasing",
) -> list[FrameRecord]:
    """Return `training_records` as a bank's rows: outliers as such, and what a recipe adds.

    `section` is what an error calls `recipe.erasing`.

    Raises:
        ExportError: `data-choice` when no frame is left, or none whose structure is marked;
            `annotation-file` for a damaged file of annotations.
    """
    rows = as_rows(training_records(records, datasets, recipe.data), recipe.outliers)
    made = made_rows(rows, recipe.outliers)
    if recipe.erasing is None:
        return rows + made
    marked = structures_of(find_data_root(), recipe.erasing.structures)
    added = altered_rows(rows, marked, recipe.erasing)
    if not added:
        raise ExportError(
            "data-choice",
            f"[{section}] names {list(recipe.erasing.structures)}, and none of {len(rows)} "
            "training frames has one of them marked; mark some (`sonogaze-export annotate`) or "
            "leave it out",
        )
    return rows + added + made


def is_validation(record: FrameRecord, recipe: Recipe) -> bool:
    """Return whether a frame is validated on: not an outlier, nor of a kind that is left out.

    What an outlier's label is would be no answer that the network was taught.
    """
    return (
        record.split == "val"
        and not is_outlier(record, recipe.outliers)
        and not is_kind(record, recipe.data.without_kinds)
    )


def left_out_kinds(records: Sequence[FrameRecord], only: DataConfig) -> list[FrameRecord]:
    """Return the frames of `without_kinds`, but for those of the test set."""
    return [r for r in records if is_kind(r, only.without_kinds) and r.split in ("train", "val")]


def _draw(seed: int, group: str) -> str:
    """Return what orders patients: a smaller share lies within each larger one."""
    # by hash: the order of two patients never depends on who else there is
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()


def other_machines(records: Sequence[FrameRecord], only: DataConfig) -> list[FrameRecord]:
    """Return the training set's frames of known machines that `only` leaves out of training."""
    if only.machines is None:
        return []
    left = [r for r in records if r.split == "train" and r.machine]
    return [r for r in left if r.machine not in only.machines]


def by_split(records: Iterable[FrameRecord]) -> dict[str, list[FrameRecord]]:
    """Return the records by their split."""
    parts: dict[str, list[FrameRecord]] = {}
    for record in records:
        parts.setdefault(record.split, []).append(record)
    return parts


def scored_parts(records: Iterable[FrameRecord], recipe: Recipe) -> dict[str, list[FrameRecord]]:
    """Return the parts that scores are given on, as far as the data has them.

    Outliers and kinds that are left out are in none: they have no right answer among the labels,
    and are measured apart (`export.release.negatives`).

    Raises:
        ExportError: `data-no-validation` when no group falls into the validation set.
    """
    scored = [
        r
        for r in records
        if not is_outlier(r, recipe.outliers) and not is_kind(r, recipe.data.without_kinds)
    ]
    parts = by_split(scored)
    if not parts.get("val") or not parts.get("train"):
        raise ExportError(
            "data-no-validation",
            f"train has {len(parts.get('train', []))} frames and val {len(parts.get('val', []))}; "
            "both need some: a tenth of all groups is validation, so bring more groups",
        )
    return {part: parts[part] for part in SCORED_PARTS if part in parts}


def counts_of(records: Sequence[FrameRecord]) -> str:
    """Return how many frames and patients each part has, in a line."""
    parts = by_split(records)
    return ", ".join(
        f"{name} {len(parts[part])} of {len({r.group for r in parts[part]})} patients"
        for part, name in PART_NAMES.items()
        if part in parts
    )


def tensors(records: Sequence[FrameRecord], recipe: Preprocessing) -> np.ndarray:
    """Return the frames as the cart sees them: float32 (N, 1, height, width)."""
    # through the SDK's own kernel: a network is scored on the bits that a cart would give it
    return np.concatenate([recipe.tensor(frame) for frame in read_frames(records)])


def calibration_tensors(train: Sequence[FrameRecord], recipe: Preprocessing) -> np.ndarray:
    """Return tensors of frames, evenly over the training set: what int8 ranges are chosen by."""
    # evenly, since a table may list its data sets or labels one after another
    return tensors(train[:: max(1, len(train) // CALIBRATION_FRAMES)], recipe)


def normaliser(recipe: Recipe) -> Callable[[np.ndarray], Tensor]:
    """Return the map from 8-bit views (batch, h, w) to the student's input (batch, 1, h, w)."""
    mean, std = recipe.preprocessing.mean, recipe.preprocessing.std

    def normalise(views: np.ndarray) -> Tensor:
        grey = torch.from_numpy(np.ascontiguousarray(views)).float().unsqueeze(1)
        return grey.mul_(1 / (255 * std)).sub_(mean / std)

    return normalise


def shares_of(
    bank: ViewBank, indices: np.ndarray, device: torch.device
) -> tuple[Tensor, Tensor | None]:
    """Return label shares (batch, labels) and outlier shares (batch,), None where nothing is."""
    labels = torch.from_numpy(bank.targets[indices]).to(device)
    if bank.outlier is None:
        return labels, None
    return labels, torch.from_numpy(bank.outlier[indices]).to(device)


def transfer_bank(
    recipe: Recipe,
    rows: Sequence[FrameRecord],
    folder: Path,
    seed: int,
    progress: Progress = quiet,
) -> ViewBank:
    """Return the bank of views of these rows, on which a student of `seed` learns."""
    return build_bank(
        rows,
        recipe.preprocessing,
        recipe.transfer.augment or recipe.augment,
        recipe.transfer.bank(seed),
        folder,
        progress,
        recipe.labels,
    )

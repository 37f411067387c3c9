"""Training of the head that may deny every label, on the trunk of a student that is finished."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from msgspec import structs
from torch import Tensor, nn

from export.data.dataset import FrameRecord, check_labels, data_root, load_records
from export.data.view_bank import ViewBank, build_bank
from export.display import Progress, Report, Show, epochs_of, progress_of
from export.distill.checkpoint import Checkpoint
from export.distill.formulas import one_against_rest
from export.distill.inputs import normaliser, rows_to_learn, shares_of, used_records
from export.distill.loop import check_fills_a_batch, train
from export.distill.training_run import LossParts
from export.errors import ExportError
from export.models.open_set import OpenSetHead
from export.packaging.graph_places import trunk_name, values_at
from export.recipe.settings import BankConfig, LoopConfig, OpenSetConfig, Recipe
from export.runs import frames_digest

_CHUNK = 512
_HALF_MAX = 6e4  # what float16 holds; a trunk's values are thousands of times smaller


def rows_of(recipe: Recipe, config: OpenSetConfig) -> list[FrameRecord]:
    """Return the rows that an open-set head learns from, of the recipe's patients.

    Raises:
        ExportError: as `rows_to_learn`; `data-choice` when its outliers aren't there.
    """
    asked = _as_recipe(recipe, config)
    records = used_records(load_records(data_root(), recipe.labels), asked)
    rows = rows_to_learn(records, asked, config.datasets, "novelty.open_set.erasing")
    if config.outliers.datasets and not any(r.outlier and r.alteration is None for r in rows):
        raise ExportError(
            "data-choice",
            f"[novelty.open_set.outliers] names {list(config.outliers.datasets)}, and no frame to "
            "train on is of them; bring that data set, or leave it out",
        )
    return rows


def check_open_set(recipe: Recipe) -> None:
    """Refuse a `[novelty.open_set]` whose frames aren't there; raises as `rows_of`."""
    if recipe.novelty is not None and recipe.novelty.open_set is not None:
        rows_of(recipe, recipe.novelty.open_set)


def train_open_set(
    model: onnx.ModelProto, recipe: Recipe, rows: Sequence[FrameRecord], folder: Path, show: Show
) -> OpenSetHead:
    """Train a head on the trunk of `model`, or go on where `folder` holds one half trained.

    Args:
        model: the student, without a novelty.
        recipe: with a `[novelty.open_set]`.
        rows: what it learns from.
        folder: where views and checkpoint are kept.
        show: gets the progress.

    Raises:
        ExportError: `novelty-graph`, or as drawing views and training raise.
    """
    assert recipe.novelty is not None
    config = recipe.novelty.open_set
    assert config is not None
    asked = _as_recipe(recipe, config)
    check_labels([r for r in rows if r.outlier < 1], recipe.labels)
    check_fills_a_batch(len(rows), config.batch)
    # its own folder: no bank or checkpoint of other frames, settings or student is gone on from
    own = folder / f"open-set-{_digest(model, asked, config, rows)[:16]}"
    views = build_bank(
        rows,
        recipe.preprocessing,
        asked.augment,
        BankConfig(config.views_per_frame, config.seed),
        own,
        progress_of(show, "open-set views"),
        recipe.labels,
    )
    trunks = _trunks(model, views, recipe, progress_of(show, "open-set trunks"))
    torch.manual_seed(config.seed)
    spread = float(trunks[:: max(1, len(trunks) // 1000)].astype(np.float32).std())
    head = OpenSetHead(
        trunks.shape[1], len(recipe.labels), config.maps, config.hidden, 1 / max(spread, 1e-6)
    )
    checkpoint = Checkpoint(own / "head.pt")
    report = epochs_of(show, "open-set head", config.epochs)
    learn(head, replace(views, views=trunks), config, checkpoint, report)
    may_deny = denied_labels(recipe)
    head.claim_always([i for i in range(len(recipe.labels)) if i not in may_deny])
    return head


def denied_labels(recipe: Recipe) -> list[int]:
    """Return the numbers of the labels whose answers an open-set head may deny."""
    config = None if recipe.novelty is None else recipe.novelty.open_set
    assert config is not None
    return [i for i, label in enumerate(recipe.labels) if label in (config.denies or recipe.labels)]


def _digest(
    model: onnx.ModelProto, asked: Recipe, config: OpenSetConfig, rows: Sequence[FrameRecord]
) -> str:
    """Return what a head depends on, the bytes of its frames included."""
    learned = [(r.id, r.label, r.outlier, str(r.alteration)) for r in rows]
    settings = (asked.labels, asked.preprocessing.to_dict(), asked.augment, config)
    digest = hashlib.sha256(model.SerializeToString(deterministic=True))
    digest.update(frames_digest([r for r in rows if r.alteration is None]).encode())
    digest.update(repr((settings, learned)).encode())
    return digest.hexdigest()


def learn(
    head: OpenSetHead,
    trunks: ViewBank,
    config: LoopConfig,
    checkpoint: Checkpoint,
    report: Report = lambda epoch, parts: None,
) -> None:
    """Train a head on a bank whose views are trunks, float16 (N, channels, height, width)."""

    def loss(model: nn.Module, inputs: Tensor, indices: np.ndarray) -> LossParts:
        shares = shares_of(trunks, indices, inputs.device)
        return {"total": one_against_rest(model(inputs), *shares)}

    train(head, trunks, _as_floats, loss, config, checkpoint, report)


def _as_recipe(recipe: Recipe, config: OpenSetConfig) -> Recipe:
    """Return the recipe of a student that would learn what the head learns."""
    return structs.replace(
        recipe,
        outliers=config.outliers,
        erasing=config.erasing,
        augment=config.augment or recipe.augment,
        transfer=structs.replace(recipe.transfer, datasets=config.datasets, unlabelled=()),
    )


def _trunks(
    model: onnx.ModelProto, bank: ViewBank, recipe: Recipe, progress: Progress
) -> np.ndarray:
    """Return the trunk of each view, float16 (N, channels, height, width)."""
    name, normalise = trunk_name(model), normaliser(recipe)
    parts: list[np.ndarray] = []
    for start in range(0, len(bank), _CHUNK):
        views = normalise(bank.views[start : start + _CHUNK]).numpy()
        (found,) = values_at(model, [name], views)
        parts.append(found.clip(-_HALF_MAX, _HALF_MAX).astype(np.float16))
        progress(min(start + _CHUNK, len(bank)), len(bank))
    return np.concatenate(parts)


def _as_floats(trunks: np.ndarray) -> Tensor:
    return torch.from_numpy(trunks.astype(np.float32))


def counts_of(rows: Sequence[FrameRecord]) -> dict[str, int]:
    """Return how many rows are frames of the labels, outliers, and altered in which way."""
    counts: dict[str, int] = {}
    for row in rows:
        what = row.alteration.how if row.alteration else "outliers" if row.outlier else "frames"
        counts[what] = counts.get(what, 0) + 1
    return counts

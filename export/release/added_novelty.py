"""A novelty for a finished student, released or about to be: its network stays as it is.

Prototypes come from the frames that the student learned from; limits from frames of patients that
neither it nor an open-set head learned from. Each kind of frame that is no plane is left out of a
head in turn, and what is accepted of it then is told. (A recipe whose limits were chosen by these
figures can't expect them of the next kind.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
from msgspec import structs

from export.data.dataset import FrameRecord
from export.data.rows import is_kind, is_outlier
from export.display import Show
from export.distill.inputs import training_records, used_records
from export.packaging.graph_places import without_novelty
from export.packaging.novelty import Measures, with_novelty
from export.packaging.packaging import sealed, strip
from export.recipe.settings import OpenSetConfig, Recipe
from export.release.crossfit import Unseen, answers_of
from export.release.measures import fit_measures, limits_of
from export.release.open_set import rows_of, train_open_set
from export.release.strangers import accepted_strangers, kept_answers
from export.release.thresholds import Accepting
from sdk.model_file import parse_model_file


@dataclass(frozen=True, eq=False)
class AddedNovelty:
    """The student files with a novelty, and what it achieves, as a release's report has it."""

    contents: dict[str, bytes]
    report: dict[str, Any]


def add_novelty(
    contents: Mapping[str, bytes],
    recipe: Recipe,
    records: Sequence[FrameRecord],
    folder: Path,
    show: Show,
    strangers: bool = True,
) -> AddedNovelty:
    """Return student files (by precision) with a novelty by the recipe's `[novelty]`.

    Args:
        contents: files of one student, `fp32` among them; a novelty that they have is replaced.
        recipe: that made them.
        records: all of the data folder.
        folder: where an open-set head's training is kept.
        show: gets the progress.
        strangers: whether kinds that are no plane are left out in turn, a head's training each.

    Raises:
        ExportError: `novelty-few` or `novelty-graph`, or as the training of a head raises.
    """
    models = {p: without_novelty(strip(onnx.load_from_string(d))) for p, d in contents.items()}
    model = models["fp32"]
    calibration = parse_model_file(contents["fp32"]).metadata.calibration
    chosen = Accepting(calibration.temperature, dict(calibration.abstain_below), {})
    learned = _learned(records, recipe)
    measures = fit_measures(model, learned, recipe, folder, show)
    unseen = unseen_frames(records, recipe)
    own, limits = _own(model, measures, unseen, chosen, recipe)
    told: dict[str, Any] = {}
    for kind, frames in (_strangers(records, recipe) if strangers else {}).items():
        others = _without(model, measures, kind, recipe, folder, show)
        _, near = _own(model, others, unseen, chosen, recipe)
        met = {kind: answers_of(model, frames, recipe, others)}
        told |= accepted_strangers(met, chosen, near, recipe.labels)
    return AddedNovelty(
        {p: _sealed(contents[p], m, measures, limits) for p, m in models.items()},
        {
            "novelty": measures.section().to_dict(),
            "novelty_limits": dict(zip(measures.names, limits, strict=True)),
            "strangers": told,
            "kept": kept_answers(own, chosen, limits, recipe.labels),
        },
    )


def _own(
    model: onnx.ModelProto,
    measures: Measures,
    frames: Sequence[FrameRecord],
    chosen: Accepting,
    recipe: Recipe,
) -> tuple[Unseen, list[float]]:
    """Return the answers to frames of the labels, and the limits by them."""
    own = answers_of(model, frames, recipe, measures)
    assert own.measured is not None
    return own, limits_of(own.answers, own.measured, chosen, recipe)


def _without(
    model: onnx.ModelProto,
    measures: Measures,
    kind: str,
    recipe: Recipe,
    folder: Path,
    show: Show,
) -> Measures:
    """Return the measures as they would be if the head had never met a kind."""
    config = None if recipe.novelty is None else recipe.novelty.open_set
    if config is None:
        return measures
    rows = rows_without(recipe, config, kind)
    return replace(measures, open_set=train_open_set(model, recipe, rows, folder, show))


def rows_without(recipe: Recipe, config: OpenSetConfig, kind: str) -> list[FrameRecord]:
    """Return the rows of a head that never meets a kind: `DATASET:FINE`, or all of a data set."""
    dataset, _, fine = kind.partition(":")
    if not fine:
        others = tuple(name for name in config.datasets if name != dataset)
        outliers = structs.replace(
            config.outliers, datasets=tuple(n for n in config.outliers.datasets if n != dataset)
        )
        return rows_of(recipe, structs.replace(config, datasets=others, outliers=outliers))
    data = structs.replace(recipe.data, without_kinds=(*recipe.data.without_kinds, kind))
    return rows_of(structs.replace(recipe, data=data), config)


def unseen_frames(records: Sequence[FrameRecord], recipe: Recipe) -> list[FrameRecord]:
    """Return frames of the labels whose patients neither the student nor its head learned from."""
    seen = {record.group for record in _learned(records, recipe)}
    config = None if recipe.novelty is None else recipe.novelty.open_set
    if config is not None:
        seen |= {row.group for row in rows_of(recipe, config)}
    return [
        r
        for r in records
        if r.dataset in recipe.transfer.datasets and r.split in ("train", "val")
        if r.group not in seen and not _is_none(r, recipe)
    ]


def _learned(records: Sequence[FrameRecord], recipe: Recipe) -> list[FrameRecord]:
    """Return the training frames that have a label: outliers are no prototypes."""
    used = used_records(records, recipe)
    learned = training_records(used, recipe.transfer.datasets, recipe.data)
    return [r for r in learned if not _is_none(r, recipe)]


def _is_none(record: FrameRecord, recipe: Recipe) -> bool:
    return is_outlier(record, recipe.outliers) or is_kind(record, recipe.data.without_kinds)


def _strangers(records: Sequence[FrameRecord], recipe: Recipe) -> dict[str, list[FrameRecord]]:
    """Return the frames, of train and validation, of each kind that is none of the labels."""
    kinds: dict[str, list[FrameRecord]] = {}
    for record in records:
        if record.dataset not in recipe.transfer.datasets and record.split in ("train", "val"):
            kind = f"{record.dataset}:{record.fine}" if record.fine else record.dataset
            kinds.setdefault(kind, []).append(record)
    return kinds


def _sealed(
    data: bytes, model: onnx.ModelProto, measures: Measures, limits: Sequence[float]
) -> bytes:
    metadata = replace(parse_model_file(data).metadata, novelty=measures.section())
    return sealed(with_novelty(model, measures, limits), metadata)

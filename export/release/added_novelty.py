"""A novelty for a student that was released without one: nothing is trained for it.

Prototypes come from the frames that the student learned from, the distance from frames of patients
that it never saw. Whatever the data folder holds of other data sets is a stranger, and told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import onnx

from export.data.dataset import FrameRecord
from export.distill.inputs import tensors, training_records, used_records
from export.evaluation import truth_of
from export.packaging.novelty import Prototypes, fit, pooled_features, with_novelty
from export.packaging.packaging import strip
from export.recipe.settings import Recipe
from export.release.crossfit import answers_of, novelty_of
from export.release.strangers import accepted_strangers, kept_answers
from export.release.thresholds import Accepting
from sdk.model_file import parse_model_file
from sdk.model_file.digest import seal
from sdk.novelty import Novelty


@dataclass(frozen=True, eq=False)
class AddedNovelty:
    """The student files with a novelty, and what it achieves, as a release's report has it."""

    contents: dict[str, bytes]
    report: dict[str, Any]


def add_novelty(
    contents: Mapping[str, bytes], recipe: Recipe, records: Sequence[FrameRecord]
) -> AddedNovelty:
    """Return student files (by precision) with a novelty by the recipe's `[novelty]`.

    Args:
        contents: files of one student without a novelty; `fp32` among them.
        recipe: that made them.
        records: all of the data folder.

    Raises:
        ExportError: `novelty-few` or `novelty-graph`.
    """
    config = recipe.novelty
    assert config is not None
    model = strip(onnx.load_from_string(contents["fp32"]))
    calibration = parse_model_file(contents["fp32"]).metadata.calibration
    chosen = Accepting(calibration.temperature, dict(calibration.abstain_below), {})
    used = used_records(records, recipe)
    learned = training_records(used, recipe.transfer.datasets, recipe.data)
    features = pooled_features(model, tensors(learned, recipe.preprocessing))
    truth = truth_of(learned, recipe.labels)
    prototypes = fit(features, truth, config.prototypes, config.shrinkage, config.directions)
    own = answers_of(model, _unseen(records, learned, recipe), recipe, prototypes)
    novelty = novelty_of(prototypes, own, chosen, recipe)
    strangers = {
        kind: answers_of(model, frames, recipe, prototypes)
        for kind, frames in _strangers(records, recipe).items()
    }
    return AddedNovelty(
        {precision: _sealed(data, prototypes, novelty) for precision, data in contents.items()},
        {
            "novelty": novelty.to_dict(),
            "strangers": accepted_strangers(strangers, chosen, novelty.above, recipe.labels),
            "kept": kept_answers(own, chosen, novelty.above, recipe.labels),
        },
    )


def _unseen(
    records: Sequence[FrameRecord], learned: Sequence[FrameRecord], recipe: Recipe
) -> list[FrameRecord]:
    """Return frames of the recipe's data sets whose patients it never learned from."""
    seen = {record.group for record in learned}
    return [
        r
        for r in records
        if r.dataset in recipe.transfer.datasets and r.split in ("train", "val")
        if r.group not in seen
    ]


def _strangers(records: Sequence[FrameRecord], recipe: Recipe) -> dict[str, list[FrameRecord]]:
    kinds: dict[str, list[FrameRecord]] = {}
    for record in records:
        if record.dataset not in recipe.transfer.datasets and record.split in ("train", "val"):
            kinds.setdefault(record.fine or record.dataset, []).append(record)
    return kinds


def _sealed(data: bytes, prototypes: Prototypes, novelty: Novelty) -> bytes:
    model = with_novelty(strip(onnx.load_from_string(data)), prototypes)
    metadata = replace(parse_model_file(data).metadata, novelty=novelty)
    for key, value in metadata.to_properties().items():
        model.metadata_props.add(key=key, value=value)
    sealed = seal(model.SerializeToString(deterministic=True))
    parse_model_file(sealed)
    return sealed

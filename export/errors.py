"""Errors of the export side; they join the SDK's tree and carry a stable slug too."""

from sdk import SdkError

SLUGS: dict[str, str] = {
    "data-missing": "no data set was found",
    "data-columns": "frames.csv lacks a column",
    "data-label": "a label is none of the recipe's",
    "data-no-validation": "the data set has no validation or no training part",
    "frame-unreadable": "a frame of the data set is no image",
    "recipe-missing": "no such recipe",
    "recipe-syntax": "the recipe is not valid TOML",
    "recipe-field": "a recipe's field is missing or unknown",
    "recipe-losses": "the recipe has no losses of that name",
    "loss-shape": "the tensors of a loss differ in shape",
    "loss-weight": "the recipe weights a loss that does not exist",
    "loss-teacher": "a loss needs a teacher and there is none",
    "weights-hash": "a weights file is not the pinned one",
    "weights-keys": "a weights file does not fit the architecture",
    "weights-missing": "a step needs weights that an earlier step makes",
    "release-gate": "a student failed a gate of the release",
    "export-mismatch": "the exported network computes something else than PyTorch",
}


class ExportError(SdkError):
    """A recipe, data set, checkpoint or export step that can't be used as it is."""

    slugs = SLUGS

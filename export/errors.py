"""Errors of the export side; they join the SDK's tree and carry a stable slug too."""

from collections.abc import Sequence
from typing import Self

from sdk import SdkError

SLUGS: dict[str, str] = {
    "data-missing": "no data set was found",
    "data-choice": "the recipe's [data] leaves no frame to train on",
    "data-encoding": "the data set's table is not UTF-8",
    "data-columns": "the data set's table lacks a column or has it twice",
    "data-row": "a row has the wrong number of cells, or there is no row",
    "data-file": "a row names no file, or one that isn't there",
    "data-label": "a label is none of the recipe's, or no training frame has it",
    "data-group": "a row names no group, or another one for the same file",
    "data-frame": "a row names a frame beyond the clip's end",
    "data-number": "a cell is no whole number in its range",
    "data-clip-time": "gaze on a clip that tells no frame time",
    "data-duplicate": "two rows are of the same frame, or have the same id",
    "data-no-validation": "the data set has no validation or no training part",
    "frame-unreadable": "a file of the data set is no image or clip",
    "recipe-missing": "no such recipe",
    "recipe-syntax": "the recipe is not valid TOML",
    "recipe-field": "a recipe's field is missing or unknown",
    "run-unscored": "a run was not scored yet",
    "curve-points": "ablations that can't be points of one curve",
    "family-teachers": "students of a family that learned from different teachers",
    "run-data": "a runs folder belongs to other data",
    "run-recipe": "a run's folder belongs to other settings",
    "data-few": "fewer frames to train on than a batch has",
    "gaze-name": "the recipe has no gaze of that name",
    "gaze-coverage": "gaze lies on fewer frames than the recipe asks for",
    "gaze-shared": "one recording is given to two clips at one time",
    "recipe-objective": "the recipe has no objective of that name",
    "loss-shape": "the tensors of a loss differ in shape",
    "loss-weight": "the recipe weights a loss that does not exist",
    "loss-teacher": "a loss needs a teacher and there is none",
    "loss-needs": "a loss says that it needs what no batch has",
    "registry-name": "a loss or an architecture is unknown, or its name is taken",
    "training-diverged": "a loss is no longer a finite number",
    "logits-not-finite": "a network gives values that are not finite",
    "export-mismatch": "the exported ONNX is not the network that was trained",
    "search-space": "a search's space holds too few students that differ",
    "search-finals": "no student of a search is fast enough to be trained on",
    "evidence-damaged": "the committed logits of a teacher are missing or not whole",
    "weights-hash": "a weights file is not the pinned one",
    "weights-keys": "a weights file does not fit the architecture",
    "weights-missing": "a step needs weights that an earlier step makes",
    "parallel-command": "several processes run a command that is for one",
    "parallel-batch": "a batch has fewer frames than there are processes",
    "release-gate": "a student failed a gate of the release",
    "release-research-only": "a student learned from what its licence forbids to ship",
    "card-report": "the report of a release is missing or of an older format",
    "novelty-few": "too few frames of a label for prototypes",
    "novelty-graph": "a network whose last layer is not fully connected can have no novelty",
    "annotation-file": "a file of annotations, proposals or outlines is missing or damaged",
    "annotation-none": "no frame to annotate, or none that two readings share",
    "annotation-decision": "a line of decisions says what is not allowed",
    "release-gate-name": "a gate to pass over is unknown, doubled or has no reason",
}


class ExportError(SdkError):
    """A recipe, data set, checkpoint or export step that can't be used as it is.

    Attributes:
        details: what the command prints below the message, one a line.
    """

    slugs = SLUGS

    def __init__(self, slug: str, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(slug, message)
        self.details = tuple(details)

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, tuple[str, ...]]]:
        """Keep slug and details when an error crosses a process boundary."""
        return type(self), (self.slug, str(self), self.details)

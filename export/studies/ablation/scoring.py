"""What the runs of a workspace are scored on, by part; logits and scores are kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord
from export.data.view_bank import ViewBank, build_bank
from export.distill.inputs import normaliser, other_machines, tensors
from export.evaluation import best_temperature, guarded, log_evaluation, score, truth_of
from export.files import atomic_write, file_sha256
from export.recipe.settings import BankConfig
from export.workspace import Workspace

Logits = dict[str, np.ndarray]  # by part, (frames, classes)
VIEWS = "validation views"
WEIGHTS_SHA256 = "weights_sha256"
VIEWS_OF_VALIDATION = BankConfig(views_per_frame=8, seed=99)


class Evaluation:
    """What all runs of a workspace are scored on, by part; and the scores."""

    def __init__(self, workspace: Workspace):
        self.workspace, self.recipe = workspace, workspace.recipe
        self.parts: dict[str, list[FrameRecord]] = dict(workspace.parts)
        if others := other_machines(workspace.records, self.recipe.data):
            self.parts["other machines"] = others
        recipe = self.recipe.preprocessing
        self.inputs = {part: tensors(records, recipe) for part, records in self.parts.items()}
        self.views = self._draw_views()
        self.parts[VIEWS] = [self.parts["val"][i] for i in self.views.frame_index]
        self.inputs[VIEWS] = normaliser(self.recipe)(self.views.views).numpy()

    def _draw_views(self) -> ViewBank:
        """Return augmented views of the validation frames: more to choose by than the frames."""
        return build_bank(
            self.parts["val"],
            self.recipe.preprocessing,
            self.recipe.augment,
            VIEWS_OF_VALIDATION,
            self.workspace.folder,
            self.workspace.progress("validation views"),
            self.recipe.labels,
        )

    def logits(self, kept: Path, weights: Path, predict: Callable[[str], np.ndarray]) -> Logits:
        """Return what `predict(part)` gives for each part.

        Read from the file `kept` where that was made by the same `weights`.
        """
        digest = file_sha256(weights)
        if kept.exists():
            with np.load(kept) as file:
                if WEIGHTS_SHA256 in file and str(file[WEIGHTS_SHA256]) == digest:
                    return {part: file[part] for part in self.parts}
        logits = {part: predict(part) for part in self.parts}
        with atomic_write(kept) as unfinished:
            arrays: dict[str, Any] = {WEIGHTS_SHA256: np.array(digest), **logits}
            np.savez(unfinished, **arrays)
        return logits

    def scores(self, logits: Logits, what: str) -> dict[str, Any]:
        """Return scores by part, calibrated on validation; guarded parts' are logged."""
        labels = self.recipe.labels
        temperature = best_temperature(logits["val"], truth_of(self.parts["val"], labels))
        scores: dict[str, Any] = {}
        for part, records in self.parts.items():
            scores[part] = score(logits[part], records, temperature, labels)
            if guarded(part, records):
                log_evaluation(part, f"{what}, recipe {self.recipe.name}", scores[part]["accuracy"])
        return scores

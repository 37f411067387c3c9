"""What a candidate is scored on: validation frames and augmented views of them, nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord
from export.data.view_bank import build_bank
from export.distill.inputs import calibration_tensors, normaliser, tensors
from export.evaluation import crossed_bootstrap, truth_of
from export.files import atomic_write, file_sha256
from export.models.student import Student
from export.packaging.convert import run_onnx, to_onnx
from export.packaging.quantize import Scheme, quantize
from export.studies.ablation.scoring import VIEWS_OF_VALIDATION
from export.workspace import StudentRun, Workspace

PRECISIONS = ("fp32", "int8")
WEIGHTS = "weights_sha256"
Logits = dict[str, np.ndarray]  # by precision, (frames then views, classes)


@dataclass(frozen=True, eq=False)
class Validation:
    """Validation frames, then views of them, as inputs; their labels and patients.

    Attributes:
        inputs: (N, 1, height, width), normalised.
        truth: (N,), the index of each label.
        groups: the patient of each.
        frames: how many of them are frames.
        calibration: inputs of training frames, for int8.
    """

    inputs: np.ndarray
    truth: np.ndarray
    groups: list[str]
    frames: int
    calibration: np.ndarray

    @classmethod
    def of(cls, workspace: Workspace) -> "Validation":
        """Draw them, or open what was drawn."""
        recipe, frames = workspace.recipe, workspace.parts["val"]
        bank = build_bank(
            frames,
            recipe.preprocessing,
            recipe.augment,
            VIEWS_OF_VALIDATION,
            workspace.folder,
            workspace.progress("validation views"),
            recipe.labels,
        )
        records: list[FrameRecord] = [*frames, *(frames[i] for i in bank.frame_index)]
        views = normaliser(recipe)(bank.views).numpy()
        return cls(
            np.concatenate([tensors(frames, recipe.preprocessing), views]),
            truth_of(records, recipe.labels),
            [r.group for r in records],
            len(frames),
            calibration_tensors(workspace.transfer_records, recipe.preprocessing),
        )

    def accuracy(self, logits: list[np.ndarray]) -> dict[str, Any]:
        """Return the accuracy over runs on frames and on views, with intervals over patients."""
        right = np.stack([own.argmax(1) == self.truth for own in logits]).astype(np.float64)
        parts = {"frames": slice(None, self.frames), "views": slice(self.frames, None)}
        return {
            part: {
                "accuracy": float(right[:, rows].mean()),
                "accuracy_95": list(crossed_bootstrap(right[:, rows], self.groups[rows])),
                "by_seed": [float(share) for share in right[:, rows].mean(1)],
            }
            for part, rows in parts.items()
        }

    def gain(self, logits: list[np.ndarray], over: list[np.ndarray]) -> dict[str, Any]:
        """Return what runs gain on views over others of the same seeds, paired by view."""
        rows = slice(self.frames, None)
        hits = [
            np.stack([own.argmax(1) == self.truth for own in runs])[:, rows].astype(np.float64)
            for runs in (logits, over)
        ]
        difference = hits[0] - hits[1]
        return {
            "gain": float(difference.mean()),
            "gain_95": list(crossed_bootstrap(difference, self.groups[rows])),
        }


def logits_of(run: StudentRun, student: Student, validation: Validation) -> Logits:
    """Return a trained student's logits by precision, from its ONNX files; kept beside its weights.

    Kept ones are read where they were made by the same weights and layers in fp32.
    """
    layers = run.recipe.quantise.float_layers
    made_by = f"{file_sha256(run.weights)} {' '.join(layers)}"
    kept: Path = run.folder / "validation-logits.npz"
    if kept.exists():
        with np.load(kept) as file:
            if str(file[WEIGHTS]) == made_by and len(file["fp32"]) == len(validation.truth):
                return {precision: file[precision] for precision in PRECISIONS}
    size = run.recipe.preprocessing
    fp32 = to_onnx(student, size.height, size.width)
    int8 = quantize(fp32, validation.calibration, Scheme(float_layers=layers))
    logits = {
        precision: run_onnx(model.SerializeToString(), validation.inputs)[0]
        for precision, model in (("fp32", fp32), ("int8", int8))
    }
    with atomic_write(kept) as unfinished:
        arrays: dict[str, Any] = {WEIGHTS: np.array(made_by), **logits}
        np.savez(unfinished, **arrays)
    return logits

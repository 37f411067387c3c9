"""The two files of a student: converted, calibrated on validation, packaged, written together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.display import epochs_of
from export.distill.inputs import calibration_tensors, tensors
from export.distill.pipeline import training_data
from export.evaluation import best_temperature, softmax, truth_of
from export.files import write_all
from export.models.student import Student
from export.packaging.convert import run_onnx, to_onnx
from export.packaging.packaging import ModelCard, package
from export.packaging.qat import quantise, task_of
from export.recipe.settings import Recipe
from export.release.provenance import attribution, provenance_of
from export.workspace import StudentRun

ACCEPTED_ACCURACY = 0.99
REPORT = "release.json"


@dataclass(frozen=True, eq=False)
class StudentFiles:
    """A finished student, and what ships of it.

    Attributes:
        student: in PyTorch.
        models: ONNX by precision.
        contents: the student file by precision.
        provenance: as the files hold it.
        inputs, truth: of the validation frames that temperature and threshold were chosen on.
    """

    student: Student
    models: Mapping[str, onnx.ModelProto]
    contents: Mapping[str, bytes]
    provenance: dict[str, Any]
    inputs: np.ndarray
    truth: np.ndarray

    @classmethod
    def of(cls, run: StudentRun, student: Student, more: Mapping[str, Any]) -> "StudentFiles":
        """Make the files of a finished student; `more` joins their provenance."""
        frames = run.workspace.parts["val"]
        inputs = tensors(frames, run.recipe.preprocessing)
        truth = truth_of(frames, run.recipe.labels)
        models = convert(run, student)
        provenance = {**provenance_of(run, student), **more}
        contents = build_files(models, run.recipe, provenance, (inputs, truth))
        return cls(student, models, contents, provenance, inputs, truth)


def convert(run: StudentRun, student: Student) -> dict[str, onnx.ModelProto]:
    """Return the student as ONNX by precision; int8 by the recipe's `[quantise]`.

    What it learned from is made again where the method trains.
    """
    recipe = run.recipe
    size = (recipe.preprocessing.height, recipe.preprocessing.width)
    int8 = quantise(
        student,
        size,
        recipe.quantise,
        calibration_tensors(run.workspace.transfer_records, recipe.preprocessing),
        lambda: task_of(run, training_data(run.workspace, run.objective, run.seed)),
        run.folder,
        epochs_of(run.workspace.show, "quantisation-aware", recipe.quantise.epochs),
    )
    return {"fp32": to_onnx(student, *size), "int8": int8}


def abstain_threshold(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the lowest confidence above which 99 % of the accepted answers are right.

    From 0.3 in steps of 0.01; 0.95 where none reaches that share.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    for threshold in np.arange(0.3, 0.96, 0.01):
        accepted = confidence >= threshold
        if accepted.any() and right[accepted].mean() >= ACCEPTED_ACCURACY:
            return float(round(threshold, 2))
    return 0.95


def build_files(
    models: Mapping[str, onnx.ModelProto],
    recipe: Recipe,
    provenance: dict[str, Any],
    validation: tuple[np.ndarray, np.ndarray],
) -> dict[str, bytes]:
    """Return both student files; `validation` is (tensors, truth)."""
    inputs, truth = validation
    logits = run_onnx(models["fp32"].SerializeToString(), inputs)[0]
    temperature = best_temperature(logits, truth)
    threshold = abstain_threshold(softmax(logits, temperature), truth)
    card = ModelCard(
        student_id=f"{recipe.name}-{provenance['student_sha256'][:12]}",
        precision="fp32",
        labels=recipe.labels,
        preprocessing=recipe.preprocessing,
        temperature=round(temperature, 4),
        abstain_below=dict.fromkeys(recipe.labels, threshold),
        provenance=provenance,
        attribution=attribution(provenance),
    )
    return {p: package(m, replace(card, precision=p)) for p, m in models.items()}


def file_name(recipe: str, precision: str) -> str:
    """Return the name of a released student file: by its recipe, so that two can share a folder."""
    return f"{recipe}-{precision}.onnx"


def write_release(
    contents: Mapping[str, bytes], destination: Path, report: Mapping[str, Any]
) -> None:
    """Write the student files and `release.json`, all of them or none."""
    recipe = report["provenance"]["recipe"]
    files = {file_name(recipe, precision): data for precision, data in contents.items()}
    files[REPORT] = (json.dumps(report, indent=2, allow_nan=False) + "\n").encode()
    write_all({destination / name: data for name, data in files.items()})

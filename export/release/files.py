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
from export.evaluation import truth_of
from export.files import write_all
from export.models.student import Student
from export.packaging.convert import to_onnx
from export.packaging.novelty import with_novelty
from export.packaging.packaging import ModelCard, package
from export.packaging.qat import quantise, task_of
from export.recipe.settings import Recipe
from export.release.crossfit import answers_of, measures_of, unseen_answers
from export.release.measures import limits_of
from export.release.provenance import attribution, provenance_of
from export.release.strangers import by_strangers
from export.release.thresholds import Accepting, accepting
from export.workspace import StudentRun
from sdk.novelty import Novelty

REPORT = "release.json"


@dataclass(frozen=True, eq=False)
class StudentFiles:
    """A finished student, and what ships of it.

    Attributes:
        student: in PyTorch.
        models: ONNX by precision.
        contents: the student file by precision.
        provenance: as the files hold it.
        inputs, truth: of the validation frames.
        accepting: temperature and thresholds, and what they rest on.
        novelty_limits: of each measure, by name; empty without a novelty.
    """

    student: Student
    models: Mapping[str, onnx.ModelProto]
    contents: Mapping[str, bytes]
    provenance: dict[str, Any]
    inputs: np.ndarray
    truth: np.ndarray
    accepting: Accepting
    novelty_limits: Mapping[str, float]

    @classmethod
    def of(cls, run: StudentRun, student: Student, more: Mapping[str, Any]) -> "StudentFiles":
        """Make the files of a finished student; `more` joins their provenance."""
        frames = run.workspace.parts["val"]
        inputs = tensors(frames, run.recipe.preprocessing)
        truth = truth_of(frames, run.recipe.labels)
        models = convert(run, student)
        provenance = {**provenance_of(run, student), **more}
        measures = measures_of(run, models["fp32"])
        labels, thresholds = run.recipe.labels, run.recipe.thresholds
        if thresholds.folds:
            unseen = unseen_answers(run)
        else:
            unseen = answers_of(models["fp32"], frames, run.recipe, measures)
        chosen, limits = accepting(unseen.answers, labels, thresholds), None
        if measures is not None and unseen.measured is not None:
            limits = limits_of(unseen.answers, unseen.measured, chosen, run.recipe)
            models = {p: with_novelty(m, measures, limits) for p, m in models.items()}
        chosen = by_strangers(chosen, unseen, limits, labels, thresholds)
        novelty = None if measures is None else measures.section()
        contents = build_files(models, run.recipe, provenance, chosen, novelty)
        named = {} if measures is None else dict(zip(measures.names, limits or (), strict=True))
        return cls(student, models, contents, provenance, inputs, truth, chosen, named)


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


def build_files(
    models: Mapping[str, onnx.ModelProto],
    recipe: Recipe,
    provenance: dict[str, Any],
    chosen: Accepting,
    novelty: Novelty | None = None,
) -> dict[str, bytes]:
    """Return both student files."""
    card = ModelCard(
        student_id=f"{recipe.name}-{provenance['student_sha256'][:12]}",
        precision="fp32",
        labels=recipe.labels,
        preprocessing=recipe.preprocessing,
        temperature=round(chosen.temperature, 4),
        abstain_below=chosen.abstain_below,
        provenance=provenance,
        attribution=attribution(provenance),
        novelty=novelty,
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

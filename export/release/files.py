"""The two files of a student: converted, calibrated on validation, packaged, written together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.data.dataset import data_root, load_records
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
from export.release.added_novelty import add_novelty
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
        novelty: as the report has it: `novelty`, `novelty_limits`, `strangers` that were met, and
            the share of right answers `kept`.
    """

    student: Student
    models: Mapping[str, onnx.ModelProto]
    contents: Mapping[str, bytes]
    provenance: dict[str, Any]
    inputs: np.ndarray
    truth: np.ndarray
    accepting: Accepting
    novelty: Mapping[str, Any]

    @classmethod
    def of(
        cls, run: StudentRun, student: Student, more: Mapping[str, Any], strangers: bool = False
    ) -> "StudentFiles":
        """Make the files of a finished student.

        Args:
            run: that made it.
            student: in PyTorch.
            more: joins their provenance.
            strangers: whether a novelty tells what it would let in of kinds that it never met.
        """
        frames = run.workspace.parts["val"]
        inputs = tensors(frames, run.recipe.preprocessing)
        truth = truth_of(frames, run.recipe.labels)
        models: Mapping[str, onnx.ModelProto] = convert(run, student)
        provenance = {**provenance_of(run, student), **more}
        if run.recipe.thresholds.folds:
            chosen, contents, novelty = _by_folds(run, models, provenance)
        else:
            unseen = answers_of(models["fp32"], frames, run.recipe, None)
            chosen = accepting(unseen.answers, run.recipe.labels, run.recipe.thresholds)
            contents, novelty = _by_itself(run, models, provenance, chosen, strangers)
        return cls(student, models, contents, provenance, inputs, truth, chosen, novelty)


_NO_NOVELTY: dict[str, Any] = {"novelty": None, "novelty_limits": {}, "strangers": {}, "kept": None}


def _by_itself(
    run: StudentRun,
    models: Mapping[str, onnx.ModelProto],
    provenance: dict[str, Any],
    chosen: Accepting,
    strangers: bool,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files and their novelty, whose limits rest on patients that nothing learned."""
    contents = build_files(models, run.recipe, provenance, chosen)
    if run.recipe.novelty is None:
        return contents, _NO_NOVELTY
    records, show = load_records(data_root(), run.recipe.labels), run.workspace.show
    added = add_novelty(contents, run.recipe, records, run.folder, show, strangers)
    return added.contents, added.report


def _by_folds(
    run: StudentRun, models: Mapping[str, onnx.ModelProto], provenance: dict[str, Any]
) -> tuple[Accepting, dict[str, bytes], dict[str, Any]]:
    """Return thresholds and limits that rest on the folds' students, and the files."""
    recipe, unseen = run.recipe, unseen_answers(run)
    chosen, limits, novelty = accepting(unseen.answers, recipe.labels, recipe.thresholds), None, {}
    measures = measures_of(run, models["fp32"])
    section = None if measures is None else measures.section()
    if measures is not None and section is not None and unseen.measured is not None:
        limits = limits_of(unseen.answers, unseen.measured, chosen, recipe)
        models = {p: with_novelty(m, measures, limits) for p, m in models.items()}
        named = dict(zip(measures.names, limits, strict=True))
        novelty = {"novelty": section.to_dict(), "novelty_limits": named}
    chosen = by_strangers(chosen, unseen, limits, recipe.labels, recipe.thresholds)
    contents = build_files(models, recipe, provenance, chosen, section)
    told = {"strangers": dict(chosen.strangers), "kept": chosen.kept}
    return chosen, contents, {**_NO_NOVELTY, **novelty, **told}


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

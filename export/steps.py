"""The steps behind `sonogaze-export`: each makes what is missing before it, and can be resumed."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord, data_root, load_records
from export.data.frames import read_frames
from export.display import Show, silent
from export.distill import runs
from export.errors import ExportError
from export.evaluation import guarded, log_look, score
from export.evidence import read_evidence, teacher_logits, write_evidence
from export.models.student import Student
from export.models.teacher import Teacher
from export.recipe import Recipe, load_recipe
from sdk.preprocess import Preprocessing

ATTRIBUTION = Path(__file__).parent / "recipes" / "attribution.txt"
SCORED_PARTS = ("val", "test", "external")


def teacher(recipe_name: str, out: Path, show: Show = silent) -> Teacher:
    """Train the recipe's teacher in `out`, or load it where it is finished."""
    recipe = load_recipe(recipe_name)
    epochs = recipe.teacher_loop.epochs
    return runs.train_teacher(
        recipe,
        load_records(data_root(), recipe.labels),
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
        load_records(data_root(), recipe.labels),
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
    parts = scored_parts(load_records(data_root(), recipe.labels))
    records = [r for part in parts.values() for r in part]
    show("teacher looks at evaluation frames", 0, 1, "")
    logits = teacher_logits(model, tensors(records, recipe.preprocessing))
    write_evidence(recipe, model, out / "teacher-weights.pt", records, logits)
    show("teacher looks at evaluation frames", 1, 1, "")
    known = read_evidence()
    scores = {
        part: score(known.of(found), found, labels=recipe.labels) for part, found in parts.items()
    }
    for part, found in parts.items():
        if guarded(part, found):
            log_look(part, f"teacher {recipe.name}", scores[part]["accuracy"])
    return scores


def needs_teacher(recipe: Recipe, losses: str) -> bool:
    """Return whether any weighted part asks for a teacher."""
    return any(name != "labels" for name in recipe.losses.get(losses, {}))


def tensors(records: Sequence[FrameRecord], recipe: Preprocessing) -> np.ndarray:
    """Return the frames as the cart sees them: float32 (N, 1, height, width)."""
    return np.concatenate([recipe.tensor(frame) for frame in read_frames(records)])


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


def _note(parts: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in parts.items())

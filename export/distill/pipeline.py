"""The steps behind `sonogaze-export`: each makes what is missing before it, and can be resumed."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord, data_root, load_records
from export.data.frames import read_frames
from export.display import Show, silent
from export.distill.inputs import (
    frames_to_learn_from,
    training_records,
    transfer_bank,
    used_records,
)
from export.distill.monitoring import header_of, validation_of
from export.distill.objectives import (
    check_names,
    needs_gaze,
    needs_teacher,
    objective_named,
)
from export.distill.student import TrainingData, load_student, student_folder, train_student
from export.distill.teacher import teach_bank, train_teacher, weights_path
from export.errors import ExportError
from export.evaluation import guarded, log_evaluation, score
from export.evidence.known import EVIDENCE, read_evidence
from export.evidence.record import teacher_logits, write_evidence
from export.files import file_sha256
from export.gaze.obtain import note_coverage, obtain_gaze
from export.gaze.privileged import GazeOfFrames, view_maps
from export.models.committee import Committee
from export.models.student import Student
from export.models.teacher import Teacher
from export.recipe.digests import outputs_digest
from export.recipe.read import load_recipe
from export.recipe.settings import PLAIN, ObjectiveConfig, Recipe
from export.runs import claim_data, claim_teacher
from sdk.preprocess import Preprocessing

CALIBRATION_FRAMES = 256
SCORED_PARTS = ("val", "test", "external")


def open_recipe(name: str) -> Recipe:
    """Read a recipe, and refuse one whose objectives can't be minimised."""
    recipe = load_recipe(name)
    check_names(recipe)
    return recipe


def teacher(
    recipe_name: str, out: Path, name: str = PLAIN, show: Show = silent
) -> Teacher | Committee:
    """Train the recipe's teacher `name` in `out`, or load it where it is finished.

    Raises:
        ExportError: `gaze-name` for an unknown name, `run-recipe` or `run-data` for a folder that
            holds something else.
    """
    recipe = open_recipe(recipe_name)
    if name != PLAIN and name not in recipe.gaze:
        raise ExportError(
            "gaze-name", f"no [gaze.{name}] in the recipe; known: {[PLAIN, *sorted(recipe.gaze)]}"
        )
    records = open_records(recipe, out, show)
    chosen = frames_to_learn_from(records, recipe, recipe.teacher.datasets, recipe.teacher.batch)
    epochs = recipe.teacher.epochs * recipe.teacher.members
    return train_teacher(
        recipe,
        name,
        records,
        gaze_on(recipe, name, chosen, records, out, show),
        out,
        lambda done, total: show("teacher's views", done, total, ""),
        lambda epoch, parts: show(f"teacher {name}", epoch, epochs, _note(parts)),
    )


def gaze_on(
    recipe: Recipe,
    name: str | None,
    wanted: Sequence[FrameRecord],
    records: Sequence[FrameRecord],
    out: Path,
    show: Show = silent,
) -> GazeOfFrames | None:
    """Return the gaze `name` of the recipe on the `wanted` of all `records`; None for none.

    What it covers is written in `out`, as `gaze-NAME.json`.
    """
    if name is None or name == PLAIN:
        return None
    used = (*recipe.teacher.datasets, *recipe.transfer.datasets)
    learned = training_records(records, used, recipe.data)
    gaze = obtain_gaze(
        recipe.gaze[name],
        wanted,
        records,
        {r.id for r in learned},
        out,
        lambda done, total: show("gaze", done, total, ""),
    )
    if gaze.coverage is not None:
        note_coverage(out / f"gaze-{name}.json", recipe.gaze[name], gaze.coverage)
    return gaze


def lessons(recipe_name: str, out: Path, losses: str, show: Show = silent) -> TrainingData:
    """Make what students learn from by the losses named `losses`; the teacher if missing.

    Raises:
        ExportError: `recipe-losses` when the recipe has no such losses.
    """
    recipe = open_recipe(recipe_name)
    config = objective_named(recipe, losses)
    records = open_records(recipe, out, show)
    chosen = frames_to_learn_from(records, recipe, recipe.transfer.datasets, recipe.student.batch)
    if needs_teacher(config):  # long before it is its turn
        frames_to_learn_from(records, recipe, recipe.teacher.datasets, recipe.teacher.batch)
    bank = transfer_bank(
        recipe, records, out, lambda done, total: show("students' views", done, total, "")
    )

    @cache  # the teacher's gaze is mostly the student's too
    def maps_of(name: str | None) -> np.ndarray | None:
        gaze = gaze_on(recipe, name, chosen, records, out, show)
        return None if gaze is None else view_maps(gaze, bank)

    taught = None
    if needs_teacher(config):
        model = teacher(recipe_name, out, config.teacher, show)
        which = f"{outputs_digest(recipe, config.teacher)[:8]}-{_teacher_sha256(config, out)[:8]}"
        folder = out / f"taught-{config.teacher}-{which}"
        looks = lambda done, total: show("teacher looks at views", done, total, "")  # noqa: E731
        taught = teach_bank(model, bank, maps_of(config.teacher), recipe, folder, looks)
    return TrainingData(
        bank,
        taught,
        maps_of(config.gaze_name) if needs_gaze(config) else None,
        validation_of(records, recipe),
        header_of(records, chosen, recipe),
    )


def distill(
    recipe_name: str,
    out: Path,
    losses: str,
    seed: int | None = None,
    show: Show = silent,
    taught: Callable[[], TrainingData] | None = None,
) -> Student:
    """Train the recipe's student by the losses named `losses`; the teacher first if missing.

    `taught` gives its `lessons` where several students share them.
    """
    recipe = open_recipe(recipe_name)
    seed = recipe.student.seed if seed is None else seed
    run, epochs = student_folder(out, losses, seed), recipe.student.epochs
    open_records(recipe, out, show)
    taken = load_student(recipe, losses, run)
    if taken is not None:
        return taken
    learned = taught() if taught else lessons(recipe_name, out, losses, show)
    config = objective_named(recipe, losses)
    if needs_teacher(config):
        claim_teacher(run, _teacher_sha256(config, out))
    return train_student(
        recipe,
        losses,
        seed,
        learned,
        run,
        lambda epoch, parts: show(f"student {losses} {seed}", epoch, epochs, _note(parts)),
    )


def _teacher_sha256(config: ObjectiveConfig, out: Path) -> str:
    return file_sha256(weights_path(out, config.teacher))


def evidence(recipe_name: str, out: Path, show: Show = silent) -> dict[str, Any]:
    """Write the teacher's logits on every evaluation frame into `out`; return its scores.

    What the repository has committed of another teacher (`EVIDENCE`) stays as it is.
    """
    recipe = open_recipe(recipe_name)
    model = teacher(recipe_name, out, show=show)
    parts = scored_parts(open_records(recipe, out, show))
    records = [r for part in parts.values() for r in part]
    show("teacher looks at evaluation frames", 0, 1, "")
    logits = teacher_logits(model, tensors(records, recipe.preprocessing))
    path = out / EVIDENCE.name
    write_evidence(recipe, model, weights_path(out), records, logits, path)
    show("teacher looks at evaluation frames", 1, 1, "")
    known = read_evidence(path)
    scores = {
        part: score(known.of(found), found, labels=recipe.labels) for part, found in parts.items()
    }
    for part, found in parts.items():
        if guarded(part, found):
            log_evaluation(part, f"teacher {recipe.name}", scores[part]["accuracy"])
    return scores


def open_records(recipe: Recipe, out: Path, show: Show = silent) -> list[FrameRecord]:
    """Read the recipe's frames of the data set, to which the runs folder `out` then belongs.

    Raises:
        ExportError: `run-data` when the folder's runs are of other data, `data-choice` when the
            data folder holds none of the recipe's, `frame-unreadable` for a file that can't be
            decoded, found before anything is trained.
    """
    records = used_records(load_records(data_root(), recipe.labels), recipe)
    claim_data(out, records, lambda done, total: show("files", done, total, ""))
    return records


def tensors(records: Sequence[FrameRecord], recipe: Preprocessing) -> np.ndarray:
    """Return the frames as the cart sees them: float32 (N, 1, height, width)."""
    return np.concatenate([recipe.tensor(frame) for frame in read_frames(records)])


def calibration_tensors(train: Sequence[FrameRecord], recipe: Preprocessing) -> np.ndarray:
    """Return tensors of frames, evenly over the train part: what int8 ranges are chosen by."""
    return tensors(train[:: max(1, len(train) // CALIBRATION_FRAMES)], recipe)


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

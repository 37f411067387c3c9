"""Students of several seeds by each losses of a recipe, on identical views, and their scores.

One JSON and the logits are kept a run, so that an ablation can be done in pieces.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import to_builtins

from export.data.dataset import FrameRecord
from export.data.view_bank import ViewBank, build_bank
from export.display import Show, silent
from export.distill.inputs import normaliser, other_machines, training_records
from export.distill.objectives import needs_teacher, objective_named
from export.distill.pipeline import (
    distill,
    gaze_on,
    lessons,
    open_records,
    scored_parts,
    teacher,
    tensors,
)
from export.distill.student import WEIGHTS, TrainingData, student_folder
from export.distill.teacher import weights_path
from export.evaluation import best_temperature, guarded, log_evaluation, score, truth_of
from export.evidence.record import teacher_logits
from export.files import atomic_write, file_sha256, write_json
from export.gaze.privileged import input_maps, view_maps
from export.models.student import folded_parameters, student_logits
from export.recipe.digests import recipe_digest
from export.recipe.read import load_recipe
from export.recipe.settings import PLAIN, BankConfig, Recipe
from export.runs import frames_digest
from export.studies.ablation.table import compared
from export.studies.gaze_probe import leakage_probe

Logits = dict[str, np.ndarray]  # by part, (frames, classes)
VIEWS = "validation views"
WEIGHTS_SHA256 = "weights_sha256"
VIEWS_OF_VALIDATION = BankConfig(views_per_frame=8, seed=99)


class Bench:
    """A recipe's evaluation frames, and the folder that its runs are kept in."""

    def __init__(self, recipe_name: str, out: Path, show: Show):
        self.name, self.out, self.show = recipe_name, out, show
        self.recipe: Recipe = load_recipe(recipe_name)
        self.records = open_records(self.recipe, out)
        self.parts: dict[str, list[FrameRecord]] = scored_parts(self.records)
        if others := other_machines(self.records, self.recipe.data):
            self.parts["other machines"] = others
        recipe = self.recipe.preprocessing
        self.inputs = {part: tensors(found, recipe) for part, found in self.parts.items()}
        self.views = self._draw_views()
        self.parts[VIEWS] = [self.parts["val"][i] for i in self.views.frame_index]
        self.inputs[VIEWS] = normaliser(self.recipe)(self.views.views).numpy()

    def _draw_views(self) -> ViewBank:
        """Return augmented views of the validation frames: more to choose by than the frames."""
        return build_bank(
            self.parts["val"],
            self.recipe.preprocessing,
            self.recipe.augment,
            VIEWS_OF_VALIDATION,
            self.out,
            lambda done, total: self.show("validation views", done, total, ""),
            self.recipe.labels,
        )

    def logits(self, kept: Path, weights: Path, look: Callable[[str], np.ndarray]) -> Logits:
        """Return what `look(part)` gives for each part.

        Read from the file `kept` where that was made by the same `weights`.
        """
        digest = file_sha256(weights)
        if kept.exists():
            with np.load(kept) as file:
                if WEIGHTS_SHA256 in file and str(file[WEIGHTS_SHA256]) == digest:
                    return {part: file[part] for part in self.parts}
        found = {part: look(part) for part in self.parts}
        with atomic_write(kept) as unfinished:
            np.savez(unfinished, **{WEIGHTS_SHA256: np.array(digest)}, **found)
        return found

    def scores(self, logits: Logits, what: str) -> dict[str, Any]:
        """Return scores by part, calibrated on validation; looks at guarded parts are logged."""
        labels = self.recipe.labels
        temperature = best_temperature(logits["val"], truth_of(self.parts["val"], labels))
        found: dict[str, Any] = {}
        for part, records in self.parts.items():
            found[part] = score(logits[part], records, temperature, labels)
            if guarded(part, records):
                log_evaluation(part, f"{what}, recipe {self.recipe.name}", found[part]["accuracy"])
        return found


def ablate(
    recipe_name: str, out: Path, seeds: int, names: Sequence[str] = (), show: Show = silent
) -> dict[str, Any]:
    """Train a student by each losses over seeds 1 to `seeds`; compare their scores.

    `names` are the losses to compare, the first being what the others are held against; all of
    the recipe's where none is named. Returns (and writes to `out/ablation.json`), by part, each
    losses' accuracy over seeds and its gains over the first and those it names, paired by seed and
    frame; the teachers' scores, with gaze and without; what gaze alone tells of the class.

    Students of all seeds learn from one teacher, so intervals hold the chance in patients and in
    students, not that in training a teacher.

    Raises:
        ExportError: `recipe-losses` for an unknown name, or as training raises.
    """
    bench = Bench(recipe_name, out, show)
    chosen = tuple(names) or tuple(bench.recipe.objectives)
    used = [objective_named(bench.recipe, name) for name in chosen]
    logits: dict[str, list[Logits]] = {}
    for losses in chosen:
        taught = cache(partial(lessons, recipe_name, out, losses, show))  # one for all seeds
        every = range(1, seeds + 1)
        logits[losses] = [_student(bench, losses, seed, taught) for seed in every]
    learned = training_records(bench.records, bench.recipe.transfer.datasets, bench.recipe.data)
    command = [f"sonogaze-export ablate --recipe {recipe_name} --seeds {seeds}"]
    report = {
        "command": " ".join(command + [f"--losses {name}" for name in names]),
        "recipe": bench.recipe.name,
        "recipe_sha256": recipe_digest(bench.recipe),
        "seeds": seeds,
        "data": to_builtins(bench.recipe.data),
        "learned_from": {
            "frames": len(learned),
            "patients": len({r.group for r in learned}),
            "sha256": frames_digest(learned),
        },
        "losses": {name: to_builtins(bench.recipe.objectives[name]) for name in chosen},
        "parts": compared(bench.parts, bench.recipe.labels, logits, _rivals(bench, chosen)),
        "teachers": {
            name: _teacher(bench, name)
            for name in dict.fromkeys(c.teacher for c in used if needs_teacher(c))
        },
        "gaze": {
            name: _probe(bench, name)
            for name in dict.fromkeys(c.gaze_name for c in used if c.gaze_name)
        },
    }
    write_json(out / "ablation.json", report)
    return report


def _rivals(bench: Bench, chosen: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return what each losses is held against: the first, and those it names, as far as chosen."""
    found = {}
    for name in chosen:
        others = dict.fromkeys((chosen[0], *bench.recipe.objectives[name].against))
        found[name] = tuple(other for other in others if other in chosen and other != name)
    return found


def _student(bench: Bench, losses: str, seed: int, taught: Callable[[], TrainingData]) -> Logits:
    """Return one student's logits by part: trained, scored and logged, or read where done."""
    folder = student_folder(bench.out, losses, seed)
    student = distill(bench.name, bench.out, losses, seed, bench.show, taught)
    weights = folder / WEIGHTS
    logits = bench.logits(
        folder / "logits.npz", weights, lambda part: student_logits(student, bench.inputs[part])
    )
    if not _scored(folder / "scores.json", file_sha256(weights)):
        result = {
            WEIGHTS_SHA256: file_sha256(weights),
            "recipe_sha256": recipe_digest(bench.recipe),
            "losses": losses,
            "seed": seed,
            "parameters": folded_parameters(student),
            "scores": bench.scores(logits, f"student {losses} seed {seed}"),
        }
        write_json(folder / "scores.json", result)
    return logits


def _scored(path: Path, weights_sha256: str) -> bool:
    """Return whether `path` holds the scores of these weights, not of others before them."""
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))[WEIGHTS_SHA256] == weights_sha256)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _teacher(bench: Bench, name: str) -> dict[str, Any]:
    """Return a teacher's scores by part without gaze, and with it where it takes gaze."""
    model = teacher(bench.name, bench.out, name, bench.show)
    found: dict[str, Any] = {"parameters": folded_parameters(model)}
    for way in ("without_gaze",) if name == PLAIN else ("without_gaze", "with_gaze"):

        def look(part: str, looked: bool = way == "with_gaze") -> np.ndarray:
            maps = _input_gaze(bench, name, part) if looked else None
            return teacher_logits(model, bench.inputs[part], maps)

        kept = bench.out / f"teacher-{name}-{way}-logits.npz"
        logits = bench.logits(kept, weights_path(bench.out, name), look)
        found[way] = bench.scores(logits, f"teacher {name} {way}")
    return found


def _input_gaze(bench: Bench, name: str, part: str) -> np.ndarray | None:
    records = bench.parts["val" if part == VIEWS else part]
    gaze = gaze_on(bench.recipe, name, records, bench.records, bench.out, bench.show)
    if gaze is None:
        return None
    if part == VIEWS:
        return view_maps(gaze, bench.views)
    return input_maps(gaze, records, bench.recipe.preprocessing)


def _probe(bench: Bench, name: str) -> dict[str, Any]:
    """Return how much of the class the training frames' gaze tells by itself."""
    records = training_records(bench.records, bench.recipe.transfer.datasets, bench.recipe.data)
    gaze = gaze_on(bench.recipe, name, records, bench.records, bench.out, bench.show)
    assert gaze is not None
    probe = leakage_probe(gaze.maps, [r.label for r in records], [r.group for r in records])
    return {
        "simulated": gaze.simulated,
        "coverage": float(gaze.covered.mean()),
        "probe_accuracy": probe.accuracy,
        "probe_balanced_accuracy": probe.balanced_accuracy,
        "majority": probe.majority,
    }

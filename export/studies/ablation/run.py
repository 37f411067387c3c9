"""Students of several seeds by each objective of a recipe, on identical views, and their scores.

One JSON and the logits are kept a run, so that an ablation can be done in pieces.
"""

import json
import shlex
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import to_builtins

from export.distill.objectives import needs_teacher, objective_named
from export.distill.pipeline import distill, gaze_on, teacher, training_data
from export.distill.student import TrainingData
from export.evidence.record import teacher_logits
from export.files import file_sha256, write_json
from export.gaze.privileged import input_maps, view_maps
from export.models.student import folded_parameters, student_logits
from export.recipe.digests import recipe_digest
from export.recipe.settings import PLAIN
from export.runs import frames_digest
from export.studies.ablation.scoring import VIEWS, WEIGHTS_SHA256, Evaluation, Logits
from export.studies.ablation.table import compared
from export.studies.gaze_probe import leakage_probe
from export.workspace import StudentRun, Workspace


def ablate(workspace: Workspace, seeds: int, names: Sequence[str] = ()) -> dict[str, Any]:
    """Train a student by each objective over seeds 1 to `seeds`; compare their scores.

    `names` are the objectives to compare, the first being what the others are compared with; all of
    the recipe's where none is named. Returns (and writes to `ablation.json`), by part, each
    objective's accuracy over seeds and its gains over the first and those it names, paired by seed
    and frame; the teachers' scores, with gaze and without; what gaze alone gives away of the class.

    Students of all seeds learn from one teacher, so intervals hold the chance in patients and in
    students, not that in training a teacher.

    Raises:
        ExportError: `recipe-objective` for an unknown name, or as training raises.
    """
    recipe = workspace.recipe
    chosen = tuple(names) or tuple(recipe.objectives)
    used = [objective_named(recipe, name) for name in chosen]
    workspace.enough_for("student", *(["teacher"] if any(map(needs_teacher, used)) else []))
    evaluation = Evaluation(workspace)
    logits: dict[str, list[Logits]] = {}
    for name in chosen:
        # one for all seeds, unless each has views of its own
        data = (
            None if recipe.transfer.bank_by_seed else cache(partial(training_data, workspace, name))
        )
        runs = [workspace.student(name, seed) for seed in range(1, seeds + 1)]
        logits[name] = [_student(evaluation, run, data) for run in runs]
    teachers = dict.fromkeys(c.teacher for c in used if needs_teacher(c))
    gazes = dict.fromkeys(c.gaze_name for c in used if c.gaze_name)
    report = {
        **_story(workspace, seeds, chosen, names),
        "parts": compared(evaluation.parts, recipe.labels, logits, _rivals(workspace, chosen)),
        "teachers": {name: _teacher(evaluation, name) for name in teachers},
        "gaze": {name: _probe(workspace, name) for name in gazes},
    }
    write_json(workspace.folder / "ablation.json", report)
    return report


def _story(
    workspace: Workspace, seeds: int, chosen: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    """Return what was compared: by which command, recipe and data."""
    recipe, learned = workspace.recipe, workspace.transfer_records
    words = ["--recipe", workspace.named or recipe.name, "--seeds", str(seeds)]
    words += [word for name in names for word in ("--objective", name)]
    return {
        "command": f"sonogaze-export ablate {shlex.join(words)}",
        "recipe": recipe.name,
        "recipe_sha256": recipe_digest(recipe),
        "seeds": seeds,
        "data": to_builtins(recipe.data),
        "learned_from": {
            "frames": len(learned),
            "patients": len({r.group for r in learned}),
            "sha256": frames_digest(learned),
        },
        "objectives": {name: to_builtins(recipe.objectives[name]) for name in chosen},
    }


def _rivals(workspace: Workspace, chosen: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return what each is compared with: the first, and those it names, as far as chosen."""
    rivals = {}
    for name in chosen:
        others = dict.fromkeys((chosen[0], *workspace.recipe.objectives[name].against))
        rivals[name] = tuple(other for other in others if other in chosen and other != name)
    return rivals


def _student(
    evaluation: Evaluation, run: StudentRun, data: Callable[[], TrainingData] | None
) -> Logits:
    """Return one student's logits by part: trained, scored and logged, or read where done."""
    student = distill(run, data)
    logits = evaluation.logits(
        run.folder / "logits.npz",
        run.weights,
        lambda part: student_logits(student, evaluation.inputs[part]),
    )
    if not _scored(run.folder / "scores.json", file_sha256(run.weights)):
        result = {
            WEIGHTS_SHA256: file_sha256(run.weights),
            "recipe_sha256": recipe_digest(run.recipe),
            "objective": run.objective,
            "seed": run.seed,
            "parameters": folded_parameters(student),
            "scores": evaluation.scores(logits, f"student {run.objective} seed {run.seed}"),
        }
        write_json(run.folder / "scores.json", result)
    return logits


def _scored(path: Path, weights_sha256: str) -> bool:
    """Return whether `path` holds the scores of these weights, not of others before them."""
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))[WEIGHTS_SHA256] == weights_sha256)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _teacher(evaluation: Evaluation, name: str) -> dict[str, Any]:
    """Return a teacher's scores by part without gaze, and with it where it takes gaze."""
    workspace = evaluation.workspace
    model = teacher(workspace, name)
    scores: dict[str, Any] = {"parameters": folded_parameters(model)}
    for way in ("without_gaze",) if name == PLAIN else ("without_gaze", "with_gaze"):

        def predict(part: str, with_gaze: bool = way == "with_gaze") -> np.ndarray:
            maps = _input_gaze(evaluation, name, part) if with_gaze else None
            return teacher_logits(model, evaluation.inputs[part], maps)

        kept = workspace.folder / f"teacher-{name}-{way}-logits.npz"
        logits = evaluation.logits(kept, workspace.teacher_weights(name), predict)
        scores[way] = evaluation.scores(logits, f"teacher {name} {way}")
    return scores


def _input_gaze(evaluation: Evaluation, name: str, part: str) -> np.ndarray | None:
    records = evaluation.parts["val" if part == VIEWS else part]
    gaze = gaze_on(evaluation.workspace, name, records)
    if gaze is None:
        return None
    if part == VIEWS:
        return view_maps(gaze, evaluation.views)
    return input_maps(gaze, records, evaluation.recipe.preprocessing)


def _probe(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return how much of the class the training frames' gaze gives away by itself."""
    records = workspace.transfer_records
    gaze = gaze_on(workspace, name, records)
    assert gaze is not None
    probe = leakage_probe(gaze.maps, [r.label for r in records], [r.group for r in records])
    return {
        "simulated": gaze.simulated,
        "coverage": float(gaze.covered.mean()),
        "probe_accuracy": probe.accuracy,
        "probe_balanced_accuracy": probe.balanced_accuracy,
        "majority": probe.majority,
    }

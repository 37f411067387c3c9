"""Shipping a student: ONNX in both precisions, the two student files, the model card."""

import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.data.dataset import FrameRecord
from export.display import Show, silent
from export.distill.inputs import training_records
from export.distill.objectives import needs_teacher, objective_named
from export.distill.pipeline import (
    calibration_tensors,
    distill,
    gaze_on,
    lessons,
    open_records,
    scored_parts,
    tensors,
)
from export.distill.student import WEIGHTS, student_folder
from export.distill.teacher import weights_path
from export.errors import ExportError
from export.evaluation import guarded, log_evaluation, truth_of
from export.files import file_sha256, write_all
from export.gaze.obtain import RESEARCH_ONLY
from export.models.student import Student, student_logits
from export.packaging.convert import largest_difference, run_onnx
from export.packaging.qat import task_of
from export.recipe.read import load_recipe
from export.recipe.settings import Recipe
from export.release import gates
from export.release.files import (
    TEACHER_STARTS,
    build_files,
    convert,
    provenance_of,
    score_file,
    write_files,
)
from export.release.finished_teacher import FinishedTeacher, finished_sha256
from export.runs import sources_of
from export.sources import sources
from sdk.model_file import parse_model_file

UNJUDGED = {"gates": "none was judged: made by `sonogaze-export quantize`, not a release"}
ATTRIBUTION = Path(__file__).parent / "attribution.toml"


def quantize(
    recipe_name: str, out: Path, losses: str, seed: int | None = None, show: Show = silent
) -> dict[str, Any]:
    """Write a student as files of both precisions that the SDK runs; tell how far from PyTorch.

    No gate is judged, and the files say so in their provenance; `release` judges.

    Raises:
        ExportError: `weights-missing` or `weights-hash` where the student's teacher is not there.
    """
    recipe = load_recipe(recipe_name)
    seed = recipe.student.seed if seed is None else seed
    records = open_records(recipe, out, show)
    parts = scored_parts(records)
    student = distill(recipe_name, out, losses, seed, show)
    provenance = _provenance(recipe, student, out, losses, seed, records) | UNJUDGED
    if licence := _research_only(recipe, losses):
        provenance["research_only"] = licence
    val = tensors(parts["val"], recipe.preprocessing)
    models = _convert(recipe_name, student, out, losses, seed, records, show)
    truth = truth_of(parts["val"], recipe.labels)
    files = build_files(models, recipe, provenance, attribution(provenance), (val, truth))
    expected = student_logits(student, val)
    report: dict[str, Any] = {"torch": {"val_accuracy": _accuracy(expected, truth)}}
    for precision, data in files.items():
        logits, _ = run_onnx(data, val)
        report[precision] = {
            "file": str(out / f"student-{losses}-{precision}.onnx"),
            "val_accuracy": _accuracy(logits, truth),
            "same_label_as_torch": float((logits.argmax(1) == expected.argmax(1)).mean()),
            "largest_logit_difference": float(np.abs(logits - expected).max()),
            "bytes": len(data),
        }
    write_all({Path(report[precision]["file"]): data for precision, data in files.items()})
    return report


def release(
    recipe_name: str,
    out: Path,
    losses: str,
    seed: int | None,
    destination: Path,
    show: Show = silent,
    pass_gates: Sequence[str] = (),
) -> dict[str, Any]:
    """Make both student files; refuse where a gate fails. Returns the report that is written.

    The gates are judged on validation; the guarded parts are looked at when all have passed.

    Args:
        recipe_name: in `export/recipes`, or a path.
        out: the runs' folder.
        losses: a `[losses.NAME]` of the recipe.
        seed: of the student; None takes the recipe's.
        destination: the folder of the released files.
        show: gets the progress.
        pass_gates: `gate=reason`, for each gate that may fail.

    Raises:
        ExportError: `release-gate` when a gate fails, `release-gate-name` for a wrong one,
            `release-research-only` for losses that use what may not be shipped.
    """
    reasons = gates.parse_passed_over(pass_gates)
    recipe = load_recipe(recipe_name)
    _refuse_research_only(recipe, losses)
    seed = recipe.student.seed if seed is None else seed
    gates.judge([gates.sources({"files": [sources()]})], reasons)  # before hours of training
    records = open_records(recipe, out, show)
    parts = scored_parts(records)
    student = distill(recipe_name, out, losses, seed, show)
    made_by = _made_by(recipe, losses, seed, out)
    show("release", 0, len(parts) + 1, "files")
    val = tensors(parts["val"], recipe.preprocessing)
    models = _convert(recipe_name, student, out, losses, seed, records, show)
    provenance = _provenance(recipe, student, out, losses, seed, records) | {"made_by": made_by}
    truth = truth_of(parts["val"], recipe.labels)
    files = build_files(models, recipe, provenance, attribution(provenance), (val, truth))
    every = [record for part in parts.values() for record in part]
    scored = _Scored(recipe, files, FinishedTeacher.of(recipe, losses, out, every))
    scored.add("val", parts["val"])
    difference = largest_difference(models["fp32"], student, val)
    outcomes = gates.judge(_outcomes(scored, files, difference, made_by), reasons)
    for done, part in enumerate(parts, start=1):
        show("release", done, len(parts) + 1, f"scores of {part}")
        scored.add(part, parts[part])
    metadata = parse_model_file(files["fp32"]).metadata
    report = {
        "student_id": metadata.student_id,
        "command": _command(recipe_name, losses, seed, pass_gates),
        "labels": list(recipe.labels),
        "provenance": provenance,
        "attribution": metadata.attribution,
        "calibration": metadata.calibration.to_dict(),
        "bytes": {precision: len(data) for precision, data in files.items()},
        "gates": [outcome.to_dict() for outcome in outcomes],
        "scores": scored.scores,
        "teacher_scores": scored.teacher_scores or None,
    }
    write_files(files, destination, report)
    show("release", len(parts) + 1, len(parts) + 1, "written")
    return report


def _research_only(recipe: Recipe, losses: str) -> str | None:
    """Return why these losses may not be shipped: what teacher or gaze was learned from."""
    config = objective_named(recipe, losses)
    for name in sorted({config.teacher, config.gaze_name} & set(recipe.gaze)):
        if recipe.gaze[name].source in RESEARCH_ONLY:
            return (
                f"losses {losses!r} use gaze {name!r}, whose source is "
                f"{recipe.gaze[name].source!r}: licensed for research only (CC BY-NC-SA 4.0)"
            )
    return None


def _refuse_research_only(recipe: Recipe, losses: str) -> None:
    if licence := _research_only(recipe, losses):
        raise ExportError(
            "release-research-only",
            f"{licence}; release losses without it, or with gaze of your own",
        )


class _Scored:
    """Scores of both files and of their teacher, part by part; looks at guarded parts are logged.

    `scores[precision][part]` and `teacher_scores[part]` hold what `score_file` and `score` return.
    """

    def __init__(self, recipe: Recipe, files: dict[str, bytes], teacher: FinishedTeacher | None):
        self._recipe, self._files, self._teacher = recipe, files, teacher
        self.scores: dict[str, dict[str, Any]] = {precision: {} for precision in files}
        self.teacher_scores: dict[str, Any] = {}

    def add(self, part: str, records: Sequence[FrameRecord]) -> None:
        """Score a part, once."""
        if part in self.scores["fp32"]:
            return
        inputs = tensors(records, self._recipe.preprocessing)
        for precision, data in self._files.items():
            metadata = parse_model_file(data).metadata
            found = score_file(data, records, inputs, metadata.calibration, self._recipe.labels)
            self.scores[precision][part] = found
            _log(part, records, f"release {metadata.student_id} {precision}", found)
        if self._teacher is not None:
            self.teacher_scores[part] = self._teacher.score(records)
            if not self._teacher.known:
                what = f"teacher {self._recipe.name} {self._teacher.sha256[:12]}"
                _log(part, records, what, self.teacher_scores[part])

    def val(self, precision: str, what: str) -> float:
        """Return a figure of a file on validation."""
        return float(self.scores[precision]["val"][what])


def _outcomes(
    scored: _Scored,
    files: dict[str, bytes],
    difference: tuple[float, float],
    made_by: dict[str, list[str]],
) -> list[gates.Outcome]:
    """Let each gate judge; all on validation, none on a guarded part."""
    taught = scored.teacher_scores.get("val")
    fp32, int8 = (scored.val(precision, "accuracy") for precision in ("fp32", "int8"))
    students = {precision: scored.scores[precision]["val"] for precision in files}
    return [
        gates.teacher_gap(fp32, None if taught is None else taught["accuracy"]),
        gates.int8_loss(fp32, int8),
        gates.onnx(*difference),
        gates.known_answers(files),
        gates.file_size(files),
        gates.calibration({precision: scored.val(precision, "ece") for precision in files}),
        gates.better_than_guessing(students | ({} if taught is None else {"teacher": taught})),
        gates.every_label(students),
        gates.sources(made_by),
    ]


def attribution(provenance: dict[str, Any]) -> str:
    """Return the credit that the licences of the data, and the teacher's start, ask for."""
    credits = tomllib.loads(ATTRIBUTION.read_text(encoding="utf-8"))
    lines = [
        credits.get(data["name"], f"Trained on {data['name']} (licence: {data['licence']}).")
        for data in provenance["training_data"]
    ]
    if provenance["teacher_start"] == TEACHER_STARTS["imagenet"]:
        lines.append(credits["teacher"])
    return "\n".join(lines) + "\n"


def _command(recipe: str, losses: str, seed: int, pass_gates: Sequence[str]) -> str:
    passed = "".join(f" --pass-gate {shlex.quote(option)}" for option in pass_gates)
    command = f"sonogaze-export release --recipe {recipe} --losses {losses} --seed {seed}"
    return command + passed


def _log(part: str, records: Sequence[FrameRecord], what: str, scores: dict[str, Any]) -> None:
    if guarded(part, records):
        log_evaluation(part, what, scores["accuracy"])


def _made_by(recipe: Recipe, losses: str, seed: int, out: Path) -> dict[str, list[str]]:
    """Return which sources trained the student and its teacher, and write the files now."""
    config = recipe.objectives[losses]
    found = {"student": sources_of(student_folder(out, losses, seed) / WEIGHTS)}
    if needs_teacher(config):
        found["teacher"] = sources_of(weights_path(out, config.teacher))
    return found | {"files": [sources()]}


def _provenance(
    recipe: Recipe,
    student: Student,
    out: Path,
    losses: str,
    seed: int,
    records: Sequence[FrameRecord],
) -> dict[str, Any]:
    config = recipe.objectives[losses]
    teacher = None
    if needs_teacher(config):
        teacher = finished_sha256(out, config.teacher, student_folder(out, losses, seed))
    weights = file_sha256(student_folder(out, losses, seed) / WEIGHTS)
    used = training_records(records, recipe.transfer.datasets, recipe.data)
    told = provenance_of(recipe, student, weights, teacher, losses, seed, used)
    gaze = _gaze_told(recipe, losses, out, records, used)
    return {**told, "gaze": gaze} if gaze else told


def _gaze_told(
    recipe: Recipe,
    losses: str,
    out: Path,
    records: Sequence[FrameRecord],
    used: Sequence[FrameRecord],
) -> dict[str, Any]:
    """Return, for each gaze that the losses use, what it is and which frames it covers."""
    config = recipe.objectives[losses]
    told = {}
    for name in sorted({config.teacher, config.gaze_name} & set(recipe.gaze)):
        asked, gaze = recipe.gaze[name], gaze_on(recipe, name, used, records, out)
        if gaze is not None and gaze.coverage is not None:
            told[name] = {
                "source": asked.source,
                "control": asked.control,
                "least_coverage": asked.least_coverage,
                **gaze.coverage.brief(),
            }
    return told


def _convert(
    recipe_name: str,
    student: Student,
    out: Path,
    losses: str,
    seed: int | None,
    records: Sequence[FrameRecord],
    show: Show,
) -> dict[str, onnx.ModelProto]:
    """Return the student as ONNX by precision; makes again what it learned from where int8 asks."""
    recipe = load_recipe(recipe_name)
    learned = training_records(records, recipe.transfer.datasets, recipe.data)
    return convert(
        student,
        recipe,
        calibration_tensors(learned, recipe.preprocessing),
        lambda: task_of(recipe, losses, lessons(recipe_name, out, losses, show)),
        student_folder(out, losses, recipe.student.seed if seed is None else seed),
        lambda epoch, _: show("quantisation-aware", epoch, recipe.quantise.epochs, ""),
    )


def _accuracy(logits: np.ndarray, truth: np.ndarray) -> float:
    return float((logits.argmax(axis=1) == truth).mean())

"""Releasing a student: both files made, judged by gates on validation, scored, written."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export.data.dataset import data_root, load_records
from export.distill.pipeline import distill
from export.packaging.convert import largest_difference
from export.release import gates
from export.release.files import StudentFiles, write_release
from export.release.finished_teacher import FinishedTeacher
from export.release.judging import outcomes
from export.release.negatives import negatives_of
from export.release.open_set import check_open_set
from export.release.provenance import made_by, refuse_research_only
from export.release.scores import Scores
from export.sources import sources
from export.workspace import StudentRun
from sdk.model_file import parse_model_file


def release(run: StudentRun, destination: Path, waivers: Sequence[str] = ()) -> dict[str, Any]:
    """Make both student files; refuse where a gate fails. Returns the report that is written.

    The gates are judged on validation; the guarded parts are scored when all have passed.

    Args:
        run: the student; it and its teacher are trained where they are missing.
        destination: the folder of the released files.
        waivers: `gate=reason`, for each gate that may fail.

    Raises:
        ExportError: `release-gate` when a gate fails, `release-gate-name` for a wrong one,
            `release-research-only` for an objective that uses what may not be shipped.
    """
    reasons = gates.parse_waivers(waivers)
    refuse_research_only(run)
    gates.judge([gates.sources({"files": [sources()]})], reasons)  # before hours of training
    check_open_set(run.recipe)  # nor does a head that can't be trained wait for the student
    parts, show = run.workspace.parts, run.workspace.show
    student = distill(run)
    show("release", 0, len(parts) + 1, "files")
    files = StudentFiles.of(run, student, {"made_by": made_by(run)}, strangers=True)
    scores = Scores(run.recipe, files.contents, FinishedTeacher.of(run))
    scores.add("val", parts["val"])
    judged = gates.judge(_outcomes(files, scores), reasons)
    # only now: a student that is refused has not been looked at on the guarded parts
    for done, part in enumerate(parts, start=1):
        show("release", done, len(parts) + 1, f"scores of {part}")
        scores.add(part, parts[part])
    report = _report(files, scores, judged, _command(run, waivers))
    recipe = run.recipe
    if recipe.outliers.datasets or recipe.erasing is not None or recipe.novelty is not None:
        records = load_records(data_root(), recipe.labels)
        progress = run.workspace.progress("what is no plane")
        report["negatives"] = negatives_of(files.contents["fp32"], records, progress)
    write_release(files.contents, destination, report)
    show("release", len(parts) + 1, len(parts) + 1, "written")
    return report


def _outcomes(files: StudentFiles, scores: Scores) -> list[gates.Outcome]:
    difference = largest_difference(files.models["fp32"], files.student, files.inputs)
    return outcomes(
        scores.files,
        scores.teacher,
        files.contents,
        gates.onnx(*difference),
        files.provenance["made_by"],
    )


def _report(
    files: StudentFiles, scores: Scores, judged: Sequence[gates.Outcome], command: str
) -> dict[str, Any]:
    """Return what `release.json` holds."""
    metadata = parse_model_file(files.contents["fp32"]).metadata
    return {
        "student_id": metadata.student_id,
        "command": command,
        "labels": list(metadata.labels),
        "provenance": files.provenance,
        "attribution": metadata.attribution,
        "calibration": metadata.calibration.to_dict(),
        "thresholds": files.accepting.story,
        **files.novelty,
        "bytes": {precision: len(data) for precision, data in files.contents.items()},
        "gates": [outcome.to_dict() for outcome in judged],
        "scores": scores.files,
        "teacher_scores": scores.teacher or None,
    }


def _command(run: StudentRun, waivers: Sequence[str]) -> str:
    """Return the command that makes this release again."""
    words = ["--recipe", run.workspace.named or run.recipe.name]
    words += ["--objective", run.objective, "--seed", str(run.seed)]
    words += [word for waiver in waivers for word in ("--waive-gate", waiver)]
    return f"sonogaze-export release {shlex.join(words)}"

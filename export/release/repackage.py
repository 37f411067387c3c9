"""Package a released student again: the same network and known answers, under today's report.

For what a release says rather than what it is: provenance, intervals, gates that came later.
The network is neither trained, calibrated nor quantised; the frames are scored again and must give
what was recorded. A student without a novelty gets one where the recipe has `[novelty]`; one that
has a novelty keeps it unless a new one is asked for.
`python -m export.release.repackage sdk/models`.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import onnx
import typer
from rich.console import Console

from export.data.dataset import FrameRecord, data_root, load_records
from export.display import Show, bars, silent
from export.distill.inputs import scored_parts, tensors, used_records
from export.errors import ExportError
from export.evaluation import guarded, log_evaluation, score
from export.evidence.known import read_evidence
from export.model_card.write import read_report
from export.packaging.packaging import sealed, strip
from export.recipe.read import load_recipe
from export.recipe.settings import Recipe
from export.release import gates
from export.release.added_novelty import add_novelty
from export.release.files import REPORT, file_name, write_release
from export.release.judging import outcomes
from export.release.negatives import negatives_of
from export.release.provenance import attribution, open_set_of
from export.release.scores import score_file
from export.release.summary import summary
from export.sources import sources
from sdk import SdkError
from sdk.model_file import parse_model_file

# how many are accepted may change: a novelty can come in
_KEPT = ("frames", "patients", "accuracy", "confusion", "mistakes")


def repackage(
    folder: Path,
    waivers: Sequence[str] = (),
    recipe: str | None = None,
    new_novelty: bool = False,
    show: Show = silent,
) -> dict[str, Any]:
    """Write the student files and `release.json` of `folder` anew; return the report.

    Args:
        folder: of a release.
        waivers: `gate=reason`, for each gate that may fail.
        recipe: that made the release, a name or a path; by default the name in its report.
        new_novelty: fit the novelty anew, as the recipe has it now.
        show: gets the progress.

    Raises:
        ExportError: `release-gate` where a gate fails, `recipe-field` for a new novelty of a recipe
            without one, `run-data` when the frames give other scores than those recorded,
            `run-recipe` for a recipe of another release, `card-report` when the report or a file
            that it names is missing.
    """
    reasons = gates.parse_waivers(waivers)
    report = read_report(folder / REPORT)
    now = sources()
    gates.judge([gates.sources({"files": [now]})], reasons)
    contents = {p: _read(folder, report, p) for p in report["scores"]}
    settings = _recipe_of(report, contents["fp32"], recipe)
    records = load_records(data_root(), settings.labels)
    if new_novelty and settings.novelty is None:
        raise ExportError(
            "recipe-field",
            f"the recipe {settings.name!r} has no [novelty]; add one, or leave --new-novelty out",
        )
    fits = settings.novelty is not None and (new_novelty or _has_none(contents["fp32"]))
    if fits:
        contents, report = _with_novelty(contents, report, settings, records, show)
    trained = [report["provenance"]["commit"]]
    made_by = report["provenance"].get("made_by") or {"student": trained, "teacher": trained}
    report["provenance"] |= {"commit": now, "made_by": made_by | {"files": [now]}}
    contents = {precision: _resealed(data, report) for precision, data in contents.items()}
    report["bytes"] = {precision: len(data) for precision, data in contents.items()}
    _score_again(report, contents, settings, logged=fits)
    if settings.novelty is not None:
        report["negatives"] = negatives_of(contents["fp32"], records)
    judged = gates.judge(_judge_again(report, contents), reasons)
    report["gates"] = [outcome.to_dict() for outcome in judged]
    write_release(contents, folder, report)
    return report


def _with_novelty(
    contents: Mapping[str, bytes],
    report: Mapping[str, Any],
    recipe: Recipe,
    records: Sequence[FrameRecord],
    show: Show,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return files and report with a novelty fitted anew, and what it learned from."""
    with tempfile.TemporaryDirectory() as runs:
        added = add_novelty(contents, recipe, records, Path(runs), show)
    told = dict(added.report)
    if not told["strangers"]:  # what the folds of a release found stays
        del told["strangers"], told["kept"]
    provenance = {name: value for name, value in report["provenance"].items() if name != "open_set"}
    provenance |= open_set_of(recipe)
    credit = {"provenance": provenance, "attribution": attribution(provenance)}
    return added.contents, {**report, **told, **credit}


def _has_none(data: bytes) -> bool:
    return parse_model_file(data).metadata.novelty is None


def _read(folder: Path, report: Mapping[str, Any], precision: str) -> bytes:
    path = folder / file_name(report["provenance"]["recipe"], precision)
    if not path.is_file():
        raise ExportError("card-report", f"{path} isn't there, and {REPORT} beside it names it")
    return path.read_bytes()


def _recipe_of(report: Mapping[str, Any], data: bytes, named: str | None) -> Recipe:
    """Return the recipe that made a release: the one whose labels and preprocessing it has.

    Digests don't decide: those in reports of before are of the recipe's file. That the recipe means
    the same frames shows when they are scored again.
    """
    name = report["provenance"]["recipe"]
    try:
        settings = load_recipe(named or name)
    except ExportError as error:
        if named is not None or error.slug != "recipe-missing":
            raise
        raise ExportError(error.slug, f"{error}; give its path by --recipe") from error
    metadata = parse_model_file(data).metadata
    for what, own, recorded in (
        ("name", settings.name, name),
        ("labels", settings.labels, metadata.labels),
        ("preprocessing", settings.preprocessing, metadata.preprocessing),
    ):
        if own != recorded:
            raise ExportError(
                "run-recipe",
                f"{named or name}: the recipe's {what} is {own}, the release's is {recorded}; give "
                "the recipe that made it by --recipe",
            )
    return settings


def _resealed(data: bytes, report: dict[str, Any]) -> bytes:
    """Return the file with the report's provenance; graph, weights and all else as they were."""
    metadata = replace(
        parse_model_file(data).metadata,
        provenance=report["provenance"],
        attribution=report["attribution"],
    )
    model = strip(onnx.load_from_string(data))
    before = model.SerializeToString(deterministic=True)
    file = sealed(model, metadata)
    if strip(onnx.load_from_string(file)).SerializeToString(deterministic=True) != before:
        raise ExportError("export-mismatch", "the packaged network is not the one it was")
    return file


def _score_again(
    report: dict[str, Any], contents: Mapping[str, bytes], recipe: Recipe, logged: bool
) -> None:
    """Put scores in today's form into the report; their counts must be those recorded.

    With a new novelty, what is accepted of the guarded parts is new, and the look is logged.
    """
    parts = scored_parts(used_records(load_records(data_root(), recipe.labels), recipe), recipe)
    # the network's accuracy is the same each time: without them, only the first look would be kept
    limits = ", ".join(f"{k} {v}" for k, v in (report.get("novelty_limits") or {}).items())
    for precision, data in contents.items():
        calibration = parse_model_file(data).metadata.calibration
        for part, records in parts.items():
            inputs = tensors(records, recipe.preprocessing)
            scores = score_file(data, records, inputs, calibration, recipe.labels)
            _same(report["scores"][precision][part], scores, f"{precision} on {part}")
            report["scores"][precision][part] = scores
            if logged and guarded(part, records):
                what = f"new novelty {report['student_id']} {precision}, limits {limits}"
                log_evaluation(part, what, scores["accuracy"])
    if report["teacher_scores"]:
        report["teacher_scores"] = _teacher_again(report, parts)


def _teacher_again(
    report: dict[str, Any], parts: dict[str, list[FrameRecord]]
) -> dict[str, dict[str, Any]]:
    known = read_evidence()
    if known.teacher_sha256 != report["provenance"]["teacher_sha256"]:
        raise ExportError(
            "weights-hash",
            "docs/results/teacher-logits.json is of another teacher than this release; package it "
            "again by `sonogaze-export release`, which runs the teacher itself",
        )
    again = {part: score(known.of(r), r, labels=known.labels) for part, r in parts.items()}
    for part, scores in again.items():
        _same(report["teacher_scores"][part], scores, f"teacher on {part}")
    return again


def _same(before: dict[str, Any], now: dict[str, Any], what: str) -> None:
    """Refuse counts that differ; a confidence may differ in its last digits."""
    for name in (name for name in _KEPT if name in before):
        old, new = before[name], now[name]
        if name == "mistakes":
            old, new = (sorted(mistake["id"] for mistake in wrong) for wrong in (old, new))
        if old != new:
            raise ExportError("run-data", f"{what}: {name} was {old}, and is now {new}")


def _judge_again(report: Mapping[str, Any], contents: Mapping[str, bytes]) -> list[gates.Outcome]:
    """Judge what can be judged without the trainer's checkpoint; `onnx` stays as it was found."""
    (checked,) = [gate for gate in report["gates"] if gate["gate"] == "onnx"]
    return outcomes(
        report["scores"],
        report["teacher_scores"] or {},
        contents,
        gates.Outcome("onnx", checked["passed"], checked["found"]),
        report["provenance"]["made_by"],
    )


def main(
    folder: Annotated[Path, typer.Argument(help="of the student files and release.json")],
    waive_gate: Annotated[
        list[str] | None, typer.Option("--waive-gate", help="GATE=REASON")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="that made it, where it isn't in export/recipes")
    ] = None,
    new_novelty: Annotated[
        bool, typer.Option("--new-novelty", help="fit the recipe's [novelty] anew")
    ] = False,
) -> None:
    """Package a released student again, with today's provenance, intervals and gates."""
    try:
        with bars(Console(stderr=True)) as show:
            report = repackage(folder, waive_gate or (), recipe, new_novelty, show)
        typer.echo(summary(report, folder), nl=False)
    except SdkError as error:
        Console(stderr=True).print(f"{error.slug}: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)

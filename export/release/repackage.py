"""Package a released student again: the same network and known answers, under today's report.

For what a release tells rather than what it is: provenance, intervals, gates that came later.
Nothing is trained, calibrated or quantised; the frames are scored again and must give what was
recorded. `python -m export.release.repackage sdk/models`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import onnx
import typer
from rich.console import Console

from export.data.dataset import FrameRecord, data_root, load_records
from export.distill.inputs import used_records
from export.distill.pipeline import scored_parts, tensors
from export.errors import ExportError
from export.evaluation import score
from export.evidence.known import read_evidence
from export.model_card.write import read_report
from export.packaging.packaging import strip
from export.recipe.read import load_recipe
from export.release import gates
from export.release.files import score_file, write_files
from export.release.summary import told
from export.sources import sources
from sdk import SdkError
from sdk.model_file import parse_model_file
from sdk.model_file.digest import seal

_KEPT = ("frames", "patients", "accuracy", "confusion", "coverage", "accepted_accuracy", "mistakes")


def repackage(folder: Path, pass_gates: Sequence[str] = ()) -> dict[str, Any]:
    """Write the student files and `release.json` of `folder` anew; return the report.

    Raises:
        ExportError: `release-gate` where a gate fails, `run-data` when the frames give other
            scores than those recorded, `card-report` when there is no report.
    """
    reasons = gates.parse_passed_over(pass_gates)
    report = read_report(folder / "release.json")
    now = sources()
    gates.judge([gates.sources({"files": [now]})], reasons)
    trained = [report["provenance"]["commit"]]
    made_by = report["provenance"].get("made_by") or {"student": trained, "teacher": trained}
    report["provenance"] |= {"commit": now, "made_by": made_by | {"files": [now]}}
    files = {
        precision: _resealed((folder / f"default-{precision}.onnx").read_bytes(), report)
        for precision in report["scores"]
    }
    report["bytes"] = {precision: len(data) for precision, data in files.items()}
    _score_again(report, files)
    outcomes = gates.judge(_judge_again(report, files), reasons)
    report["gates"] = [outcome.to_dict() for outcome in outcomes]
    write_files(files, folder, report)
    return report


def _resealed(data: bytes, report: dict[str, Any]) -> bytes:
    """Return the file with the report's provenance; graph, weights and all else as they were."""
    metadata = replace(parse_model_file(data).metadata, provenance=report["provenance"])
    model = strip(onnx.load_from_string(data))
    before = model.SerializeToString(deterministic=True)
    for key, value in metadata.to_properties().items():
        model.metadata_props.add(key=key, value=value)
    sealed = seal(model.SerializeToString(deterministic=True))
    parse_model_file(sealed)
    if strip(onnx.load_from_string(sealed)).SerializeToString(deterministic=True) != before:
        raise ExportError("export-mismatch", "the packaged network is not the one it was")
    return sealed


def _score_again(report: dict[str, Any], files: dict[str, bytes]) -> None:
    """Put scores in today's form into the report; their counts must be those recorded."""
    recipe = load_recipe(report["provenance"]["recipe"])
    parts = scored_parts(used_records(load_records(data_root(), recipe.labels), recipe))
    for precision, data in files.items():
        calibration = parse_model_file(data).metadata.calibration
        for part, records in parts.items():
            inputs = tensors(records, recipe.preprocessing)
            found = score_file(data, records, inputs, calibration, recipe.labels)
            _same(report["scores"][precision][part], found, f"{precision} on {part}")
            report["scores"][precision][part] = found
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
            "again by `sonogaze-export release`, which asks the teacher itself",
        )
    again = {part: score(known.of(r), r, labels=known.labels) for part, r in parts.items()}
    for part, found in again.items():
        _same(report["teacher_scores"][part], found, f"teacher on {part}")
    return again


def _same(before: dict[str, Any], now: dict[str, Any], what: str) -> None:
    """Refuse counts that differ; a confidence may differ in its last digits."""
    for name in (name for name in _KEPT if name in before):
        old, new = before[name], now[name]
        if name == "mistakes":
            old, new = (sorted(mistake["id"] for mistake in found) for found in (old, new))
        if old != new:
            raise ExportError("run-data", f"{what}: {name} was {old}, and is now {new}")


def _judge_again(report: dict[str, Any], files: dict[str, bytes]) -> list[gates.Outcome]:
    """Judge what can be judged without the trainer's checkpoint; `onnx` stays as it was found."""
    students = {precision: report["scores"][precision]["val"] for precision in files}
    taught = (report["teacher_scores"] or {}).get("val")
    accuracy = {precision: found["accuracy"] for precision, found in students.items()}
    (checked,) = [gate for gate in report["gates"] if gate["gate"] == "onnx"]
    return [
        gates.teacher_gap(accuracy["fp32"], None if taught is None else taught["accuracy"]),
        gates.int8_loss(accuracy["fp32"], accuracy["int8"]),
        gates.Outcome("onnx", checked["passed"], checked["found"]),
        gates.known_answers(files),
        gates.file_size(files),
        gates.calibration({precision: found["ece"] for precision, found in students.items()}),
        gates.better_than_guessing(students | ({} if taught is None else {"teacher": taught})),
        gates.every_label(students),
        gates.sources(report["provenance"]["made_by"]),
    ]


def main(
    folder: Annotated[Path, typer.Argument(help="of default-fp32.onnx and release.json")],
    pass_gate: Annotated[list[str] | None, typer.Option("--pass-gate", help="GATE=REASON")] = None,
) -> None:
    """Package a released student again, with today's provenance, intervals and gates."""
    try:
        typer.echo(told(repackage(folder, pass_gate or ()), folder), nl=False)
    except SdkError as error:
        Console(stderr=True).print(f"{error.slug}: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)

"""Where a student comes from: data, licences, recipe, teacher, gaze, sources; whom to credit."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from export.data.dataset import FrameRecord
from export.distill.inputs import unlabelled_records
from export.distill.pipeline import gaze_on
from export.errors import ExportError
from export.files import file_sha256
from export.gaze.obtain import RESEARCH_ONLY
from export.models.imagenet import WEIGHTS
from export.models.student import Student, folded_parameters
from export.recipe.digests import recipe_digest
from export.recipe.settings import Recipe, TeacherConfig
from export.release.finished_teacher import finished_sha256
from export.release.open_set import counts_of, rows_of
from export.runs import frames_digest, sources_of
from export.sources import sources
from export.workspace import StudentRun

ATTRIBUTION = Path(__file__).parent / "attribution.toml"


def provenance_of(run: StudentRun, student: Student) -> dict[str, Any]:
    """Return where a finished student comes from, as its file tells it.

    Raises:
        ExportError: `weights-missing` or `weights-hash` where the teacher that taught it is not
            there.
    """
    recipe = run.recipe
    teacher = finished_sha256(run) if run.needs_teacher else None
    gaze = _gaze(run)
    return {
        "training_data": _data(run.workspace.transfer_records),
        "recipe": recipe.name,
        "recipe_sha256": recipe_digest(recipe),
        "objective": run.objective,
        "seed": run.seed,
        "teacher_sha256": teacher,
        "teacher_members": recipe.teacher.members if teacher else None,
        "teacher_start": _teacher_start(recipe.teacher) if teacher else None,
        "student_sha256": file_sha256(run.weights),
        "parameters": folded_parameters(student),
        "quantisation": recipe.quantise.method,
        "architecture": student.config.to_dict(),
        "commit": sources(),
        **({"gaze": gaze} if gaze else {}),
        **_unlabelled(run),
        **_none_of_the_labels(run),
        **open_set_of(recipe),
    }


def _none_of_the_labels(run: StudentRun) -> dict[str, Any]:
    """Return how many rows are outliers and how many are altered, where any is."""
    rows = run.workspace.transfer_rows
    altered = Counter(r.alteration.how for r in rows if r.alteration)
    told: dict[str, Any] = {
        how: altered.pop(how) for how in ("shuffled", "drawn") if how in altered
    }
    if outliers := sum(r.outlier > 0 and r.alteration is None for r in rows):
        told["outliers"] = outliers
    if altered and run.recipe.erasing is not None:
        told["erasing"] = {"structures": list(run.recipe.erasing.structures), **altered}
    return told


def open_set_of(recipe: Recipe) -> dict[str, Any]:
    """Return what an open-set head of this recipe learns from; nothing without one."""
    config = None if recipe.novelty is None else recipe.novelty.open_set
    if config is None:
        return {}
    rows = rows_of(recipe, config)
    told: dict[str, Any] = {
        "training_data": _data([r for r in rows if r.alteration is None]),
        "rows": counts_of(rows),
        "settings": to_builtins(config),
    }
    if config.erasing is not None:
        told["erasing"] = list(config.erasing.structures)
    return {"open_set": told}


def _unlabelled(run: StudentRun) -> dict[str, Any]:
    """Return on which frames the student followed its teacher without a label, where on any."""
    frames = unlabelled_records(run.workspace.records)
    return {"unlabelled_data": _data(frames)} if frames else {}


def _data(records: Sequence[FrameRecord]) -> list[dict[str, Any]]:
    """Return each data set's licences, size and digest."""
    story = []
    for name in sorted({r.dataset for r in records}):
        frames = [r for r in records if r.dataset == name]
        story.append(
            {
                "name": name,
                "licence": ", ".join(sorted({r.licence for r in frames})),
                "frames": len(frames),
                "patients": len({r.group for r in frames}),
                "sha256": frames_digest(frames),
            }
        )
    return story


def _gaze(run: StudentRun) -> dict[str, Any]:
    """Return, for each gaze that the objective uses, what it is and which frames it covers."""
    story = {}
    for name in run.gaze_names:
        config = run.recipe.gaze[name]
        gaze = gaze_on(run.workspace, name, run.workspace.transfer_records)
        if gaze is not None and gaze.coverage is not None:
            story[name] = {
                "source": config.source,
                "control": config.control,
                "least_coverage": config.least_coverage,
                **gaze.coverage.brief(),
            }
    return story


def made_by(run: StudentRun) -> dict[str, list[str]]:
    """Return which sources trained the student and its teacher, and write the files now."""
    trained = {"student": sources_of(run.weights)}
    if run.needs_teacher:
        trained["teacher"] = sources_of(run.teacher_weights)
    return trained | {"files": [sources()]}


def research_only(run: StudentRun) -> str | None:
    """Return why a student may not be shipped: what it or its teacher learned from."""
    for name in run.gaze_names:
        source = run.recipe.gaze[name].source
        if source in RESEARCH_ONLY:
            return (
                f"objective {run.objective!r} uses gaze {name!r}, whose source is {source!r}: "
                "licensed for research only (CC BY-NC-SA 4.0)"
            )
    return None


def refuse_research_only(run: StudentRun) -> None:
    """Refuse to ship what its licence forbids.

    Raises:
        ExportError: `release-research-only`.
    """
    if licence := research_only(run):
        raise ExportError(
            "release-research-only",
            f"{licence}; release an objective without it, or with gaze of your own",
        )


def _teacher_start(teacher: TeacherConfig) -> str:
    if teacher.start == "scratch":
        return "random weights"
    if teacher.architecture in WEIGHTS:
        return str(WEIGHTS[teacher.architecture])
    return f"pretrained weights that {teacher.architecture} brings"


def attribution(provenance: dict[str, Any]) -> str:
    """Return the credit that the licences of the data, and the teacher's start, require."""
    credits = tomllib.loads(ATTRIBUTION.read_text(encoding="utf-8"))
    open_set = provenance.get("open_set", {})
    learned = [
        *open_set.get("training_data", ()),
        *provenance.get("unlabelled_data", ()),
        *provenance["training_data"],
    ]
    used = {data["name"]: data for data in learned}
    lines = [
        credits.get(name, f"Trained on {name} (licence: {used[name]['licence']}).")
        for name in sorted(used)
    ]
    if provenance.get("erasing") or open_set.get("erasing"):
        lines.append(credits["structures"])
    started = [w for w in WEIGHTS.values() if str(w) == provenance["teacher_start"]]
    lines += [credits[weights.distribution] for weights in started]
    return "\n".join(lines) + "\n"

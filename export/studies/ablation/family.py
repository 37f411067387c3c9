"""The students of several recipes beside their teacher: what size buys."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export import drawing
from export.errors import ExportError
from export.recipe.settings import PLAIN
from export.studies.ablation.reading import margins, read_story
from export.studies.ablation.table import PART_NAMES


def family(runs: Sequence[Path]) -> dict[str, Any]:
    """Gather students that `ablate` scored, one run's folder (`student-kd-1`) each, by size.

    The teacher is that of the first folder's `ablation.json`; all must have learned from it.

    Raises:
        ExportError: `run-unscored` where `ablate` has not scored a run, `family-teachers` when the
            runs learned from teachers that score differently.
    """
    members = []
    teachers: dict[str, Any] = {}
    for run in runs:
        member = read_story(run / "scores.json", ("seed", "parameters", "scores"))
        story = read_story(run.parent / "ablation.json", ("recipe", "teachers"))
        teachers = teachers or story["teachers"]
        if story["teachers"] != teachers:
            raise ExportError(
                "family-teachers", f"{run} learned from another teacher than {runs[0]}"
            )
        members.append(
            {
                "recipe": story["recipe"],
                "objective": member.get("objective", member.get("losses")),
                "seed": member["seed"],
                "parameters": member["parameters"],
                "accuracy": {
                    part: {key: score[key] for key in ("accuracy", "accuracy_95", "ece")}
                    for part, score in member["scores"].items()
                },
            }
        )
    members.sort(key=lambda member: member["parameters"])
    return {"students": members, "teachers": teachers}


@drawing.styled
def plot_family(report: dict[str, Any], path: Path) -> None:
    """Draw accuracy against parameters (log axis), the teacher at the right, to a PNG."""
    pyplot = drawing.pyplot()
    students = report["students"]
    plain = report["teachers"].get(PLAIN, {})
    figure, axis = pyplot.subplots(figsize=(6.4, 3.6))
    for part in students[0]["accuracy"]:
        scores = [member["accuracy"][part] for member in students]
        points = [member["parameters"] for member in students]
        if part in plain.get("without_gaze", {}):
            scores, points = [*scores, plain["without_gaze"][part]], [*points, plain["parameters"]]
        shares = [100 * score["accuracy"] for score in scores]
        label = PART_NAMES.get(part, part)
        axis.errorbar(points, shares, margins(scores), fmt="o-", capsize=2, label=label)
    axis.set_xscale("log")
    axis.set_xlabel("parameters (the rightmost: the teacher)")
    axis.set_ylabel("accuracy, %; 95 % over patients")
    axis.legend(fontsize=8)
    figure.tight_layout()
    drawing.save(figure, path)
    pyplot.close(figure)

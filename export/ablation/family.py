"""The students of several recipes beside their teacher: what size buys."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export.ablation.table import PART_NAMES
from export.errors import ExportError
from export.files import whole


def family(runs: Sequence[Path]) -> dict[str, Any]:
    """Gather students that `ablate` scored, one run's folder (`student-kd-1`) each, by size.

    The teacher is that of the first folder's `ablation.json`; all must have learned from it.

    Raises:
        ExportError: `run-unscored` where `ablate` has not scored a run.
    """
    members = []
    teachers: dict[str, Any] = {}
    for run in runs:
        scores, report = run / "scores.json", run.parent / "ablation.json"
        if not scores.is_file() or not report.is_file():
            raise ExportError("run-unscored", f"{run} is not scored; run `ablate` on it first")
        found = json.loads(scores.read_text(encoding="utf-8"))
        story = json.loads(report.read_text(encoding="utf-8"))
        teachers = teachers or story["teachers"]
        members.append(
            {
                "recipe": story["recipe"],
                "losses": found["losses"],
                "seed": found["seed"],
                "parameters": found["parameters"],
                "seconds_here": found["seconds_here"],
                "accuracy": {
                    part: {key: score[key] for key in ("accuracy", "accuracy_95", "ece")}
                    for part, score in found["scores"].items()
                },
            }
        )
    members.sort(key=lambda member: member["parameters"])
    return {"students": members, "teachers": teachers}


def plot_family(report: dict[str, Any], teacher_parameters: int, path: Path) -> None:
    """Draw accuracy against parameters (log axis), the teacher at the right, to a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    students = report["students"]
    teacher = report["teachers"].get("plain", {}).get("without_gaze", {})
    sizes = [member["parameters"] for member in students]
    figure, axis = pyplot.subplots(figsize=(6.4, 3.6))
    for part, colour in zip(students[0]["accuracy"], _COLOURS, strict=False):
        scores = [member["accuracy"][part] for member in students]
        points = list(sizes)
        if part in teacher:
            scores, points = [*scores, teacher[part]], [*points, teacher_parameters]
        shares = [100 * score["accuracy"] for score in scores]
        errors = [
            [s - 100 * score["accuracy_95"][0] for s, score in zip(shares, scores, strict=True)],
            [100 * score["accuracy_95"][1] - s for s, score in zip(shares, scores, strict=True)],
        ]
        label = PART_NAMES.get(part, part)
        axis.errorbar(points, shares, errors, fmt="o-", color=colour, capsize=2, label=label)
    axis.set_xscale("log")
    axis.set_xlabel("parameters (the rightmost: the teacher)")
    axis.set_ylabel("accuracy, %; 95 % over patients")
    axis.grid(linewidth=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=130)
    pyplot.close(figure)


_COLOURS = ("#777777", "#33536e", "#b3261e", "#c9a227", "#5a7d4f")

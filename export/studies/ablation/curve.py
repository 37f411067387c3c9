"""Ablations of recipes that differ in how many patients have labels: who gains by more."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export import drawing
from export.errors import ExportError
from export.studies.ablation.reading import margins, read_story
from export.studies.ablation.table import PART_NAMES

TOLD = ("recipe", "command", "seeds", "data", "learned_from")
KEPT = ("accuracy", "accuracy_95", "accuracy_by_seed", "gains_over")


def curve(folders: Sequence[Path]) -> dict[str, Any]:
    """Gather the `ablation.json` of several run folders, the fewest patients first.

    Each point is a comparison of its own: the objectives of one recipe, on the same steps. Points
    may differ in how long they trained, too.

    Raises:
        ExportError: `run-unscored` where `ablate` has not been through a folder, `curve-points`
            when the folders differ in more than patients: in machines or in parts.
    """
    points = []
    for folder in folders:
        story = read_story(folder / "ablation.json", (*TOLD, "parts", "teachers"))
        points.append(
            {
                **{key: story[key] for key in TOLD},
                "parts": {
                    part: {name: {key: row[key] for key in KEPT} for name, row in table.items()}
                    for part, table in story["parts"].items()
                },
                "teachers": {
                    name: _accuracies(scores) for name, scores in story["teachers"].items()
                },
            }
        )
    for what, values in (
        ("machines", [point["data"]["machines"] for point in points]),
        ("parts", [sorted(point["parts"]) for point in points]),
    ):
        if any(value != values[0] for value in values):
            raise ExportError("curve-points", f"the folders differ in {what}: {values}")
    points.sort(key=lambda point: point["learned_from"]["patients"])
    return {"points": points}


def _accuracies(teacher: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return a teacher's accuracy by part, without gaze and with it."""
    ways = {way: scores for way, scores in teacher.items() if isinstance(scores, dict)}
    return {
        way: {part: s["accuracy"] for part, s in scores.items()} for way, scores in ways.items()
    }


@drawing.styled
def plot_curve(report: dict[str, Any], path: Path) -> None:
    """Draw accuracy against patients (log axis), a line an objective, a panel a part."""
    pyplot = drawing.pyplot()
    points = report["points"]
    parts = list(points[0]["parts"])
    names = [
        n for n in points[0]["parts"][parts[0]] if all(n in p["parts"][parts[0]] for p in points)
    ]
    patients = [point["learned_from"]["patients"] for point in points]
    figure, axes = pyplot.subplots(1, len(parts), figsize=(3.3 * len(parts), 3.4), squeeze=False)
    for axis, part in zip(axes[0], parts, strict=True):
        for index, name in enumerate(names):
            rows = [point["parts"][part][name] for point in points]
            nudged = [count * 1.03 ** (index - (len(names) - 1) / 2) for count in patients]
            axis.errorbar(
                nudged,
                [100 * row["accuracy"] for row in rows],
                margins(rows),
                fmt="o-",
                markersize=3.5,
                capsize=2,
                linewidth=1,
                label=name,
            )
        axis.set_xscale("log")
        axis.set_xticks(patients, [str(count) for count in patients])
        axis.minorticks_off()
        axis.set_xlabel("patients with labels")
        axis.set_title(PART_NAMES.get(part, part), fontsize=10)
    axes[0][0].set_ylabel("accuracy, %; 95 % over patients and seeds")
    axes[0][-1].legend(fontsize=7)
    figure.tight_layout()
    drawing.save(figure, path)
    pyplot.close(figure)

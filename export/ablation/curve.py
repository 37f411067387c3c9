"""Ablations of recipes that differ in how many patients have labels: who gains by more."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export.ablation.table import PART_NAMES
from export.errors import ExportError
from export.files import whole

KEPT = ("accuracy", "accuracy_95", "accuracy_by_seed", "gains_over")


def curve(folders: Sequence[Path]) -> dict[str, Any]:
    """Gather the `ablation.json` of several run folders, the fewest patients first.

    Raises:
        ExportError: `run-unscored` where `ablate` has not been through a folder.
    """
    points = []
    for folder in folders:
        path = folder / "ablation.json"
        if not path.is_file():
            raise ExportError("run-unscored", f"{path} isn't there; run `ablate -o {folder}` first")
        story = json.loads(path.read_text(encoding="utf-8"))
        points.append(
            {
                **{key: story[key] for key in ("recipe", "command", "seeds", "learned_from")},
                "parts": {
                    part: {losses: {key: row[key] for key in KEPT} for losses, row in table.items()}
                    for part, table in story["parts"].items()
                },
                "teachers": {
                    name: {
                        way: {part: scores["accuracy"] for part, scores in found.items()}
                        for way, found in ways.items()
                    }
                    for name, ways in story["teachers"].items()
                },
            }
        )
    points.sort(key=lambda point: point["learned_from"]["patients"])
    return {"points": points}


def plot_curve(report: dict[str, Any], path: Path) -> None:
    """Draw accuracy against patients (log axis), a line for each losses, a panel for each part."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

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
                [
                    [100 * (row["accuracy"] - row["accuracy_95"][0]) for row in rows],
                    [100 * (row["accuracy_95"][1] - row["accuracy"]) for row in rows],
                ],
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
        axis.grid(linewidth=0.3)
    axes[0][0].set_ylabel("accuracy, %; 95 % over patients and seeds")
    axes[0][-1].legend(fontsize=7)
    figure.tight_layout()
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=130)
    pyplot.close(figure)

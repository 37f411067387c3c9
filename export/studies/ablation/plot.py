"""The picture of an ablation: each seed a dot, the mean with its interval."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export import drawing
from export.studies.ablation.reading import margins
from export.studies.ablation.table import PART_NAMES


@drawing.styled
def plot_ablation(report: Mapping[str, Any], path: Path) -> None:
    """Draw `report` (`ablation.json`) to a PNG: accuracy by part, objectives down the side."""
    pyplot = drawing.pyplot()
    parts = report["parts"]
    names = list(next(iter(parts.values())))
    figure, axes = pyplot.subplots(
        1, len(parts), figsize=(3.6 * len(parts), 0.9 + 0.38 * len(names)), sharey=True
    )
    for axis, (part, table) in zip(axes if len(parts) > 1 else [axes], parts.items(), strict=True):
        for row, name in enumerate(names):
            scores = table[name]
            (below,), (above,) = margins([scores])
            mean = 100 * scores["accuracy"]
            axis.plot(
                [mean - below, mean + above],
                [row, row],
                color=drawing.PALE,
                linewidth=5,
                solid_capstyle="butt",
            )
            seeds = [100 * value for value in scores["accuracy_by_seed"]]
            axis.plot(seeds, [row] * len(seeds), "o", color=drawing.BLUE, markersize=3.5, alpha=0.7)
            axis.plot(100 * scores["accuracy"], row, "|", color=drawing.VERMILION, markersize=16)
        first = table[names[0]]["accuracy"]
        axis.axvline(100 * first, color=drawing.GREY, linewidth=0.7, linestyle=":")
        axis.set_title(PART_NAMES.get(part, part), fontsize=10)
        axis.set_xlabel("accuracy, %")
        axis.grid(visible=False, axis="y")
    figure.axes[0].set_yticks(range(len(names)), names)
    figure.axes[0].invert_yaxis()
    figure.text(
        0.01,
        0.005,
        "dots: seeds; vermilion: mean; bar: 95 % over patients and seeds",
        fontsize=7,
        color=drawing.GREY,
    )
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    drawing.save(figure, path)
    pyplot.close(figure)

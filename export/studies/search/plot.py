"""The picture of a search: accuracy against latency, both precisions of each candidate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export import drawing
from export.studies.ablation.reading import margins
from export.studies.search.run import REFERENCE, faster

LABELS = {"fp32": "candidates, fp32", "int8": "candidates, int8"}
COLOURS = {"fp32": drawing.SKY, "int8": drawing.BLUE}


@drawing.styled
def plot_search(report: Mapping[str, Any], path: Path) -> None:
    """Draw `report` (`search.json`) to a PNG: one seed a candidate, then the finals over seeds."""
    pyplot = drawing.pyplot()
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11.8, 4.2), sharey=True)
    _candidates(left, report["networks"])
    _finals(right, report)
    for axis in (left, right):
        axis.set_xlabel("one inference, ms (median)")
    left.legend(fontsize=8, loc="lower right")
    right.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    left.set_ylabel("right on validation views, %")
    left.set_title("one seed each; the line joins the front")
    right.set_title("the best and the reference, several seeds; 95 %")
    figure.tight_layout()
    drawing.save(figure, path)
    pyplot.close(figure)


def _candidates(axis: Any, rows: Mapping[str, Mapping[str, Any]]) -> None:
    trained = {name: row for name, row in rows.items() if row["accuracy"]}
    for precision, colour in COLOURS.items():
        points = [_point(row, precision) for name, row in trained.items() if name != REFERENCE]
        axis.plot(*zip(*points, strict=True), "o", color=colour, label=LABELS[precision])
        reference = _point(rows[REFERENCE], precision)
        axis.plot(*reference, "s", color=drawing.VERMILION, fillstyle=_fill(precision))
        axis.annotate(precision, reference, xytext=(5, 5), textcoords="offset points", fontsize=8)
    best = front([_point(row, faster(row["latency_ms"])) for row in trained.values()])
    axis.plot(*zip(*best, strict=True), "-", color=drawing.GREY, linewidth=1, zorder=0)
    axis.plot([], [], "s", color=drawing.VERMILION, label="reference")


def _finals(axis: Any, report: Mapping[str, Any]) -> None:
    others = (drawing.BLUE, drawing.GREEN, drawing.PURPLE, drawing.ORANGE, drawing.SKY)
    for index, (name, final) in enumerate(report["finals"].items()):
        colour = drawing.VERMILION if name == REFERENCE else others[index % len(others)]
        for precision in COLOURS:
            views = final["accuracy"][precision]["views"]
            axis.errorbar(
                [report["networks"][name]["latency_ms"][precision]],
                [100 * views["accuracy"]],
                margins([views]),
                fmt="s" if name == REFERENCE else "o",
                color=colour,
                fillstyle=_fill(precision),
                capsize=2,
                label=f"{name}, {precision}",
            )


def _fill(precision: str) -> str:
    return "full" if precision == "int8" else "none"


def _point(row: Mapping[str, Any], precision: str) -> tuple[float, float]:
    accuracy = row["accuracy"][precision]["views"]["accuracy"]
    return row["latency_ms"][precision], 100 * accuracy


def front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points (latency, accuracy) that no other is both faster and more accurate than."""
    kept: list[tuple[float, float]] = []
    for latency, accuracy in sorted(points, key=lambda p: (p[0], -p[1])):
        if not kept or accuracy > kept[-1][1]:
            kept.append((latency, accuracy))
    return kept

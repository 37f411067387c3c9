"""Charts of a model card: reliability, risk against coverage, confusion matrices."""

from pathlib import Path
from typing import Any

import numpy as np

from export import drawing

INK, BLUE, GREY = drawing.INK, drawing.BLUE, drawing.GREY
DPI = 110


@drawing.styled
def reliability(report: dict[str, Any], path: Path) -> str:
    """Draw accuracy against confidence of each part, with the number of frames; fp32."""
    parts = report["scores"]["fp32"]
    figure = drawing.figure(figsize=(3.1 * len(parts), 3.4), layout="constrained")
    for index, (part, score) in enumerate(parts.items(), start=1):
        axes = figure.add_subplot(1, len(parts), index)
        curve = score["reliability"]
        size = [8 + 260 * point["frames"] / score["frames"] for point in curve]
        confidence = [point["confidence"] for point in curve]
        accuracy = [point["accuracy"] for point in curve]
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", zorder=1)
        axes.scatter(confidence, accuracy, s=size, color=BLUE, alpha=0.75, zorder=3)
        for point in curve:
            place = (point["confidence"], point["accuracy"])
            axes.annotate(
                point["frames"],
                place,
                (-5, -10),
                textcoords="offset points",
                fontsize=7,
                ha="right",
            )
        axes.set(xlim=(0.2, 1.06), ylim=(-0.09, 1.09), xlabel="confidence")
        axes.set_title(f"{part}: ECE {100 * score['ece']:.1f} %", fontsize=10, color=INK)
        if index == 1:
            axes.set_ylabel("share right")
    figure.savefig(path, dpi=DPI)
    return (
        "Calibration of the fp32 file: how often it is right at each confidence, and of how many "
        "frames; on the dashed line, confidence can be taken at its word. A dot of few frames may "
        "lie anywhere."
    )


@drawing.styled
def risk_coverage(report: dict[str, Any], path: Path) -> str:
    """Draw the error among accepted frames against how many are accepted, for each part; fp32."""
    figure = drawing.figure(figsize=(5.4, 3.2), layout="constrained")
    axes = figure.add_subplot()
    for (part, score), colour in zip(
        report["scores"]["fp32"].items(), drawing.COLOURS, strict=False
    ):
        curve = score["risk_coverage"]
        coverage, error = ([100 * point[name] for point in curve] for name in ("coverage", "error"))
        axes.plot(coverage, error, color=colour, label=part)
        if score["accepted_accuracy"] is not None:
            chosen = (100 * score["coverage"], 100 - 100 * score["accepted_accuracy"])
            axes.plot(*chosen, "o", color=colour)
    axes.set(xlim=(0, 101), ylim=(-0.2, None), xlabel="accepted, %", ylabel="of them wrong, %")
    axes.legend()
    figure.savefig(path, dpi=DPI)
    return (
        "Errors among the frames that are accepted as the threshold on confidence falls, from left "
        "to right; dots are the thresholds that ship, with novelty where the file has it. fp32."
    )


@drawing.styled
def confusion(report: dict[str, Any], path: Path) -> str:
    """Draw the confusion matrices of the parts that no choice was made on; fp32."""
    parts = report["scores"]["fp32"]
    shown = [part for part in ("test", "external") if part in parts] or list(parts)
    labels = report["labels"]
    side = max(2.6, 0.8 * len(labels))
    figure = drawing.figure(figsize=(side * len(shown) + 0.9, side + 1.4), layout="constrained")
    for index, part in enumerate(shown, start=1):
        axes = figure.add_subplot(1, len(shown), index)
        counts = np.array(parts[part]["confusion"])
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.grid(visible=False)
        for row, column in np.ndindex(counts.shape):
            ink = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, counts[row, column], ha="center", va="center", color=ink)
        axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right")
        axes.set_yticks(range(len(labels)), labels if index == 1 else [""] * len(labels))
        axes.set_title(f"{part}: {100 * parts[part]['accuracy']:.1f} %", fontsize=10, color=INK)
        axes.set_xlabel("predicted")
        if index == 1:
            axes.set_ylabel("truth")
    figure.savefig(path, dpi=DPI)
    return "Confusion of the fp32 file, in frames; the shade is the share of the row."

"""Contact sheets of a model card: the worst mistakes, and where the student looked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import sdk
from export import drawing
from export.data.dataset import FrameRecord
from export.data.frames import read_frames, read_greys
from export.model_card.charts import DPI

SHOWABLE = {
    "fetal_planes_db": "Burgos-Artizzu et al., Sci Rep 10:10200 (2020), CC BY 4.0",
    "african_planes": "Sendra-Balcells et al., Sci Rep 13:2728 (2023), CC BY 4.0",
}
"""Data sets whose licence allows showing frames, and the credit it asks for."""

COLUMNS, MISTAKES, PER_LABEL = 6, 12, 3


class Sheet(NamedTuple):
    """A picture that was written, or None where there is nothing to show.

    Attributes:
        path: of the picture.
        text: its caption, or why there is none.
    """

    path: Path | None
    text: str


def mistakes(report: dict[str, Any], records: dict[str, FrameRecord], path: Path) -> Sheet:
    """Draw the accepted answers that are wrong, on test and external frames, the surest first.

    A wrong answer that was withheld harms nobody: it is counted in the caption, not shown.
    """
    wrong = [m for part in ("test", "external") for m in _of(report, part)]
    if not wrong:
        return Sheet(None, "the student made no mistake on test and external frames")
    if any("accepted" not in m for m in wrong):  # by confidence alone it can't be told
        return Sheet(None, "the report doesn't say which mistakes were accepted; release again")
    accepted = [m for m in wrong if m["accepted"]]
    summary = f"{len(wrong)} answers of the fp32 file are wrong on test and external frames"
    summary += f"; {len(wrong) - len(accepted)} of them were withheld"
    if not accepted:
        return Sheet(None, summary)
    showable = [m for m in accepted if m["id"] in records and m["dataset"] in SHOWABLE]
    if not showable:
        return Sheet(
            None, f"{summary}; the licence of the other frames is not known to allow a look"
        )
    chosen = sorted(showable, key=lambda m: -m["confidence"])[:MISTAKES]
    shown = [records[m["id"]] for m in chosen]
    figure, axes = _grid(len(shown))
    for cell, pixels, mistake in zip(axes, read_greys(shown), chosen, strict=False):
        cell.imshow(pixels, cmap="gray", vmin=0, vmax=255)
        title = f"is {mistake['truth']}\npredicted {mistake['said']} {mistake['confidence']:.0%}"
        cell.set_title(title, fontsize=8)
    _save(figure, path)
    surest = "all" if len(shown) == len(accepted) else f"the {len(shown)} surest"
    return Sheet(path, f"{summary}, {len(accepted)} accepted: {surest} of these. {_credit(shown)}")


def attention(
    report: dict[str, Any], records: dict[str, FrameRecord], model: Path, path: Path
) -> Sheet:
    """Draw where the student looked on validation frames, the first of each label."""
    candidates = [r for r in records.values() if r.split == "val" and r.dataset in SHOWABLE]
    shown = [
        record
        for label in report["labels"]
        for record in [r for r in candidates if r.label == label][:PER_LABEL]
    ]
    if not shown:
        return Sheet(None, "no validation frame has a licence that is known to allow showing it")
    classifier = sdk.Classifier(model)
    figure, axes = _grid(len(shown))
    for cell, record, frame, pixels in zip(
        axes, shown, read_frames(shown), read_greys(shown), strict=False
    ):
        result = classifier.classify(frame)
        cell.imshow(pixels, cmap="gray", vmin=0, vmax=255)
        if result.attention is not None:
            attention = _over(frame, result.attention, classifier.metadata.preprocessing)
            height, width = pixels.shape
            cell.imshow(
                attention,
                cmap="inferno",
                alpha=0.65 * attention / max(float(attention.max()), 1e-12),
                extent=(-0.5, width - 0.5, height - 0.5, -0.5),
                interpolation="bilinear",
            )
        answer = f"predicted {result.label}" if result.label else result.decision.value
        cell.set_title(f"is {record.label}\n{answer} ({result.confidence:.0%})", fontsize=8)
    _save(figure, path)
    return Sheet(
        path,
        "Where the student looked (its own attention map, brighter is more), on validation frames "
        f"that were not picked by hand. {_credit(shown)}",
    )


def _over(frame: sdk.Frame, attention: Any, preprocessing: Any) -> np.ndarray:
    """Return the attention over the frame's region alone: the letterbox's bars cut off."""
    from PIL import Image

    x, y, width, height = preprocessing.inner(frame)
    small = Image.fromarray(np.asarray(attention, dtype=np.float32))
    fine = small.resize((preprocessing.width, preprocessing.height), Image.Resampling.BICUBIC)
    return np.asarray(fine).clip(0)[y : y + height, x : x + width]


def _of(report: dict[str, Any], part: str) -> list[dict[str, Any]]:
    mistakes: list[dict[str, Any]] = report["scores"]["fp32"].get(part, {}).get("mistakes", [])
    return mistakes


def _credit(records: Sequence[FrameRecord]) -> str:
    names = sorted({record.dataset for record in records})
    credits = "; ".join(f"{name}: {SHOWABLE[name]}" for name in names)
    return f"Frames: {credits}; reduced in size, titles and colours added."


def _grid(count: int) -> tuple[Any, list[Any]]:
    rows = -(-count // COLUMNS)
    figure = drawing.figure(figsize=(1.45 * COLUMNS, 1.55 * rows), layout="constrained")
    axes = [figure.add_subplot(rows, COLUMNS, i + 1) for i in range(count)]
    for cell in axes:
        cell.set_axis_off()
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    """Write a sheet of few colours: a photograph as PNG is large."""
    from PIL import Image

    figure.savefig(path, dpi=DPI)
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(160)
    few.save(path, optimize=True)

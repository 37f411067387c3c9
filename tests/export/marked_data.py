"""The phantom's data set with outliers beside it and its structures marked."""

import csv
import shutil
from pathlib import Path

import cv2

from export.data.phantom import phantom_frame
from export.data.phantom.structures import annotation_of
from export.data.structures import FORMAT, AnnotationFile, write_annotations

KINDS = ("muscle", "lung")
OUTLIERS = 24


def marked(source: Path, target: Path) -> Path:
    """Copy a phantom data set; add frames of `not_fetal`, and `structures.json` of the rest."""
    shutil.copytree(source, target)
    with (target / "frames.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    _write_structures(target, rows)
    (target / "not_fetal").mkdir()
    for number in range(OUTLIERS):
        name = f"not_fetal/o{number:02d}.png"
        frame = phantom_frame("background", seed=700 + number, height=96, width=96)
        cv2.imwrite(str(target / name), frame.pixels)
        row = dict.fromkeys(rows[0], "")
        row |= {"file": name, "id": Path(name).stem, "label": "background"}
        row |= {"fine": KINDS[number % len(KINDS)], "dataset": "not_fetal", "licence": "own"}
        rows.append(row | {"group": f"O{number}"})
    with (target / "frames.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


def _write_structures(folder: Path, rows: list[dict[str, str]]) -> None:
    found = []
    for row in rows:
        seed = int(row["group"].removeprefix("P"))
        frame = phantom_frame(row["label"], seed=seed, height=96, width=128)
        found.append(annotation_of(frame, row["id"]))
    file = AnnotationFile(FORMAT, "phantom", "own", "phantom", "phantom", "drawn",
                          tuple(a for a in found if a is not None))  # fmt: skip
    write_annotations(folder / "structures.json", file)

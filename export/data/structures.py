"""Where the deciding structures lie: annotations of this project, and HC18's head outlines.

An annotation file is JSON: what it is, who made it and how, and a row for each frame. Coordinates
only, no pixels; `export/data/annotations/README.md` describes it.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from export.data.shapes import Ellipse, Mask, Shape
from export.errors import ExportError
from export.files import write_text

ANNOTATIONS = Path(__file__).parent / "annotations"
FORMAT: Literal[1] = 1
HC18_ELLIPSES = "hc18_ellipses.csv"
Text = Annotated[str, Meta(min_length=1, max_length=2000)]


class Annotation(Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader decided on one frame.

    Attributes:
        id: of the frame, as the data set's table has it.
        structure: what was looked for.
        how: `accepted` (proposals as they were), `corrected` (some of it drawn by the reader) or
            `rejected` (nothing that can be marked).
        shapes: where it lies, every part of it that is seen (both femurs, say); empty where
            rejected.
    """

    id: Text
    structure: Literal["head", "abdomen", "femur"]
    how: Literal["accepted", "corrected", "rejected"]
    shapes: Annotated[tuple[Shape, ...], Meta(max_length=8)] = ()

    def __post_init__(self) -> None:
        """Refuse a rejected frame with shapes, and any other without."""
        if bool(self.shapes) == (self.how == "rejected"):
            raise ValueError(f"{self.id} is {self.how!r}; it has shapes unless it is rejected")

    def mask(self, height: int, width: int, margin: float = 0.0) -> Mask:
        """Return which pixels any of its shapes covers, `margin` widened on all sides."""
        covered = np.zeros((height, width), dtype=bool)
        for shape in self.shapes:
            covered |= shape.mask(height, width, margin)
        return covered


class AnnotationFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of annotations.

    Attributes:
        format: of the file, 1.
        dataset: whose frames they are of.
        licence: of the annotations.
        source: of the frames, with their licence.
        made_by, method: who made them, and how.
        frames: one a frame and structure.
    """

    format: Literal[1]
    dataset: Text
    licence: Text
    source: Text
    made_by: Text
    method: Text
    frames: tuple[Annotation, ...]

    @property
    def marked(self) -> dict[str, Annotation]:
        """The annotations that have shapes, by the frames' ids."""
        return {a.id: a for a in self.frames if a.shapes}


def read_annotations(path: Path) -> AnnotationFile:
    """Read a file of annotations.

    Raises:
        ExportError: `annotation-file` when it is missing, no such JSON, or names a frame twice.
    """
    try:
        read = msgspec.json.decode(path.read_bytes(), type=AnnotationFile)
    except OSError as error:
        raise ExportError("annotation-file", f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ExportError("annotation-file", f"{path}: {error}") from error
    known: set[tuple[str, str]] = set()
    for row in read.frames:
        if (row.id, row.structure) in known:
            raise ExportError(
                "annotation-file", f"{path}: {row.structure} of {row.id!r} is there twice; keep one"
            )
        known.add((row.id, row.structure))
    return read


def write_annotations(path: Path, file: AnnotationFile) -> None:
    """Write a file of annotations: a frame a line, so that changes can be read."""
    head = msgspec.to_builtins(file)
    rows = head.pop("frames")
    lines = [msgspec.json.encode(row).decode() for row in rows]
    top = msgspec.json.format(msgspec.json.encode(head).decode(), indent=1)[:-2]
    write_text(path, top + ',\n "frames": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n")


def structures_of(dataset_root: Path | None, names: Sequence[str]) -> dict[str, Annotation]:
    """Return every known shape of the structures `names`, by frame id.

    Args:
        dataset_root: the data folder, where HC18's outlines lie; None: those of this project alone.
        names: of `head`, `abdomen`, `femur`.

    Raises:
        ExportError: as `read_annotations` and `read_head_outlines`.
    """
    found: dict[str, Annotation] = {}
    for path in sorted(ANNOTATIONS.glob("*.json")):
        found |= read_annotations(path).marked
    if dataset_root is not None:
        own = dataset_root / "structures.json"
        found |= read_annotations(own).marked if own.is_file() else {}
        if (dataset_root / HC18_ELLIPSES).is_file():
            heads = read_head_outlines(dataset_root / HC18_ELLIPSES)
            found |= {i: Annotation(i, "head", "accepted", (shape,)) for i, shape in heads.items()}
    return {i: a for i, a in found.items() if a.structure in names}


# HC18's table gives axes that are too short for its own circumferences, by this.
AXES_SCALE = 1 / 0.822


def read_head_outlines(path: Path) -> Mapping[str, Ellipse]:
    """Return the outlines of `hc18_ellipses.csv` by frame id.

    Axes are widened by one factor, the table's mean: what is erased needs no more, and
    `export.gaze.interest` fits each to its own circumference.

    Raises:
        ExportError: `annotation-file`.
    """
    try:
        with open(path, newline="", encoding="utf-8") as table:
            return {row["id"]: _outline(row) for row in csv.DictReader(table)}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ExportError("annotation-file", f"{path}: {error!r}") from error


def _outline(row: dict[str, str]) -> Ellipse:
    """Return a row as an ellipse; the table has `cy` relative to the height."""
    tall = float(row["original_height"]) / float(row["original_width"])
    return Ellipse(
        float(row["cx"]),
        float(row["cy"]) * tall,
        float(row["axis1"]) * AXES_SCALE,
        float(row["axis2"]) * AXES_SCALE,
        (float(row["angle_deg"]) + 180) % 360 - 180,
    )

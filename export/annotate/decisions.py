"""A reader's decisions on the sheets, one a line: `number,decision`.

A decision is `x` (nothing that can be marked), or parts joined by `+`: a proposal's number, or
four numbers of the reader's own, in percent of the frame's width and height: both ends of a bone
(`x1 y1 x2 y2`), or the box around a body (`left top right bottom`).
"""

import csv
from pathlib import Path

from export.annotate.proposals import Proposed, Work
from export.data.shapes import Ellipse, Line, Shape
from export.data.structures import Annotation
from export.errors import ExportError

REJECT = "x"
BONES = ("femur",)
LINE_WIDTH = 0.03
_LOWEST, _HIGHEST = -20.0, 120.0  # a body may leave the frame


def read_decisions(path: Path, work: Work) -> list[Annotation]:
    """Return what a reader decided, in the order of the sheets; frames without a line are left out.

    Raises:
        ExportError: `annotation-decision`, naming the line, what it says and what is allowed.
    """
    try:
        with open(path, newline="", encoding="utf-8") as table:
            lines = list(csv.DictReader(table))
    except OSError as error:
        raise ExportError("annotation-decision", f"{path}: {error.strerror}") from error
    found: dict[int, Annotation] = {}
    for number, line in enumerate(lines, start=2):
        try:
            at, decided = int(line["number"]), line["decision"].strip()
            if at in found or not 0 <= at < len(work.frames):
                raise ValueError(f"number {at}; allowed: 0 to {len(work.frames) - 1}, each once")
            found[at] = _annotation(work.frames[at], work.structure, decided)
        except (KeyError, AttributeError, TypeError, ValueError) as error:
            raise ExportError(
                "annotation-decision",
                f"{path}, line {number}: {error}; a line is NUMBER,DECISION, and a decision `x`, "
                "or proposals' numbers and sets of four percentages, joined by +",
            ) from error
    return [found[at] for at in sorted(found)]


def _annotation(frame: Proposed, structure: str, decided: str) -> Annotation:
    if decided == REJECT:
        return Annotation(frame.id, structure, "rejected")  # type: ignore[arg-type]
    parts = [part.strip() for part in decided.split("+")]
    shapes = tuple(_shape(frame, structure, part) for part in parts)
    how = "accepted" if all(part.isdigit() for part in parts) else "corrected"
    return Annotation(frame.id, structure, how, shapes)  # type: ignore[arg-type]


def _shape(frame: Proposed, structure: str, part: str) -> Shape:
    if part.isdigit():
        if not 1 <= int(part) <= len(frame.shapes):
            raise ValueError(f"proposal {part}; allowed: 1 to {len(frame.shapes)}")
        return rounded(frame.shapes[int(part) - 1])
    numbers = [float(number) for number in part.split()]
    if len(numbers) != 4 or not all(_LOWEST <= number <= _HIGHEST for number in numbers):
        raise ValueError(f"{part!r}; allowed: four numbers from {_LOWEST:g} to {_HIGHEST:g}")
    x1, x2 = numbers[0] / 100, numbers[2] / 100
    y1, y2 = (numbers[i] / 100 * frame.height_share for i in (1, 3))
    if structure in BONES:
        return rounded(Line(x1, y1, x2, y2, LINE_WIDTH))
    if x2 <= x1 or y2 <= y1:
        raise ValueError(f"{part!r}: a box is left, top, right, bottom")
    return rounded(Ellipse((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, 0.0))


def rounded(shape: Shape) -> Shape:
    """Return a shape with four decimals: a twentieth of a pixel."""
    return type(shape)(*(round(getattr(shape, f), 4) for f in shape.__struct_fields__))

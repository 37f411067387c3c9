"""The phantom's truth as annotations: where the structure lies that each label names."""

from collections.abc import Mapping
from pathlib import Path

from export.data import shapes
from export.data.phantom.frames import PhantomFrame
from export.data.phantom.truth import Ellipse, Line
from export.data.structures import FORMAT, Annotation, AnnotationFile, write_annotations

LINE_WIDTH = 0.03


def annotation_of(frame: PhantomFrame, frame_id: str) -> Annotation | None:
    """Return the structure of a frame's label; None for `background`, which has none."""
    drawn = frame.truth.structures.get(frame.label)
    width = frame.pixels.shape[1]
    if isinstance(drawn, Ellipse):
        lengths = (drawn.cx, drawn.cy, drawn.axis1, drawn.axis2)
        cx, cy, axis1, axis2 = (float(v) / width for v in lengths)
        turn = float((drawn.angle_deg + 180) % 360 - 180)
        shape: shapes.Shape = shapes.Ellipse(cx, cy, axis1, axis2, turn)
    elif isinstance(drawn, Line):
        ends = (drawn.x1, drawn.y1, drawn.x2, drawn.y2)
        x1, y1, x2, y2 = (float(v) / width for v in ends)
        shape = shapes.Line(x1, y1, x2, y2, LINE_WIDTH)
    else:
        return None
    return Annotation(frame_id, frame.label, "accepted", (shape,))  # type: ignore[arg-type]


def write_structures(path: Path, frames: Mapping[str, PhantomFrame]) -> None:
    """Write the annotations of frames by id."""
    rows = [annotation_of(frame, frame_id) for frame_id, frame in frames.items()]
    file = AnnotationFile(
        format=FORMAT,
        dataset="own",
        licence="own",
        source="synthetic frames of this project's phantom",
        made_by="export.data.phantom",
        method="what was drawn",
        frames=tuple(row for row in rows if row is not None),
    )
    write_annotations(path, file)

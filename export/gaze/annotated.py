"""Simulated gaze at structures that are marked (`export.data.structures`): nobody looked.

A frame without a mark has no gaze. So gaze may tell by its mere presence that a structure is there:
a claim about it needs a gain over the control within the class, which tells as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from export.data.dataset import FrameRecord
from export.data.frames import read_greys
from export.data.shapes import Ellipse, Shape
from export.data.structures import Annotation
from export.gaze.errors import GazeError
from export.gaze.privileged import GazeOfFrames
from export.gaze.stills import GRID, map_of_a_look

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Place:
    """A place of interest, frame pixels; weight above 0."""

    x: float
    y: float
    weight: float


def annotated_gaze(
    records: Sequence[FrameRecord],
    marked: Mapping[str, Annotation],
    seed: int,
    progress: Progress = lambda done, total: None,
) -> GazeOfFrames:
    """Return simulated gaze of every record whose structure is marked; zeros for the others.

    Raises:
        GazeError: `gaze-labels` when none is marked.
    """
    chosen = [(index, r) for index, r in enumerate(records) if r.id in marked]
    if not chosen:
        raise GazeError(
            "gaze-labels", f"none of {len(records)} frames has a marked structure to look at"
        )
    maps = np.zeros((len(records), GRID[1], GRID[0]), dtype=np.float32)
    greys = read_greys(record for _, record in chosen)
    for done, ((index, record), frame) in enumerate(zip(chosen, greys, strict=True), start=1):
        height, width = frame.shape
        places = [p for shape in marked[record.id].shapes for p in places_of(shape, width)]
        maps[index] = map_of_a_look(places, width, height, seed * 100_003 + index)
        progress(done, len(chosen))
    return GazeOfFrames(maps, simulated=True)


def places_of(shape: Shape, width: int) -> list[Place]:
    """Return where a reader of a shape looks, in pixels of a frame `width` across.

    Where callipers are set, most of all: a bone's ends, the ends of an outline's axes. Then along
    the shaft, or at the middle.
    """
    if isinstance(shape, Ellipse):
        turn = radians(shape.angle_deg)
        along = np.array([cos(turn), sin(turn)]) * shape.axis1 / 2
        across = np.array([-sin(turn), cos(turn)]) * shape.axis2 / 2
        offsets = [(along, 1.0), (-along, 1.0), (across, 1.0), (-across, 1.0), (0 * along, 2.0)]
        placed = [(np.array(shape.centre) + offset, weight) for offset, weight in offsets]
    else:
        start, end = np.array([shape.x1, shape.y1]), np.array([shape.x2, shape.y2])
        shares = [(0.0, 2.0), (0.25, 1.0), (0.5, 1.0), (0.75, 1.0), (1.0, 2.0)]
        placed = [(start + share * (end - start), weight) for share, weight in shares]
    return [Place(float(at[0]) * width, float(at[1]) * width, weight) for at, weight in placed]

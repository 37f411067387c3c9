"""How well two readings of the same frames agree, and a reading with others' landmarks."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.data.alteration import MARGIN
from export.data.shapes import Ellipse, Line, Shape
from export.data.structures import Annotation
from export.errors import ExportError

SIDE = 512


def overlap(one: Annotation, other: Annotation) -> float:
    """Return the Dice coefficient of what two readings cover, each widened by `MARGIN`."""
    a, b = (reading.mask(SIDE, SIDE, MARGIN) for reading in (one, other))
    total = int(a.sum()) + int(b.sum())
    return float(2 * (a & b).sum() / total) if total else 1.0


def agreement(
    first: Mapping[str, Annotation], second: Mapping[str, Annotation]
) -> dict[str, dict[str, Any]]:
    """Return, by structure, how far the frames of both readings agree.

    Raises:
        ExportError: `annotation-none` when no frame is in both.
    """
    both = sorted(first.keys() & second.keys())
    if not both:
        raise ExportError("annotation-none", "no frame is in both readings; give two of the same")
    report: dict[str, dict[str, Any]] = {}
    for structure in sorted({first[i].structure for i in both}):
        pairs = [(first[i], second[i]) for i in both if first[i].structure == structure]
        dice = np.array([overlap(a, b) for a, b in pairs])
        report[structure] = {
            "frames": len(pairs),
            "dice_median": float(np.median(dice)),
            "dice_lowest_tenth": float(np.quantile(dice, 0.1)),
            "share_above_half": float((dice > 0.5).mean()),
            "distance_median": float(np.median([_distance(a, b) for a, b in pairs])),
        }
    return report


def _distance(one: Annotation, other: Annotation) -> float:
    """Return how far the nearest parts of two readings lie apart, by their centres."""
    centres = [np.array([shape.centre for shape in reading.shapes]) for reading in (one, other)]
    gaps = np.linalg.norm(centres[0][:, None] - centres[1][None], axis=2)
    return float(gaps.min())


def read_landmarks(path: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """Return research-only landmarks by frame: points by name, relative to width and height.

    They may measure annotations, never make them: their licence is CC BY-NC-SA 4.0.

    Raises:
        ExportError: `annotation-file`.
    """
    frames: dict[str, dict[str, tuple[float, float]]] = {}
    try:
        with open(path, newline="", encoding="utf-8") as table:
            for row in csv.DictReader(table):
                place = float(row["x"]), float(row["y"])
                frames.setdefault(row["id"], {})[row["point"]] = place
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ExportError("annotation-file", f"{path}: {error!r}") from error
    return frames


def against_landmarks(
    readings: Sequence[Annotation],
    landmarks: Mapping[str, Mapping[str, tuple[float, float]]],
    tall: Mapping[str, float],
) -> dict[str, dict[str, Any]]:
    """Return, by structure, how far landmarks lie from the nearest end of a reading's shape.

    Args:
        readings: with shapes.
        landmarks: as `read_landmarks` returns.
        tall: each frame's height as a share of its width.
    """
    report: dict[str, dict[str, Any]] = {}
    for structure in sorted({r.structure for r in readings}):
        gaps, covered = [], []
        chosen = [r for r in readings if r.structure == structure and r.id in landmarks]
        for reading in chosen:
            points = [(x, y * tall[reading.id]) for x, y in landmarks[reading.id].values()]
            gaps += [min(_to_end(shape, point) for shape in reading.shapes) for point in points]
            middle = np.mean(points, axis=0)
            covered.append(_covers(reading, middle))
        if chosen:
            report[structure] = {
                "frames": len(chosen),
                "landmark_to_outline_median": float(np.median(gaps)),
                "landmark_to_outline_p90": float(np.quantile(gaps, 0.9)),
                "landmarks_middle_covered": float(np.mean(covered)),
            }
    return report


def _to_end(shape: Shape, point: tuple[float, float]) -> float:
    """Return the distance to an ellipse's outline, or to the nearer end of a line."""
    if isinstance(shape, Ellipse):
        outline = shape.points(256)
    else:
        assert isinstance(shape, Line)
        outline = np.array([[shape.x1, shape.y1], [shape.x2, shape.y2]])
    return float(np.linalg.norm(outline - np.asarray(point), axis=1).min())


def _covers(reading: Annotation, point: np.ndarray) -> bool:
    mask = reading.mask(2 * SIDE, SIDE, MARGIN)
    x, y = np.clip((point * SIDE).astype(int), 0, [SIDE - 1, 2 * SIDE - 1])
    return bool(mask[y, x])

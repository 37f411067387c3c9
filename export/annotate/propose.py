"""Proposals for a person to judge: bones as bright straight lines, bodies as bright ellipses.

Nothing here is learned, so that no label and no annotation of others comes in.
"""

from collections.abc import Callable

import cv2
import numpy as np

from export.annotate.ridges import DIRECTIONS, reduced, ridge_stack
from export.data.shapes import Ellipse, Line, Shape

PROPOSALS = 3
_LINE_WIDTH = 0.03
_LONGEST = 0.75
_SAMPLES = 48
_RATIOS, _TURNS = (0.72, 0.84, 0.96), np.arange(6) * 30.0


def propose_lines(frame: np.ndarray) -> list[Line]:
    """Return the strongest bright lines of a frame, uint8 (height, width), the best first.

    In each direction, each row of the turned ridge map gives its best run (the sum of strengths
    above a threshold, as Kadane's algorithm finds it), which bridges gaps where shadows cross.
    """
    grey = reduced(frame)
    ridges = ridge_stack(grey) * _tissue(frame, grey.shape) ** 0.5
    floor = float(np.percentile(ridges.max(0), 85))
    runs = [run for k in range(DIRECTIONS) for run in _runs(ridges[k], k, floor)]
    scale = 1 / grey.shape[1]
    lines: list[Line] = []
    for _, ends in sorted(runs, key=lambda run: -run[0]):
        x1, y1, x2, y2 = (float(end) * scale for end in ends)
        line = Line(x1, y1, x2, y2, _LINE_WIDTH)
        if 0.15 <= line.length <= _LONGEST and all(_apart(line, other) for other in lines):
            lines.append(line)
        if len(lines) == PROPOSALS:
            break
    return lines


def _tissue(frame: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return how bright each place is, 0 to 1; 0 near a sector's black surroundings."""
    small = cv2.resize(frame, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    bright = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.5)
    black = (cv2.blur(small.astype(np.float32), (9, 9)) < 2.0).astype(np.uint8)
    near = cv2.dilate(black, np.ones((13, 13), np.uint8))
    near[:6], near[:, :4], near[:, -4:] = 1, 1, 1
    share = np.clip(bright / max(float(np.percentile(bright, 99)), 1.0), 0, 1)
    return np.asarray(share * (near == 0))


def _runs(
    ridge: np.ndarray, direction: int, floor: float
) -> list[tuple[float, tuple[float, float, float, float]]]:
    """Return the best runs along one direction: (strength, ends in pixels)."""
    height, width = ridge.shape
    angle = direction * 180.0 / DIRECTIONS
    side = int(np.ceil(np.hypot(height, width)))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    # clipped: one calliper's cross must not outweigh a whole shaft
    level = np.clip(ridge, 0, 3 * floor) - floor
    turned = cv2.warpAffine(level, turn, (side, side), borderValue=-floor)
    turned = cv2.dilate(turned, np.ones((3, 1), np.uint8))  # a shaft is bowed by some pixels
    ends = np.cumsum(turned, axis=1)
    least = np.minimum.accumulate(np.pad(ends, ((0, 0), (1, 0)))[:, :-1], axis=1)
    gain = ends - least
    back = cv2.invertAffineTransform(turn)
    found = []
    for row in np.argsort(-gain.max(1))[:12]:
        stop = int(gain[row].argmax())
        before = np.concatenate([[0.0], ends[row, :stop]])
        start = int(before.argmin())
        x1, y1 = back @ np.array([start, row, 1.0])
        x2, y2 = back @ np.array([stop, row, 1.0])
        found.append((float(gain[row, stop]), (x1, y1, x2, y2)))
    return found


def _apart(line: Line, other: Line) -> bool:
    """Return whether two lines are proposals of different things."""
    (x, y), (u, v) = line.centre, other.centre
    along = np.array([other.x2 - other.x1, other.y2 - other.y1]) / max(other.length, 1e-9)
    offset = np.array([x - u, y - v])
    across = abs(offset[0] * along[1] - offset[1] * along[0])
    return bool(across > 0.04 or abs(offset @ along) > 0.5 * (line.length + other.length))


def propose_ellipses(frame: np.ndarray) -> list[Ellipse]:
    """Return ellipses whose outline runs along bright ridges, the best first.

    A coarse grid of ellipses, then random steps from the best ones, by a fixed seed.
    """
    grey = reduced(frame)
    ridges = np.maximum(ridge_stack(grey, across=2.0, along=5.0), 0)
    ridges = np.minimum(ridges, np.percentile(ridges.max(0), 98))
    height, width = grey.shape
    grid = _grid(height, width)
    rough = _support(ridges, grid)
    rng, kept = np.random.default_rng(0), list[np.ndarray]()
    for start in grid[np.argsort(-rough)[:60]]:
        if all(_far(start, other) for other in kept):
            kept.append(_refined(ridges, start, rng))
        if len(kept) == PROPOSALS:
            break
    kept.sort(key=lambda row: -_support(ridges, row[None])[0])
    return [_ellipse(row, width) for row in kept]


def _grid(height: int, width: int) -> np.ndarray:
    """Return ellipses (N, 5): cx, cy, half axes, turn in degrees; all in pixels."""
    least = min(height, width)
    xs, ys = np.linspace(0.25, 0.75, 13) * width, np.linspace(0.2, 0.8, 12) * height
    halves = np.linspace(0.30, 0.64, 10) * least
    mesh = np.meshgrid(xs, ys, halves, _RATIOS, _TURNS, indexing="ij")
    cx, cy, a, ratio, turn = (part.ravel() for part in mesh)
    return np.stack([cx, cy, a, a * ratio, turn], axis=1)


def _support(ridges: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return how well each ellipse's outline lies on ridges along its tangent."""
    _, height, width = ridges.shape
    around = np.linspace(0, 2 * np.pi, _SAMPLES, endpoint=False)
    cx, cy, a, b = (rows[:, i, None] for i in range(4))
    turn = np.deg2rad(rows[:, 4, None])
    u, v = a * np.cos(around), b * np.sin(around)
    x = cx + u * np.cos(turn) - v * np.sin(turn)
    y = cy + u * np.sin(turn) + v * np.cos(turn)
    du, dv = -a * np.sin(around), b * np.cos(around)
    tangent = np.arctan2(
        du * np.sin(turn) + dv * np.cos(turn), du * np.cos(turn) - dv * np.sin(turn)
    )
    k = np.rint(tangent / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    xi = np.clip(np.rint(x), 0, width - 1).astype(int)
    yi = np.clip(np.rint(y), 0, height - 1).astype(int)
    # a larger outline that is as well seen says more
    return np.asarray((np.sqrt(ridges[k, yi, xi]) * inside).mean(1) * (a * b)[:, 0] ** 0.25)


def _refined(ridges: np.ndarray, row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    step = np.array([6.0, 6.0, 6.0, 6.0, 12.0])
    for _ in range(14):
        tries = np.concatenate([row[None], row + step * rng.standard_normal((250, 5))])
        a, b = tries[:, 2], tries[:, 3]
        tries = tries[(b > 0.68 * a) & (a > 0.68 * b)]
        row = tries[_support(ridges, tries).argmax()]
        step = step * 0.85
    return row


def _far(row: np.ndarray, other: np.ndarray) -> bool:
    gap = np.abs(row[:4] - other[:4]) / other[2]
    return bool(gap.max() > 0.25)


def _ellipse(row: np.ndarray, width: int) -> Ellipse:
    cx, cy, a, b, turn = (float(value) for value in row)
    if b > a:
        a, b, turn = b, a, turn + 90
    turn = (turn + 90) % 180 - 90
    return Ellipse(cx / width, cy / width, 2 * a / width, 2 * b / width, turn)


PROPOSERS: dict[str, Callable[[np.ndarray], list[Line] | list[Ellipse]]] = {
    "femur": propose_lines,
    "abdomen": propose_ellipses,
    "head": propose_ellipses,
}
"""What proposes a structure's shapes, by its label."""


def propose(structure: str, frame: np.ndarray) -> list[Shape]:
    """Return proposals for a structure in a frame, the best first; few, or none."""
    return list(PROPOSERS[structure](frame))

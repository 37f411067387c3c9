"""Contact sheets: frames side by side with their shapes, for a person to judge by eye."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from export.annotate.proposals import Proposed
from export.data.frames import read_grey
from export.data.shapes import Ellipse, Line, Shape
from export.files import atomic_write

COLUMNS, ROWS = 4, 5
TILE = (320, 224)
COLOURS = ((80, 255, 80), (60, 150, 255), (255, 110, 255))  # BGR: green 1, orange 2, pink 3
_TICK = (150, 150, 0)


def draw_sheets(
    frames: Mapping[int, Proposed], folder: Path, name: str = "sheet", blind: bool = False
) -> list[Path]:
    """Write frames by their numbers, `name-NNN.png` by each sheet's first; return the paths.

    `blind` sheets show no proposals: a second reading that is to be compared must not see them.
    """
    a_sheet, numbers, paths = COLUMNS * ROWS, sorted(frames), list[Path]()
    for start in range(0, len(numbers), a_sheet):
        tiles = []
        for number in numbers[start : start + a_sheet]:
            frame = frames[number]
            shown = () if blind else frame.shapes
            tiles.append(draw_tile(read_grey(Path(frame.file)), shown, number))
        blank = np.zeros((TILE[1], TILE[0], 3), np.uint8)
        tiles += [blank] * (-len(tiles) % COLUMNS)
        rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
        path = folder / f"{name}-{numbers[start]:03d}.png"
        with atomic_write(path) as unfinished:
            cv2.imwrite(str(unfinished), np.vstack(rows))
        paths.append(path)
    return paths


def draw_tile(frame: np.ndarray, shapes: Sequence[Shape], number: int) -> np.ndarray:
    """Return a frame with its shapes, (224, 320, 3), ticks at each tenth of its sides."""
    scale = min(TILE[0] / frame.shape[1], TILE[1] / frame.shape[0])
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = small[: TILE[1], : TILE[0]]
    # dark frames are judged on a screen that isn't in a dark room
    bright = (255 * (small / 255.0) ** 0.7).astype(np.uint8)
    picture = cv2.cvtColor(bright, cv2.COLOR_GRAY2BGR)
    height, width = small.shape
    for shape, colour in reversed(list(zip(shapes, COLOURS, strict=False))):
        _draw(picture, shape, colour, width)
    for tenth in range(1, 10):
        x, y = tenth * width // 10, tenth * height // 10
        reach = 7 if tenth == 5 else 4
        picture[:reach, x], picture[height - reach :, x] = _TICK, _TICK
        picture[y, :reach], picture[y, width - reach :] = _TICK, _TICK
    cv2.putText(picture, str(number), (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 255, 255), 1)
    tile = np.zeros((TILE[1], TILE[0], 3), np.uint8)
    tile[:height, :width] = picture
    return tile


def _draw(picture: np.ndarray, shape: Shape, colour: tuple[int, int, int], width: int) -> None:
    if isinstance(shape, Ellipse):
        outline = np.rint(shape.points() * width * 16).astype(np.int32)
        cv2.polylines(picture, [outline], True, colour, 1, cv2.LINE_AA, shift=4)
        return
    assert isinstance(shape, Line)
    start = round(shape.x1 * width), round(shape.y1 * width)
    end = round(shape.x2 * width), round(shape.y2 * width)
    # beside the bone, which stays to be seen
    cv2.line(picture, (start[0], start[1] + 5), (end[0], end[1] + 5), colour, 1, cv2.LINE_AA)
    for x, y in (start, end):
        cv2.circle(picture, (x, y), 3, colour, 1, cv2.LINE_AA)

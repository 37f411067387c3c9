"""Gaze over frames, for a person to look at: still pictures and clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.files import atomic_write
from export.gaze.errors import GazeError
from export.gaze.maps import Maps
from export.gaze.samples import Floats

Picture = NDArray[np.uint8]

_STOPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
_COLOURS = np.array([[0, 0, 0], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]])
_MARK = np.array([64, 224, 255])


def overlay(
    frame: NDArray[np.uint8],
    gaze_map: Maps | None = None,
    points: tuple[Floats, Floats] | None = None,
    strength: float = 0.65,
) -> Picture:
    """Paint a gaze map, and gaze points, over a grey frame.

    Args:
        frame: ``(height, width)`` uint8.
        gaze_map: ``(rows, columns)``, not negative; drawn bilinearly, its peak at full strength.
            A map of zeros leaves the frame as it is.
        points: x and y in frame pixels; NaN and places outside are left out.
        strength: Opacity of the map's peak, 0 to 1.

    Returns:
        ``(height, width, 3)`` uint8 RGB, a new array.
    """
    if frame.ndim != 2 or frame.dtype != np.uint8:
        raise GazeError(
            "gaze-argument", f"frame is {frame.dtype} of shape {frame.shape}; give 2-D uint8 grey"
        )
    picture = np.repeat(frame[:, :, None], 3, axis=2).astype(np.float64)
    if gaze_map is not None and float(gaze_map.max()) > 0:
        level = _enlarge(gaze_map / gaze_map.max(), frame.shape[0], frame.shape[1])
        colour = np.stack([np.interp(level, _STOPS, _COLOURS[:, band]) for band in range(3)], -1)
        cover = strength * np.clip(level * 1.5, 0.0, 1.0)[:, :, None]
        picture += cover * (colour - picture)
    if points is not None:
        _mark(picture, *points)
    return (picture + 0.5).astype(np.uint8)


def _enlarge(values: Floats, height: int, width: int) -> Floats:
    """Bilinear, cell centres to cell centres, edges held."""
    rows, columns = values.shape
    y = np.clip((np.arange(height) + 0.5) * rows / height - 0.5, 0, rows - 1)
    x = np.clip((np.arange(width) + 0.5) * columns / width - 0.5, 0, columns - 1)
    tall = np.stack([np.interp(y, np.arange(rows), values[:, i]) for i in range(columns)], axis=1)
    return np.stack([np.interp(x, np.arange(columns), row) for row in tall])


def _mark(picture: Floats, x: Floats, y: Floats) -> None:
    """Draw a small plus at each point."""
    height, width = picture.shape[:2]
    for column, row in zip(np.asarray(x), np.asarray(y), strict=True):
        if not (0 <= column < width and 0 <= row < height):  # also leaves out NaN
            continue
        c, r = int(column), int(row)
        picture[r, max(0, c - 3) : c + 4] = _MARK
        picture[max(0, r - 3) : r + 4, c] = _MARK


def save_picture(picture: Picture, path: str | Path) -> None:
    """Write one picture as PNG.

    Raises:
        GazeError: It cannot be written (``gaze-write``); no half file is left.
    """
    save_clip([picture], path)


def save_clip(pictures: Sequence[Picture], path: str | Path, fps: float = 30.0) -> None:
    """Write pictures as a clip: animated PNG or GIF, by the name's ending.

    Raises:
        GazeError: There is no picture, the ending is neither ``.png`` nor ``.gif``, or the file
            cannot be written (``gaze-write``); no half file is left.
    """
    from PIL import Image

    target = Path(path)
    kind = {".png": "PNG", ".gif": "GIF"}.get(target.suffix.lower())
    if kind is None:
        raise GazeError("gaze-write", f"{path} ends in {target.suffix!r}; use '.png' or '.gif'")
    if not pictures or not fps > 0:
        raise GazeError("gaze-argument", f"{len(pictures)} pictures at {fps} fps; both must be > 0")
    images = [Image.fromarray(picture) for picture in pictures]
    more = (
        {"save_all": True, "append_images": images[1:], "duration": 1000.0 / fps, "loop": 0}
        if len(images) > 1
        else {}
    )
    try:
        with atomic_write(target, own_folder=False) as unfinished:
            images[0].save(unfinished, format=kind, **more)
    except OSError as error:
        raise GazeError("gaze-write", f"cannot write {path}: {error}") from error

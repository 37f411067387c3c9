"""Gaze over the frames of a folder, as a clip or a picture, for a person to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export.gaze.errors import GazeError
from export.gaze.folder import Progress, folder_gaze, frame_size
from export.gaze.pictures import overlay, save_clip
from export.gaze.readers import read_gaze
from export.gaze.settings import read_session


def show_gaze(
    directory: str | Path,
    recording: str,
    path: str | Path,
    progress: Progress | None = None,
) -> float:
    """Write a clip of one recording: every frame that it belongs to, its map and its points.

    Args:
        directory: A folder as ``folder_gaze`` reads it.
        recording: The recording, as the column ``gaze`` of ``labels.csv`` names it.
        path: ``.gif`` or ``.png`` to write.
        progress: Called with frames done and frames in all.

    Returns:
        Share of the frames that have gaze on them.

    Raises:
        GazeError: The folder is not usable, no row names the recording, or the clip cannot be
            written.
    """
    from PIL import Image

    folder = Path(directory)
    session = read_session(folder / "gaze.toml")
    gaze = folder_gaze(folder)
    chosen = [index for index, row in enumerate(gaze.rows) if row.gaze == recording]
    if not chosen:
        known = sorted({row.gaze for row in gaze.rows if row.gaze})
        raise GazeError(
            "gaze-labels", f"no row of labels.csv names {recording!r}; known are {known[:8]}"
        )
    chosen.sort(key=lambda index: gaze.rows[index].timestamp_us)
    samples = read_gaze(folder / recording, session.display)
    pictures = []
    for done, index in enumerate(chosen, start=1):
        row = gaze.rows[index]
        pixels = np.asarray(Image.open(folder / row.file).convert("L"))
        placement = session.image.placement(*frame_size(folder / row.file))
        offset = session.map.offset_us if row.offset_us is None else row.offset_us
        near = np.abs(samples.timestamp_us + offset - row.timestamp_us) <= 20_000
        x, y, _ = placement.to_frame(samples.x_px[near], samples.y_px[near])
        pictures.append(overlay(pixels, gaze.maps[index], (x, y)))
        if progress is not None:
            progress(done, len(chosen))
    times = [gaze.rows[index].timestamp_us for index in chosen]
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1e6
    save_clip(pictures, path, fps=1e6 / max(step, 1.0))
    return float((gaze.points[chosen] > 0).mean())

"""Gaze over the frames of a folder, as a clip or a picture, for a person to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export.data.dataset import FrameRecord
from export.data.frames import read_greys
from export.gaze.errors import GazeError
from export.gaze.folder import folder_gaze
from export.gaze.pictures import overlay, save_clip
from export.gaze.readers import read_gaze
from export.gaze.records import SETTINGS, Progress, placement_of
from export.gaze.samples import Floats, GazeSamples
from export.gaze.settings import Session, read_session

NEAR_US = 20_000  # samples this close to a frame's time are drawn on it: some 10 at 250 Hz


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
        ExportError: The table or a file of frames is not usable.
        GazeError: The gaze is not usable, no row names the recording, or the clip cannot be
            written.
    """
    folder = Path(directory)
    session = read_session(folder / SETTINGS)
    records, gaze = folder_gaze(folder)
    chosen = _frames_of(recording, records, folder)
    settings = session.recording
    samples = read_gaze(
        folder / recording, session.display, settings.time_unit, settings.time_column
    )
    pictures = []
    frames = read_greys([records[index] for index in chosen])
    for done, (index, pixels) in enumerate(zip(chosen, frames, strict=True), start=1):
        points = _points_on(records[index], samples, session, pixels.shape)
        pictures.append(overlay(pixels, gaze.maps[index], points))
        if progress is not None:
            progress(done, len(chosen))
    times = [records[index].shown_us for index in chosen]
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1e6
    save_clip(pictures, path, fps=1e6 / max(step, 1.0))
    return float((gaze.points[chosen] > 0).mean())


def _frames_of(recording: str, records: list[FrameRecord], folder: Path) -> list[int]:
    """Return which records belong to a recording, in the order in which they were shown."""
    names = ["" if r.gaze is None else r.gaze.relative_to(folder).as_posix() for r in records]
    chosen = [index for index, name in enumerate(names) if name == recording]
    if not chosen:
        known = sorted({name for name in names if name})
        raise GazeError(
            "gaze-labels", f"no row of labels.csv names {recording!r}; known are {known[:8]}"
        )
    return sorted(chosen, key=lambda index: records[index].shown_us)


def _points_on(
    record: FrameRecord, samples: GazeSamples, session: Session, shape: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Return x and y of the samples near a frame's time, in pixels of the picture that is shown."""
    placement = placement_of(record, session.image)
    offset = session.map.offset_us if record.gaze_offset_us is None else record.gaze_offset_us
    near = np.abs(samples.timestamp_us + offset - record.shown_us) <= NEAR_US
    x, y, _ = placement.to_frame(samples.x_px[near], samples.y_px[near])
    height, width = shape  # of square pixels, where the file's own are not
    return x * width / placement.frame_width, y * height / placement.frame_height

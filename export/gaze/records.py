"""Recorded gaze of one's own frames: records of the data set -> one map each.

Each record says which recording it belongs to and when it was shown; `gaze.toml` in the data
folder says the rest (see ``docs/gaze.md``). A map lies over what is trained on: the whole frame,
or the region that a DICOM file names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.data.dataset import FrameRecord, data_root
from export.data.frames import clip_of
from export.gaze.coverage import GazeCoverage, RecordingCoverage, check_units, coverage_of
from export.gaze.display import Placement
from export.gaze.errors import GazeError
from export.gaze.maps import Maps, MapSettings, gaze_maps
from export.gaze.readers import read_gaze
from export.gaze.samples import GazeSamples
from export.gaze.settings import ImageArea, Session, read_session

Progress = Callable[[int, int], None]
SETTINGS = "gaze.toml"
MAX_MAP_BYTES = 2**31


@dataclass(frozen=True, eq=False)
class RecordGaze:
    """Gaze of records, in their order.

    Attributes:
        maps: ``(records, height, width)`` float32, each summing to 1; zeros where there is none.
        points: Gaze points on each frame, ``(records,)``.
        simulated: True when any of the recordings is simulated.
        recordings: What each recording covers.
    """

    maps: Maps
    points: NDArray[np.int64]
    simulated: bool
    recordings: tuple[RecordingCoverage, ...] = ()

    @property
    def coverage_report(self) -> GazeCoverage:
        """What all of it covers."""
        named = sum(r.frames for r in self.recordings)
        covered = int((self.points > 0).sum())
        return GazeCoverage(len(self.points), named, covered, self.simulated, self.recordings)

    @property
    def coverage(self) -> float:
        """Share of records with gaze on them."""
        return float((self.points > 0).mean()) if len(self.points) else 0.0


def gaze_of(
    records: Sequence[FrameRecord], root: Path | None = None
) -> tuple[Maps, NDArray[np.bool_], bool]:
    """Return ``(maps (N, h, w) float32, has_gaze (N,) bool, simulated)`` of records.

    Args:
        records: As ``load_records`` returns them, or any part of them.
        root: The data folder, where ``gaze.toml`` is; None: ``data_root()``.

    Raises:
        GazeError: ``gaze.toml`` or a recording is missing or not usable.
        ExportError: A file of frames can't be read.
    """
    gaze = record_gaze(records, data_root() if root is None else root)
    return gaze.maps, gaze.points > 0, gaze.simulated


def _session(path: Path) -> Session:
    if not path.is_file():
        raise GazeError(
            "gaze-file-missing",
            f"{path} isn't there; it describes the display that frames were shown on, and every "
            "recording needs it: docs/gaze.md has one to copy, and `phantom --gaze` writes one",
        )
    return read_session(path)


def record_gaze(
    records: Sequence[FrameRecord], root: Path, progress: Progress | None = None
) -> RecordGaze:
    """Make one gaze map for each record; see ``gaze_of``.

    Without any record that names a recording, ``gaze.toml`` isn't needed: all maps are zeros. How
    much the recordings cover is told, not judged: that is ``export.gaze.coverage.judged``.

    Args:
        records: The records.
        root: The folder of ``gaze.toml``.
        progress: Called with recordings done and recordings in all.
    """
    names = sorted({r.gaze for r in records if r.gaze is not None})
    session = _session(root / SETTINGS) if names else None
    grid = MapSettings() if session is None else session.map
    _check_size(len(records), grid)
    maps = np.zeros((len(records), grid.height, grid.width), dtype=np.float32)
    points = np.zeros(len(records), dtype=np.int64)
    recordings: list[RecordingCoverage] = []
    for done, path in enumerate(names, start=1):
        assert session is not None
        at = [index for index, record in enumerate(records) if record.gaze == path]
        shown = [records[index] for index in at]
        maps[at], points[at], covered = _of_recording(path, root, shown, session)
        recordings.append(covered)
        if progress is not None:
            progress(done, len(names))
    simulated = any(r.simulated for r in recordings)
    return RecordGaze(maps, points, simulated, tuple(recordings))


def _check_size(records: int, grid: MapSettings) -> None:
    size = 4 * records * grid.width * grid.height
    if size > MAX_MAP_BYTES:
        raise GazeError(
            "gaze-argument",
            f"{records} maps of {grid.width}x{grid.height} cells fill {size:,} bytes; allowed are "
            f"{MAX_MAP_BYTES:,}: give [map] of gaze.toml a smaller width and height",
        )


def _of_recording(
    path: Path, root: Path, records: Sequence[FrameRecord], session: Session
) -> tuple[Maps, NDArray[np.int64], RecordingCoverage]:
    """Return maps and points of the frames of one recording, and what it covers."""
    recording_settings = session.recording
    samples = read_gaze(
        path, session.display, recording_settings.time_unit, recording_settings.time_column
    )
    offsets = [
        session.map.offset_us if r.gaze_offset_us is None else r.gaze_offset_us for r in records
    ]
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    check_units(name, samples, [r.shown_us for r in records])
    maps, points, near = _maps_of(records, samples, session)
    return maps, points, coverage_of(name, samples, records, offsets, points, near)


def _maps_of(
    records: Sequence[FrameRecord], samples: GazeSamples, session: Session
) -> tuple[Maps, NDArray[np.int64], NDArray[np.int64]]:
    """Make the maps of one recording; records that share place and offset are done together."""
    maps = np.zeros((len(records), session.map.height, session.map.width), dtype=np.float32)
    points = np.zeros(len(records), dtype=np.int64)
    near = np.zeros(len(records), dtype=np.int64)
    alike: dict[tuple[Placement, int | None], list[int]] = {}
    for index, record in enumerate(records):
        key = (placement_of(record, session.image), record.gaze_offset_us)
        alike.setdefault(key, []).append(index)
    for (placement, offset), at in alike.items():
        settings = session.map if offset is None else replace(session.map, offset_us=offset)
        times = np.array([records[index].shown_us for index in at], dtype=np.int64)
        placed = gaze_maps(samples, session.display, placement, times, settings)
        maps[at], points[at], near[at] = placed.maps, placed.points, placed.samples
    return maps, points, near


def placement_of(record: FrameRecord, image: ImageArea) -> Placement:
    """Return where on the display the record's region stood, the whole frame filling ``image``."""
    clip = clip_of(record.path)
    whole = image.placement(clip.width, clip.height)
    left, top, width, height = clip.region_box
    across, down = whole.scale
    return Placement(
        whole.x + left * across, whole.y + top * down, width * across, height * down, width, height
    )

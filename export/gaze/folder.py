"""A folder of frames with gaze: ``labels.csv``, recordings, ``gaze.toml`` -> one map a frame.

``labels.csv`` has the columns ``file`` and ``label``, and for gaze ``gaze`` (a recording, relative
to the folder; empty: none), ``timestamp_us`` (when the frame was shown, on the frames' clock;
without it 0) and optionally ``gaze_offset_us`` (frames' clock minus tracker's clock for this
recording; instead of the one in ``gaze.toml``).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.data.phantom import PhantomTruth
from export.gaze.errors import GazeError
from export.gaze.maps import GazeMaps, Maps, gaze_maps
from export.gaze.readers import read_gaze, write_gaze_csv
from export.gaze.readers.text import read_table, whole, write_text
from export.gaze.samples import GazeSamples
from export.gaze.settings import Session, read_session, write_session
from export.gaze.simulate import Observer, Scene, simulate_gaze

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FolderRow:
    """One row of ``labels.csv``."""

    file: str
    label: str
    group: str
    gaze: str
    timestamp_us: int
    offset_us: int | None


@dataclass(frozen=True, eq=False)
class FolderGaze:
    """Gaze of every frame of a folder, in the order of ``labels.csv``.

    Attributes:
        rows: The rows.
        maps: ``(frames, height, width)`` float32; zeros where there is no gaze.
        points: Gaze points on each frame, ``(frames,)``.
        simulated: True when any of the recordings is simulated.
    """

    rows: tuple[FolderRow, ...]
    maps: Maps
    points: NDArray[np.int64]
    simulated: bool

    @property
    def coverage(self) -> float:
        """Share of frames with gaze on them."""
        return float((self.points > 0).mean())


def read_rows(directory: str | Path) -> list[FolderRow]:
    """Read ``labels.csv`` of a folder.

    Raises:
        GazeError: The table is not usable.
    """
    table = read_table(Path(directory) / "labels.csv", ",")
    table.need("file", "label")
    count = len(table.rows)

    def words(name: str) -> list[str]:
        return table.cells(name) if table.has(name) else [""] * count

    times = [0] * count
    if table.has("timestamp_us"):
        times = [int(value) for value in table.column("timestamp_us", whole)]
    offsets: list[int | None] = []
    for cell, line in zip(words("gaze_offset_us"), table.lines, strict=True):
        try:
            offsets.append(int(whole(cell)) if cell else None)
        except ValueError as error:
            raise GazeError(
                "gaze-number",
                f"{table.path}, line {line}, column 'gaze_offset_us': {cell!r} {error}",
            ) from error
    columns = (words("file"), words("label"), words("group"), words("gaze"), times, offsets)
    return [FolderRow(*row) for row in zip(*columns, strict=True)]


def folder_gaze(directory: str | Path, progress: Progress | None = None) -> FolderGaze:
    """Make one gaze map for each frame of a folder.

    Args:
        directory: The folder, with ``labels.csv``, ``gaze.toml`` and the recordings.
        progress: Called with recordings done and recordings in all.

    Raises:
        GazeError: A table, the settings, a frame's size or a recording is not usable.
    """
    folder = Path(directory)
    session = read_session(folder / "gaze.toml")
    rows = read_rows(folder)
    maps = np.zeros((len(rows), session.map.height, session.map.width), dtype=np.float32)
    points = np.zeros(len(rows), dtype=np.int64)
    simulated = False
    names = sorted({row.gaze for row in rows if row.gaze})
    for done, name in enumerate(names, start=1):
        samples = read_gaze(folder / name, session.display)
        simulated |= samples.simulated
        at = [index for index, row in enumerate(rows) if row.gaze == name]
        found = _maps_of(folder, [rows[index] for index in at], samples, session)
        maps[at], points[at] = found[0], found[1]
        if progress is not None:
            progress(done, len(names))
    return FolderGaze(tuple(rows), maps, points, simulated)


def _maps_of(
    folder: Path, rows: Sequence[FolderRow], samples: GazeSamples, session: Session
) -> tuple[Maps, NDArray[np.int64]]:
    """Make the maps of one recording; rows that share size and offset are done together."""
    maps = np.zeros((len(rows), session.map.height, session.map.width), dtype=np.float32)
    points = np.zeros(len(rows), dtype=np.int64)
    alike: dict[tuple[tuple[int, int], int | None], list[int]] = {}
    for index, row in enumerate(rows):
        alike.setdefault((frame_size(folder / row.file), row.offset_us), []).append(index)
    for (size, offset), at in alike.items():
        settings = session.map if offset is None else replace(session.map, offset_us=offset)
        times = np.array([rows[index].timestamp_us for index in at], dtype=np.int64)
        found: GazeMaps = gaze_maps(
            samples, session.display, session.image.placement(*size), times, settings
        )
        maps[at], points[at] = found.maps, found.points
    return maps, points


def frame_size(path: Path) -> tuple[int, int]:
    """Width and height of an image file, its pixels left unread."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError) as error:
        raise GazeError("gaze-file-missing", f"{path} is no readable image: {error}") from error


def add_simulated_gaze(
    directory: str | Path,
    session: Session,
    *,
    seed: int = 0,
    observer: Observer | None = None,
    still_s: float = 3.0,
    progress: Progress | None = None,
) -> None:
    """Simulate an observer of every cine of a phantom folder (see ``write_phantom_set``).

    Writes a recording for each group, ``gaze.toml``, and the column ``gaze`` of ``labels.csv``.

    Args:
        directory: A folder with ``labels.csv`` and ``truth.json``.
        session: Display, image area and map settings to simulate, and to note.
        seed: Seed of the first group; each next group takes the next.
        observer: The observer; one for all classes.
        still_s: How long a cine of one frame is looked at.
        progress: Called with groups done and groups in all.

    Raises:
        GazeError: The folder's tables are not usable, or a file cannot be written.
    """
    folder = Path(directory)
    rows = read_rows(folder)
    truths = _truths(folder)
    groups = list(dict.fromkeys(row.group for row in rows))
    for number, group in enumerate(groups):
        shown = sorted((row for row in rows if row.group == group), key=lambda r: r.timestamp_us)
        missing = [row.file for row in shown if row.file not in truths]
        if missing:
            raise GazeError("gaze-labels", f"{folder / 'truth.json'} has no frame {missing[0]!r}")
        times = [row.timestamp_us for row in shown]
        last_s = still_s if len(times) == 1 else (times[-1] + times[-1] - times[-2]) / 1e6
        samples = simulate_gaze(
            _scene(times, [truths[row.file] for row in shown]),
            session.display,
            session.image.placement(*frame_size(folder / shown[0].file)),
            duration_s=last_s,
            seed=seed + number,
            observer=observer,
        )
        write_gaze_csv(samples, folder / f"{group}_gaze.csv")
        if progress is not None:
            progress(number + 1, len(groups))
    write_session(session, folder / "gaze.toml")
    _name_recordings(folder)


def _truths(folder: Path) -> dict[str, PhantomTruth]:
    path = folder / "truth.json"
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        return {name: PhantomTruth.from_dict(v) for name, v in document["frames"].items()}
    except OSError as error:
        raise GazeError("gaze-file-missing", f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GazeError("gaze-labels", f"{path} is no ground truth: {error!r}") from error


def _scene(times_us: list[int], truths: list[PhantomTruth]) -> Scene:
    starts = np.array(times_us)

    def points(time_s: float) -> Sequence[Any]:
        shown = int(np.searchsorted(starts, round(time_s * 1e6), side="right")) - 1
        return truths[max(0, shown)].points

    return points


def _name_recordings(folder: Path) -> None:
    """Write the column ``gaze`` of ``labels.csv``, all other columns kept."""
    table = read_table(folder / "labels.csv", ",")
    kept = [index for index, name in enumerate(table.header) if name != "gaze"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(table.header[index] for index in kept), "gaze"])
    for row, group in zip(table.rows, table.cells("group"), strict=True):
        writer.writerow([*(row[index] for index in kept), f"{group}_gaze.csv"])
    write_text(folder / "labels.csv", text.getvalue())

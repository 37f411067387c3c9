"""A folder of frames with gaze: ``labels.csv``, recordings, ``gaze.toml`` -> one map a record.

``labels.csv`` is read by ``load_records``. For gaze it has the columns ``gaze`` (a recording,
relative to the folder; empty: none), ``timestamp_us`` (when the frame, or the clip's first, was
shown, on the frames' clock; empty: 0) and optionally ``gaze_offset_us`` (frames' clock minus
tracker's clock for this recording; instead of the one in ``gaze.toml``).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord, load_records
from export.data.frames import clip_of
from export.data.phantom import PhantomTruth
from export.data.table import read_rows
from export.gaze.errors import GazeError
from export.gaze.readers import write_gaze_csv
from export.gaze.readers.text import write_text
from export.gaze.records import SETTINGS, Progress, RecordGaze, record_gaze
from export.gaze.samples import GazeSamples
from export.gaze.settings import Session, write_session
from export.gaze.simulate import Observer, Scene, simulate_gaze


def folder_gaze(
    directory: str | Path, progress: Progress | None = None
) -> tuple[list[FrameRecord], RecordGaze]:
    """Return the records of a folder, whatever their labels, and a gaze map for each.

    Args:
        directory: The folder, with ``labels.csv``, ``gaze.toml`` and the recordings.
        progress: Called with recordings done and recordings in all.

    Raises:
        ExportError: The table or a file of frames is not usable.
        GazeError: The settings or a recording is not usable.
    """
    folder = Path(directory)
    records = load_records(folder, labels=None)
    return records, record_gaze(records, folder, progress)


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
        ExportError: ``labels.csv`` is not usable.
        GazeError: ``truth.json`` is not usable, or a file cannot be written.
    """
    folder = Path(directory)
    records = load_records(folder, labels=None)
    truths = _truths(folder)
    groups = list(dict.fromkeys(record.group for record in records))
    for number, group in enumerate(groups):
        shown = sorted((r for r in records if r.group == group), key=lambda r: r.shown_us)
        names = [record.path.relative_to(folder).as_posix() for record in shown]
        missing = [name for name in names if name not in truths]
        if missing:
            raise GazeError("gaze-labels", f"{folder / 'truth.json'} has no frame {missing[0]!r}")
        watched = [truths[name] for name in names]
        samples = _watch(shown, watched, session, observer, still_s, seed + number)
        write_gaze_csv(samples, folder / f"{group}_gaze.csv")
        if progress is not None:
            progress(number + 1, len(groups))
    write_session(session, folder / SETTINGS)
    _name_recordings(folder)


def _watch(
    shown: Sequence[FrameRecord],
    truths: list[PhantomTruth],
    session: Session,
    observer: Observer | None,
    still_s: float,
    seed: int,
) -> GazeSamples:
    """Simulate an observer of one cine, from its first frame to the end of its last."""
    times = [record.shown_us for record in shown]
    # the last frame stands as long as the one before it
    duration_s = still_s if len(times) == 1 else (times[-1] + times[-1] - times[-2]) / 1e6
    clip = clip_of(shown[0].path)
    return simulate_gaze(
        _scene(times, truths),
        session.display,
        session.image.placement(clip.width, clip.height),
        duration_s=duration_s,
        seed=seed,
        observer=observer,
    )


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
    rows = read_rows(folder / "labels.csv")
    kept = [name for name in rows[0].cells if name != "gaze"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*kept, "gaze"])
    for row in rows:
        writer.writerow([*(row.get(name) for name in kept), f"{row.get('group')}_gaze.csv"])
    write_text(folder / "labels.csv", text.getvalue())

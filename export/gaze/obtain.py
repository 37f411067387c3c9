"""The gaze that a recipe asks for, on any records, made once in a run's folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from msgspec import structs

from export.data.dataset import FrameRecord, data_root
from export.data.structures import structures_of
from export.files import atomic_write, write_text
from export.gaze.annotated import annotated_gaze
from export.gaze.coverage import GazeCoverage, judged
from export.gaze.maps import Maps
from export.gaze.predicted import predicted_gaze, read_landmarks
from export.gaze.privileged import GazeOfFrames, controlled
from export.gaze.records import record_gaze
from export.parallel import leader_first, leader_only
from export.recipe.settings import GazeConfig

LANDMARKS = Path("research_only", "landmarks.csv")
RESEARCH_ONLY = ("landmarks",)  # sources whose licence forbids shipping what was learned with them
Progress = Callable[[int, int], None]


def obtain_gaze(
    config: GazeConfig,
    records: Sequence[FrameRecord],
    everything: Sequence[FrameRecord],
    learned: Collection[str],
    folder: Path,
    progress: Progress = lambda done, total: None,
) -> GazeOfFrames:
    """Return gaze of `records`, in their order, the config's control applied.

    `everything` are all records of the data set: what simulated gaze is made of, once, and kept
    in `folder`. `learned` are the ids of those that the recipe learns from: landmarks of no other
    frame are used.

    Raises:
        GazeError: The source has no usable gaze or landmarks.
        ExportError: `gaze-coverage` where it covers fewer frames than the recipe asks for,
            `gaze-shared` where one recording is given to two clips at one time.
    """
    root = data_root()
    if config.source == "folder":
        gaze = record_gaze(records, root, progress)
        gaze_maps, covered = GazeOfFrames(gaze.maps, gaze.simulated), gaze.coverage_report
    else:
        if config.source == "annotations":
            marked = structures_of(root, ("head", "abdomen", "femur"))
            whole = annotated_gaze(everything, marked, config.seed, progress)
            gaze_maps = _of_rows(records, [r.id for r in everything], whole.maps)
        else:
            gaze_maps = _predicted(config, records, everything, learned, folder, progress)
        count = int(gaze_maps.covered.sum())
        covered = GazeCoverage(len(records), len(records), count, simulated=True)
    covered = judged(covered, records, root, config.least_coverage, config.pass_coverage)
    gaze_maps = replace(gaze_maps, coverage=covered)
    return controlled(gaze_maps, records, config.control, config.seed)


@leader_first
def _predicted(
    config: GazeConfig,
    records: Sequence[FrameRecord],
    everything: Sequence[FrameRecord],
    learned: Collection[str],
    folder: Path,
    progress: Progress,
) -> GazeOfFrames:
    digest = hashlib.sha256(json.dumps(sorted(learned)).encode()).hexdigest()
    kept = folder / f"gaze-{config.source}-{config.seed}-{digest[:8]}.npz"
    if not kept.exists():
        known = read_landmarks(data_root() / LANDMARKS)
        landmarks = {frame: points for frame, points in known.items() if frame in learned}
        gaze = predicted_gaze(everything, landmarks, config.seed, progress)
        with atomic_write(kept) as unfinished:
            np.savez(unfinished, maps=gaze.maps, ids=np.array([r.id for r in everything]))
    with np.load(kept) as file:
        return _of_rows(records, file["ids"].tolist(), file["maps"])


def _of_rows(records: Sequence[FrameRecord], ids: Sequence[str], maps: Maps) -> GazeOfFrames:
    """Return the maps of `records`, altered ones among them, from those of whole frames `ids`."""
    row = {frame_id: i for i, frame_id in enumerate(ids)}
    maps = maps[[row[r.source_id] for r in records]]
    # whoever looked, looked at what is painted over now, or cut off
    gone = [r.alteration is not None and r.alteration.how != "elsewhere" for r in records]
    maps[np.array(gone, dtype=bool)] = 0
    return GazeOfFrames(maps, simulated=True)


@leader_only
def note_coverage(path: Path, config: GazeConfig, coverage: GazeCoverage) -> None:
    """Write what a run's gaze covers, and what the recipe asked for."""
    write_text(path, json.dumps({**structs.asdict(config), **coverage.to_dict()}, indent=1) + "\n")

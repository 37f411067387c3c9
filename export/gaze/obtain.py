"""The gaze that a recipe asks for, on any records, made once in a run's folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np

from export.data.dataset import FrameRecord, data_root
from export.files import whole
from export.gaze.predicted import predicted_gaze, read_landmarks
from export.gaze.privileged import GazeConfig, GazeOfFrames, controlled
from export.gaze.records import gaze_of
from export.parallel import leader_first

LANDMARKS = Path("research_only", "landmarks.csv")
RESEARCH_ONLY = ("landmarks",)  # sources whose licence forbids shipping what was learned with them
Progress = Callable[[int, int], None]


def obtain_gaze(
    config: GazeConfig,
    wanted: Sequence[FrameRecord],
    everything: Sequence[FrameRecord],
    learned: Collection[str],
    folder: Path,
    progress: Progress = lambda done, total: None,
) -> GazeOfFrames:
    """Return gaze of the `wanted` records, in their order, the config's control applied.

    `everything` are all records of the data set: what simulated gaze is made of, once, and kept
    in `folder`. `learned` are the ids of those that the recipe learns from: landmarks of no other
    frame are used.

    Raises:
        GazeError: The source has no usable gaze or landmarks.
    """
    if config.source == "folder":
        maps, _, simulated = gaze_of(wanted)
        found = GazeOfFrames(maps, simulated)
    else:
        found = _predicted(config, wanted, everything, learned, folder, progress)
    return controlled(found, wanted, config.control, config.seed)


@leader_first
def _predicted(
    config: GazeConfig,
    wanted: Sequence[FrameRecord],
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
        with whole(kept) as unfinished:
            np.savez(unfinished, maps=gaze.maps, ids=np.array([r.id for r in everything]))
    with np.load(kept) as file:
        row = {frame_id: i for i, frame_id in enumerate(file["ids"].tolist())}
        maps = file["maps"][[row[r.id] for r in wanted]]
    return GazeOfFrames(maps, simulated=True)

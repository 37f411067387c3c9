"""The gaze that a recipe asks for, on any records, made once in a run's folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    folder: Path,
    progress: Progress = lambda done, total: None,
) -> GazeOfFrames:
    """Return gaze of the `wanted` records, in their order, the config's control applied.

    `everything` are all records of the data set: what simulated gaze is made of, once, and kept
    in `folder`.

    Raises:
        GazeError: The source has no usable gaze or landmarks.
    """
    if config.source == "folder":
        maps, _, simulated = gaze_of(wanted)
        found = GazeOfFrames(maps, simulated)
    else:
        found = _predicted(config, wanted, everything, folder, progress)
    return controlled(found, wanted, config.control, config.seed)


@leader_first
def _predicted(
    config: GazeConfig,
    wanted: Sequence[FrameRecord],
    everything: Sequence[FrameRecord],
    folder: Path,
    progress: Progress,
) -> GazeOfFrames:
    kept = folder / f"gaze-{config.source}-{config.seed}.npz"
    if not kept.exists():
        landmarks = read_landmarks(data_root() / LANDMARKS)
        gaze = predicted_gaze(everything, landmarks, config.seed, progress)
        with whole(kept) as unfinished:
            np.savez(unfinished, maps=gaze.maps, ids=np.array([r.id for r in everything]))
    with np.load(kept) as file:
        row = {frame_id: i for i, frame_id in enumerate(file["ids"].tolist())}
        maps = file["maps"][[row[r.id] for r in wanted]]
    return GazeOfFrames(maps, simulated=True)

"""Streams on real clips, none of them fetal: how many frames are accepted as a plane.

`python -m benchmarks.streams.clips FOLDER [-o FILE]`; reads video with OpenCV.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import sdk
from benchmarks.streams.shown import show

_SUFFIXES = (".mp4", ".mov", ".mpeg")
_BACKGROUND = "background"


def frames_of(path: Path) -> Iterator[sdk.Frame]:
    """Yield a clip's frames."""
    video = cv2.VideoCapture(str(path))
    while (read := video.read())[0]:
        yield sdk.Frame.from_array(np.ascontiguousarray(read[1]), format="BGR24")


def look(classifier: sdk.Classifier, path: Path) -> dict[str, object]:
    """Push a clip, and count what each frame alone and the stream say of it."""
    stream = classifier.stream(fps=30, region="auto")
    planes = alone = changes = 0
    shown: str | None = None
    for frame in frames_of(path):
        answer = stream.push(frame)
        planes += answer.label not in (None, _BACKGROUND)
        alone += answer.frame_result.label not in (None, _BACKGROUND)
        changes += answer.label != shown
        shown = answer.label
    stats = stream.stats()
    return {
        "clip": path.name,
        "frames": stats.frames,
        "planes_alone": alone,
        "planes_smoothed": planes,
        "changes_of_label": changes,
        "events": dict(stats.events),
        "decisions": dict(stats.decisions),
    }


def main() -> None:
    """Look at every clip of a folder and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    classifier = sdk.Classifier()
    paths = sorted(p for p in asked.folder.iterdir() if p.suffix in _SUFFIXES)
    clips = [look(classifier, path) for path in paths]
    total = {
        name: sum(int(str(clip[name])) for clip in clips)
        for name in ("frames", "planes_alone", "planes_smoothed", "changes_of_label")
    }
    command = "python -m benchmarks.streams.clips ../shared/data/video"
    record = {"command": command, "model_id": classifier.model_id, "total": total, "clips": clips}
    show(record, asked.output)


if __name__ == "__main__":
    main()

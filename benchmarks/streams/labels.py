"""How soon a stream shows a new label, and how often a wrong one, on simulated cine.

Cines are made of validation stills (`benchmarks.streams.cine`): no frame of them was recorded.
Labels change by a cut or are blended over a fifth of a second; the truth changes at its middle.

`python -m benchmarks.streams.labels [--segments N] [-o FILE]`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

import sdk
from benchmarks.streams.cine import Grey, moving
from export.data.dataset import LABELS, FrameRecord, data_root, load_records
from export.data.frames import read_grey

_WIDTH = 320
_WITHIN = 5  # frames
_BLEND_S = 0.2


def cine(
    records: list[FrameRecord], segments: int, fps: float, rng: np.random.Generator
) -> Iterator[tuple[Grey, str]]:
    """Yield frames and their true labels."""
    label, last = "", None
    for _ in range(segments):
        before, label = label, str(rng.choice([name for name in LABELS if name != label]))
        of_label = [record for record in records if record.label == label]
        still = read_grey(of_label[int(rng.integers(len(of_label)))].path)
        size = (_WIDTH, round(_WIDTH * still.shape[0] / still.shape[1]))
        still = cv2.resize(still, size).astype(np.uint8)
        blend = int(rng.integers(2)) * round(_BLEND_S * fps) if last is not None else 0
        views = moving(still, int(rng.uniform(2, 5) * fps), fps, rng)
        for number, view in enumerate(views):
            shown = view
            if number < blend and last is not None:
                weight = (number + 1) / (blend + 1)
                old = cv2.resize(last, view.shape[::-1])
                shown = cv2.addWeighted(view, weight, old, 1 - weight, 0).astype(np.uint8)
            yield shown, label if number >= blend // 2 else before
        last = view


def score(truth: list[str], shown: list[str | None]) -> dict[str, float | int]:
    """Judge what was shown: lags in frames, and labels shown that were nowhere near true."""
    changes = [i for i in range(1, len(truth)) if truth[i] != truth[i - 1]]
    ends = [*changes[1:], len(truth)]
    lags = [
        next((j - i for j in range(i, end) if shown[j] == truth[i]), None)
        for i, end in zip(changes, ends, strict=True)
    ]
    wrong, last = 0, None
    for i, label in enumerate(shown):
        if label not in (None, last):
            wrong += label not in truth[max(0, i - _WITHIN) : i + _WITHIN + 1]
        last = label or last
    labelled = [i for i, label in enumerate(shown) if label is not None]
    turns = sum(a != b for a, b in pairwise(shown))
    return {
        "changes": len(changes),
        "within_5_frames": sum(lag is not None and lag <= _WITHIN for lag in lags),
        "never_shown": sum(lag is None for lag in lags),
        "wrong_changes_in_1000_frames": round(1000 * wrong / len(truth), 3),
        "changes_shown_in_1000_frames": round(1000 * turns / len(shown), 1),
        "coverage": round(len(labelled) / len(shown), 4),
        "right": round(sum(shown[i] == truth[i] for i in labelled) / max(len(labelled), 1), 4),
    }


def measure(classifier: sdk.Classifier, fps: float, segments: int, seed: int) -> dict[str, object]:
    """Push a simulated cine, and score the stream and each frame alone."""
    records = [r for r in load_records(data_root()) if r.split == "val"]
    records = [r for r in records if r.dataset == "fetal_planes_db"]
    stream = classifier.stream(fps=fps)
    truth: list[str] = []
    smoothed: list[str | None] = []
    alone: list[str | None] = []
    for picture, label in cine(records, segments, fps, np.random.default_rng(seed)):
        answer = stream.push(picture)
        truth.append(label)
        smoothed.append(answer.label)
        alone.append(answer.frame_result.label)
    return {
        "fps": fps,
        "frames": len(truth),
        "stream": score(truth, smoothed),
        "frames_alone": score(truth, alone),
        "events": dict(stream.stats().events),
    }


def main() -> None:
    """Measure at 30 and 60 frames a second and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    classifier = sdk.Classifier()
    record = {
        "command": f"python -m benchmarks.streams.labels --segments {asked.segments}",
        "note": "simulated cine made of validation stills; no frame was recorded so",
        "model_id": classifier.model_id,
        "runs": [measure(classifier, fps, asked.segments, seed=int(fps)) for fps in (30.0, 60.0)],
    }
    text = json.dumps(record, indent=1)
    if asked.output:
        asked.output.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

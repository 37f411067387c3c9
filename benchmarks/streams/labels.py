"""How soon a stream shows a new label, and how often a wrong one, on simulated cine.

Cines are made of validation stills (`benchmarks.streams.changes`): no frame of them was recorded.
Half of the patients choose how long the stream smooths, the other half tests it. The choice must
not hang on how sure one student is, so it counts the student's probabilities as they are, made
surer and made less sure: of all time constants, the longest under which at least 99 % of the
changes come in time that come in time under the shortest. What is tested is what the student uses.

`python -m benchmarks.streams.labels [--student FILE] [--segments N] [--seed N] [-o FILE]`
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import sdk
from benchmarks.streams.changes import Cine, Segment, observe, split
from benchmarks.streams.replay import replay, tempered
from benchmarks.streams.shown import show
from export.data.dataset import data_root, load_records
from sdk.model_file.stream_settings import StreamSettings

_WITHIN = 5  # frames
_TEMPERATURES = (0.7, 1.0, 1.5)
_TIME_CONSTANTS_S = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04)
_KEPT = 0.99

Shown = list[str | None]


def lags_of(truth: list[str], shown: Shown) -> list[tuple[int, int | None]]:
    """Return where the truth changes, and after how many frames that is shown, None for never."""
    changes = [i for i in range(1, len(truth)) if truth[i] != truth[i - 1]]
    ends = [*changes[1:], len(truth)]
    return [
        (i, next((j - i for j in range(i, end) if shown[j] == truth[i]), None))
        for i, end in zip(changes, ends, strict=True)
    ]


def score(truth: list[str], shown: Shown) -> dict[str, float | int]:
    """Judge what was shown: lags in frames, and labels shown that were nowhere near true."""
    lags = [lag for _, lag in lags_of(truth, shown)]
    wrong, last = 0, None
    for i, label in enumerate(shown):
        if label not in (None, last):
            wrong += label not in truth[max(0, i - _WITHIN) : i + _WITHIN + 1]
        last = label or last
    labelled = [i for i, label in enumerate(shown) if label is not None]
    turns = sum(a != b for a, b in pairwise(shown))
    return {
        "changes": len(lags),
        "within_5_frames": sum(lag is not None and lag <= _WITHIN for lag in lags),
        "never_shown": sum(lag is None for lag in lags),
        "wrong_changes_in_1000_frames": round(1000 * wrong / len(truth), 3),
        "changes_shown_in_1000_frames": round(1000 * turns / len(shown), 1),
        "coverage": round(len(labelled) / len(shown), 4),
        "right": round(sum(shown[i] == truth[i] for i in labelled) / max(len(labelled), 1), 4),
    }


def by_kind(segments: list[Segment], cine: Cine, shown: Shown) -> dict[str, dict[str, int]]:
    """Count changes in time by how they came, for stills the student answers rightly and others."""
    found: dict[str, dict[str, int]] = {}
    for at, lag in lags_of(cine.truth, shown):
        segment = segments[cine.segment[at]]
        how = "blended" if segment.blended else "cut"
        name = f"{how}, still {'right' if segment.right else 'wrong or withheld'}"
        counts = found.setdefault(name, {"changes": 0, "within_5_frames": 0})
        counts["changes"] += 1
        counts["within_5_frames"] += lag is not None and lag <= _WITHIN
    return dict(sorted(found.items()))


def in_time(classifier: sdk.Classifier, cines: dict[int, Cine], smoothing_s: float) -> int:
    """Return how many changes come in time, over all rates and temperatures."""
    settings = replace(StreamSettings(), smoothing_s=smoothing_s)
    count = 0
    for temperature in _TEMPERATURES:
        for rate, cine in cines.items():
            shown = replay(classifier, tempered(classifier, cine.seen, temperature), settings, rate)
            count += int(score(cine.truth, shown)["within_5_frames"])
    return count


def chosen(counts: dict[float, int]) -> float:
    """Return the longest time constant that keeps enough of what the shortest one has in time."""
    least = _KEPT * counts[min(counts)]
    return max(smoothing_s for smoothing_s, count in counts.items() if count >= least)


def tested(
    classifier: sdk.Classifier, segments: list[Segment], cine: Cine, rate: int
) -> dict[str, Any]:
    """Score the stream, and each frame alone, on the other half."""
    settings = classifier.metadata.stream or StreamSettings()
    shown = replay(classifier, cine.seen, settings, rate)
    alone: Shown = [seen.result.label for seen in cine.seen]
    return {
        "fps": rate,
        "frames": len(cine.truth),
        "stream": score(cine.truth, shown),
        "stream_by_kind": by_kind(segments, cine, shown),
        "frames_alone": score(cine.truth, alone),
        "frames_alone_by_kind": by_kind(segments, cine, alone),
    }


def main() -> None:
    """Choose, test and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--student", type=Path, help="a student file; the default student if not")
    parser.add_argument("--segments", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    classifier = sdk.Classifier(asked.student) if asked.student else sdk.Classifier()
    records = [r for r in load_records(data_root()) if r.split == "val"]
    halves = split([r for r in records if r.dataset == "fetal_planes_db"])
    _, cines = observe(classifier, halves[0], asked.segments, 2 * asked.seed + 1)
    counts = {value: in_time(classifier, cines, value) for value in _TIME_CONSTANTS_S}
    segments, cines = observe(classifier, halves[1], asked.segments, 2 * asked.seed + 2)
    record = {
        "command": f"python -m benchmarks.streams.labels --segments {asked.segments} "
        f"--seed {asked.seed}",
        "note": "simulated cine made of validation stills; no frame was recorded so",
        "model_id": classifier.model_id,
        "changes_in_time_by_smoothing_s": {str(value): count for value, count in counts.items()},
        "smoothing_s_chosen": chosen(counts),
        "smoothing_s_in_use": (classifier.metadata.stream or StreamSettings()).smoothing_s,
        "test": [tested(classifier, segments, cine, rate) for rate, cine in cines.items()],
    }
    show(record, asked.output)


if __name__ == "__main__":
    main()

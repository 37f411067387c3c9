"""What a student file accepts that it shouldn't: frames of other kinds, and erased structures.

Measured with the SDK, as on the cart: `called` counts frames whose most probable label is a plane,
`accepted` those that are also sure enough to be given it.
"""

import platform
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import sdk
from export.data.alteration import Alteration
from export.data.dataset import FrameRecord, find_data_root
from export.data.fills import FILLS, HELD_BACK
from export.data.frames import read_greys
from export.data.patterns import PATTERNS, draw_pattern
from export.data.structures import Annotation, structures_of
from export.display import Progress, quiet
from export.evaluation import log_evaluation
from export.proportions import clustered_interval
from export.sources import sources

STRUCTURES = ("head", "abdomen", "femur")
NOT_PLANES = ("background",)
GUARDED_PART = "test"
PATTERN_SEEDS = 20
FORMAT = "sonogaze-negatives/1"


@dataclass(frozen=True)
class Answer:
    """What the SDK said of one frame."""

    called: str | None
    accepted: str | None
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, classifier: sdk.Classifier, frame: np.ndarray) -> "Answer":
        """Classify a frame, uint8 (height, width)."""
        result = classifier.classify(frame)
        told = result.probabilities
        called = None if told is None else max(told, key=told.__getitem__)
        return cls(called, result.label, result.reasons)


def negatives(
    path: Path,
    records: Sequence[FrameRecord],
    data: Path | None,
    with_test: bool = False,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Return what a student file accepts of what isn't, and still accepts of what is.

    Args:
        path: the student file.
        records: of the data folder.
        data: the data folder, for structures that are marked there.
        with_test: also the guarded test set, which is then logged; else train and validation.
        progress: told of frames.

    Raises:
        ModelError: the file is no student. ExportError: a frame or a file can't be read.
    """
    classifier = sdk.Classifier(path)
    parts = ("train", "val", "transfer", *((GUARDED_PART,) if with_test else ()))
    frames = [r for r in records if r.split in parts]
    marked = structures_of(data, STRUCTURES)
    of_marked = [r for r in frames if r.id in marked and marked[r.id].structure == r.label]
    answer = _counted(classifier, len(frames), progress)
    report: dict[str, Any] = {
        "format": FORMAT,
        "student": classifier.model_id,
        "sha256": classifier.sha256,
        "abstain_below": dict(classifier.metadata.calibration.abstain_below),
        "sources": sources(),
        "machine": platform.machine(),
        "parts": list(parts),
        "held_back_fill": HELD_BACK,
        "kinds": _kinds(answer, [r for r in frames if r.label in NOT_PLANES]),
        "structures": {
            name: _structure(answer, [r for r in of_marked if r.label == name], marked)
            for name in STRUCTURES
        },
        "patterns": {name: _pattern(classifier, name) for name in PATTERNS},
    }
    if with_test:
        accepted = [kind["accepted"] for kind in report["kinds"].values()]
        log_evaluation(GUARDED_PART, f"negatives {classifier.model_id}", float(np.mean(accepted)))
    return report


def negatives_of(
    content: bytes, records: Sequence[FrameRecord], progress: Progress = quiet
) -> dict[str, Any]:
    """Return `negatives` of a student file's bytes, which nobody has written yet.

    Of `records`, hc18 is left out: it is heads by the thousand.
    """
    asked = [r for r in records if r.split != "transfer"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "student.onnx"
        path.write_bytes(content)
        return negatives(path, asked, find_data_root(), progress=progress)


Ask = Callable[[np.ndarray], Answer]


def _counted(classifier: sdk.Classifier, total: int, progress: Progress) -> Ask:
    """Return what asks the student, and tells how often it was asked, up to `total`."""
    done = 0

    def ask(frame: np.ndarray) -> Answer:
        nonlocal done
        done = min(done + 1, total)
        progress(done, total)
        return Answer.of(classifier, frame)

    return ask


def _kinds(ask: Ask, records: Sequence[FrameRecord]) -> dict[str, Any]:
    """Return by `DATASET:KIND` how many frames that show no plane are called one.

    And by part: a student that was trained on a kind has seen its training frames.
    """
    answers: dict[str, list[tuple[Answer, FrameRecord]]] = {}
    for record, grey in zip(records, read_greys(records), strict=True):
        kind = f"{record.dataset}:{record.fine or 'unknown'}"
        answers.setdefault(kind, []).append((ask(grey), record))
    return {kind: _by_part(rows) for kind, rows in sorted(answers.items())}


def _by_part(rows: Sequence[tuple[Answer, FrameRecord]]) -> dict[str, Any]:
    """Return the shares of all rows, and `by_part` those of each part."""

    def shares(chosen: Sequence[tuple[Answer, FrameRecord]]) -> dict[str, Any]:
        return _shares([a for a, _ in chosen], [r.group for _, r in chosen])

    parts = sorted({r.split for _, r in rows})
    return {
        **shares(rows),
        "by_part": {part: shares([row for row in rows if row[1].split == part]) for part in parts},
    }


def _shares(answers: Sequence[Answer], groups: Sequence[str]) -> dict[str, Any]:
    """Return the share of frames that are called a plane, and accepted as one, by which."""
    accepted = np.array([_is_plane(a.accepted) for a in answers])
    return {
        "frames": len(answers),
        "groups": len(set(groups)),
        "called": float(np.mean([_is_plane(a.called) for a in answers])),
        "accepted": float(accepted.mean()),
        "accepted_95": list(clustered_interval(accepted, groups)),
        "accepted_as": dict(Counter(a.accepted for a in answers if _is_plane(a.accepted))),
        "reasons": dict(Counter(reason for a in answers for reason in a.reasons)),
    }


def _is_plane(label: str | None) -> bool:
    return label is not None and label not in NOT_PLANES


def _structure(
    ask: Ask, records: Sequence[FrameRecord], marked: dict[str, Annotation]
) -> dict[str, Any]:
    """Return, by data set and part, what happens to frames whose structure is painted over."""
    by_part: dict[str, list[FrameRecord]] = {}
    for record in records:
        by_part.setdefault(f"{record.dataset}:{record.split}", []).append(record)
    return {part: _erased(ask, chosen, marked) for part, chosen in sorted(by_part.items())}


def _erased(
    ask: Ask, records: Sequence[FrameRecord], marked: dict[str, Annotation]
) -> dict[str, Any]:
    """Return how many frames are accepted as their label: untouched, erased, painted elsewhere."""
    right: dict[str, list[bool]] = {}
    planes: dict[str, list[bool]] = {}
    for number, (record, grey) in enumerate(zip(records, read_greys(records), strict=True)):
        # of another frame: paint in the shape of its own structure would name the label
        stencil = marked[records[(number + 1) % len(records)].id].shapes
        for name, frame in _variants(grey, marked[record.id], stencil, number):
            answer = ask(frame)
            right.setdefault(name, []).append(answer.accepted == record.label)
            planes.setdefault(name, []).append(_is_plane(answer.accepted))
    groups = [r.group for r in records]
    return {
        "frames": len(records),
        "groups": len(set(groups)),
        **{
            name: {
                "accepted_as_label": float(np.mean(hits)),
                "accepted_as_label_95": list(clustered_interval(np.array(hits), groups)),
                "accepted_as_any_plane": float(np.mean(planes[name])),
            }
            for name, hits in right.items()
        },
    }


def _variants(
    grey: np.ndarray, annotation: Annotation, stencil: tuple[Any, ...], seed: int
) -> Iterable[tuple[str, np.ndarray]]:
    """Yield a frame untouched, erased by each fill, and with each fill elsewhere."""
    yield "untouched", grey
    shapes = annotation.shapes
    for number, fill in enumerate(FILLS):
        rng = np.random.default_rng([seed, number])  # whatever else is measured before it
        yield f"erased:{fill}", Alteration("erased", shapes, (fill,)).apply(grey, rng)
        elsewhere = Alteration("elsewhere", shapes, (fill,), stencil)
        yield f"elsewhere:{fill}", elsewhere.apply(grey, rng)


def _pattern(classifier: sdk.Classifier, name: str) -> dict[str, Any]:
    seeds = range(PATTERN_SEEDS)
    answers = [Answer.of(classifier, draw_pattern(name, seed)) for seed in seeds]
    return _shares(answers, [str(seed) for seed in seeds])

"""Cines of several stills in a row, so of known changes of label, as a student sees them.

They are simulated at 60 frames a second, and every second frame makes the one of 30. Labels change
by a cut or are blended over a fifth of a second; the truth changes at the blend's middle. All
stills lie on one canvas: a change shows in the pixels alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

import sdk
from benchmarks.streams.cine import Grey, moving
from benchmarks.streams.replay import Seen, record
from export.data.dataset import LABELS, FrameRecord
from export.data.frames import read_grey
from sdk._watch import Watch

RATES = (60, 30)
_WIDTH, _HEIGHT = 320, 221
_BLEND_FRAMES = 12


@dataclass(frozen=True)
class Segment:
    """One still in motion.

    Attributes:
        label: of the still.
        blended: with the segment before.
        right: the student answers the still itself rightly.
    """

    label: str
    blended: bool
    right: bool


@dataclass
class Cine:
    """A cine at one rate.

    Attributes:
        truth: label of each frame.
        segment: number of each frame's segment, by the truth.
        seen: what the student said of each frame.
    """

    truth: list[str] = field(default_factory=list)
    segment: list[int] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def split(records: list[FrameRecord]) -> tuple[list[FrameRecord], list[FrameRecord]]:
    """Return two halves that share no patient: to choose settings on, and to test them on."""
    place = {group: number for number, group in enumerate(sorted({r.group for r in records}))}
    halves = ([r for r in records if place[r.group] % 2 == half] for half in (0, 1))
    first, second = halves
    return first, second


def observe(
    classifier: sdk.Classifier, records: list[FrameRecord], segments: int, seed: int
) -> tuple[list[Segment], dict[int, Cine]]:
    """Simulate a cine, and return its segments and what a student says, by rate."""
    rng = np.random.default_rng(seed)
    made: list[Segment] = []
    cines = {rate: Cine() for rate in RATES}
    watches = {rate: Watch() for rate in RATES}
    for number, (picture, segment) in enumerate(_frames(classifier, records, segments, made, rng)):
        frame = sdk.Frame.from_array(picture)
        for rate, cine in cines.items():
            if number % (RATES[0] // rate) == 0:
                cine.truth.append(made[segment].label)
                cine.segment.append(segment)
                cine.seen.append(record(classifier, frame, watches[rate]))
    return made, cines


def _frames(
    classifier: sdk.Classifier,
    records: list[FrameRecord],
    segments: int,
    made: list[Segment],
    rng: np.random.Generator,
) -> Iterator[tuple[Grey, int]]:
    last: Grey | None = None
    for number in range(segments):
        before = made[-1].label if made else None
        label = str(rng.choice([name for name in LABELS if name != before]))
        of_label = [record for record in records if record.label == label]
        still = _canvas(of_label[int(rng.integers(len(of_label)))])
        blended = last is not None and bool(rng.integers(2))
        made.append(Segment(label, blended, classifier.classify(still).label == label))
        views = moving(still, 2 * int(rng.uniform(30, 60)), RATES[0], rng)
        for at, view in enumerate(views):
            if blended and at < _BLEND_FRAMES and last is not None:
                weight = (at + 1) / (_BLEND_FRAMES + 1)
                mixed = cv2.addWeighted(view, weight, last, 1 - weight, 0).astype(np.uint8)
                yield mixed, number - (at < _BLEND_FRAMES // 2)
            else:
                yield view, number
        last = view


def _canvas(record: FrameRecord) -> Grey:
    """Return a still on the canvas, black above and below where it is flatter."""
    still = read_grey(record.path)
    height = min(_HEIGHT, round(_WIDTH * still.shape[0] / still.shape[1]))
    canvas = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    top = (_HEIGHT - height) // 2
    canvas[top : top + height] = cv2.resize(still, (_WIDTH, height), interpolation=cv2.INTER_AREA)
    return canvas

"""Which frames are trained on and which evaluated, and where their structures lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import cv2
import numpy as np

from export.data.alteration import MARGIN, Alteration
from export.data.bank_draw import grey_levels
from export.data.dataset import FrameRecord, data_root, fold_of, load_records
from export.data.frames import read_greys
from export.data.structures import Annotation, structures_of
from export.studies.gaze_study.plan import LABELS, Plan
from sdk import Frame
from sdk.preprocess import Preprocessing

PLANES = ("head", "abdomen", "femur")
_HC18_SHARE = 0.5  # of the heads to train on: other machines, with the expert's outlines


@dataclass(frozen=True)
class Sample:
    """Frames to train on and to evaluate, and the marks of both by frame id."""

    train: list[FrameRecord]
    evaluated: list[FrameRecord]
    marked: dict[str, Annotation]

    @classmethod
    def chosen(cls, plan: Plan) -> "Sample":
        """Choose frames by digests of their ids and patients, the same in every round.

        Only the training and validation sets, and HC18, are looked at: never the test set, nor
        the external set.
        """
        marked = structures_of(data_root(), PLANES)
        records = load_records(data_root(), LABELS)
        fetal = [r for r in records if r.dataset == "fetal_planes_db"]
        fetal = [r for r in fetal if r.split in ("train", "val")]
        usable = [r for r in fetal if r.id in marked or r.label == "background"]
        evaluated = [r for r in usable if fold_of(r.group, plan.folds) == 0]
        rest = [r for r in usable if fold_of(r.group, plan.folds) != 0]
        outlined = [r for r in records if r.dataset == "hc18" and r.id in marked]
        train = []
        for label in LABELS:
            own = _drawn([r for r in rest if r.label == label])
            if label == "head":
                own = own[: round((1 - _HC18_SHARE) * plan.rows_per_label)] + _drawn(outlined)
            train += own[: plan.rows_per_label]
        return cls(train, evaluated, marked)


def _drawn(records: Sequence[FrameRecord]) -> list[FrameRecord]:
    return sorted(records, key=lambda r: sha256(f"gaze-study:{r.id}".encode()).hexdigest())


def labels_of(records: Sequence[FrameRecord]) -> np.ndarray:
    """Return the index (N,) of each record's label."""
    return np.array([LABELS.index(r.label) for r in records])


def middles(records: Sequence[FrameRecord], marked: dict[str, Annotation]) -> np.ndarray:
    """Return the middle (N, 2) of each frame's structure, relative to its width and height.

    A frame without one gets a place of its own, by its id, in the frame's inner half.
    """
    found = np.empty((len(records), 2))
    for index, (record, grey) in enumerate(zip(records, read_greys(records), strict=True)):
        if record.id in marked:
            x, y = np.mean([shape.centre for shape in marked[record.id].shapes], axis=0)
            found[index] = x, y * grey.shape[1] / grey.shape[0]
        else:
            seed = int(sha256(record.id.encode()).hexdigest()[:8], 16)
            found[index] = np.random.default_rng(seed).uniform(0.25, 0.75, 2)
    return found


@dataclass(frozen=True)
class Evaluation:
    """The evaluated frames as inputs, 8-bit.

    Attributes:
        views: (N, height, width), untouched.
        middles: (N, 2), of the structures, relative to the view.
        femurs: (F,), indices of femurs among them.
        erased: (fills, F, height, width), their bones painted over.
        bone: (F, height, width), share of each pixel that the bone covers.
        centre: the same of its shape moved to the frame's centre.
    """

    views: np.ndarray
    middles: np.ndarray
    femurs: np.ndarray
    erased: np.ndarray
    bone: np.ndarray
    centre: np.ndarray

    @classmethod
    def of(cls, sample: Sample, plan: Plan) -> "Evaluation":
        """Draw the inputs."""
        prep, records = plan.preprocessing, sample.evaluated
        inner = middles(records, sample.marked)
        views, femurs, erased, bone, centre = [], [], [], [], []
        for index, (record, grey) in enumerate(zip(records, read_greys(records), strict=True)):
            views.append(as_input(grey, prep))
            x, y, w, h = prep.inner(Frame.from_array(grey))
            inner[index] = (np.array([x, y]) + inner[index] * [w, h]) / [prep.width, prep.height]
            if record.label != "femur" or record.id not in sample.marked:
                continue
            shapes = sample.marked[record.id].shapes
            femurs.append(index)
            erased.append(
                [
                    as_input(Alteration("erased", shapes, (fill,)).apply(grey, _rng(index)), prep)
                    for fill in plan.test_fills
                ]
            )
            own, moved = _masks(sample.marked[record.id], grey)
            bone.append(as_input(own, prep) / 255.0)
            centre.append(as_input(moved, prep) / 255.0)
        painted = np.stack(erased).swapaxes(0, 1)
        return cls(np.stack(views), inner, np.array(femurs), painted, np.stack(bone),
                   np.stack(centre))  # fmt: skip


def as_input(grey: np.ndarray, prep: Preprocessing) -> np.ndarray:
    """Return a frame as the network's input, before it is normalised: uint8 (height, width)."""
    return grey_levels(prep.tensor(Frame.from_array(np.ascontiguousarray(grey))), prep)


def _masks(annotation: Annotation, grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return 255 on the structure, and on its shape in the middle of the frame; 0 elsewhere."""
    height, width = grey.shape
    own = annotation.mask(height, width, MARGIN).astype(np.uint8) * 255
    x, y = np.mean([shape.centre for shape in annotation.shapes], axis=0)
    move = np.array([[1.0, 0, (0.5 - x) * width], [0, 1.0, height / 2 - y * width]])
    return own, np.asarray(cv2.warpAffine(own, move, (width, height)))


def _rng(index: int) -> np.random.Generator:
    return np.random.default_rng([77, index])

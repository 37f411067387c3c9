"""The data set reader: `frames.csv` (or one's own `labels.csv`), its splits and its licences.

A split keeps every frame of a `group` (a patient, merged with those who share a near-duplicate)
together. The test set is fixed by the data's own rule: SHA-256 of the group, read as a
hexadecimal number, divisible by five. Validation is an eighth of the remaining groups by the
next digits of the same number, so that no seed can move a patient.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.checkout import CHECKOUT
from export.data.alteration import Alteration
from export.data.frames import clip_of, is_still
from export.data.table import Row, read_rows
from export.errors import ExportError
from export.files import is_file

LABELS = ("head", "abdomen", "femur", "background")
"""Of the default student; a recipe of one's own names its own."""

UNLABELLED = "unlabelled"
"""The split of frames whose label counts for nothing: a recipe's `[transfer] unlabelled`."""
EXTERNAL_DATASETS = ("african_planes",)
TABLES = ("frames.csv", "labels.csv")
EVERY = 5
"""Of a clip that a row labels as a whole, every fifth frame is taken where `every` is empty."""


@dataclass(frozen=True)
class FrameRecord:
    """One labelled frame: `path` and `frame` (0 for a still image) are where its pixels are.

    `fine` is the source's own class beneath the label (`thorax`, `muscle`), where the table has it.
    `gaze` is the recording of who looked at it, `shown_us` when it was shown (microseconds on the
    frames' clock), `gaze_offset_us` frames' clock minus tracker's, where the table says so.
    `outlier` is the share of its target that is none of the labels, `alteration` what is done to it
    before a view is drawn; a recipe sets both (`export.data.rows`). `part` stands for its split
    where a recipe deals patients anew.
    """

    id: str
    path: Path
    label: str
    dataset: str
    country: str
    group: str
    machine: str
    licence: str
    source_quality: str
    fine: str = ""
    frame: int = 0
    gaze: Path | None = None
    shown_us: int = 0
    gaze_offset_us: int | None = None
    outlier: float = 0.0
    alteration: Alteration | None = None
    part: str | None = None

    @property
    def split(self) -> str:
        """One of `train`, `val`, `test`, `external`, `transfer` (heads of hc18: train only)."""
        return self.part or split_of(self.dataset, self.group)

    @property
    def has_label(self) -> bool:
        """Whether any share of its target is a label's."""
        return self.outlier < 1 and self.split != UNLABELLED

    @property
    def source_id(self) -> str:
        """The id in the table: an altered frame's own ends in how it is altered."""
        return self.id.rpartition("~")[0] if self.alteration else self.id


def split_of(dataset: str, group: str) -> str:
    """Return the part of the data that `group` belongs to; the same for all of its frames."""
    if dataset in EXTERNAL_DATASETS:
        return "external"
    if dataset == "hc18":
        return "transfer"
    # Python's own hash of text differs from process to process; the data set fixed this one
    number = int(hashlib.sha256(group.encode()).hexdigest(), 16)
    if number % 5 == 0:
        return "test"
    return "val" if (number // 5) % 8 == 0 else "train"


def fold_of(group: str, folds: int) -> int:
    """Return which of `folds` parts a group is dealt to; unrelated to its split."""
    # the prefix: without it, one of five folds would be the test set and hold nobody to train on
    return int(hashlib.sha256(f"fold:{group}".encode()).hexdigest(), 16) % folds


def data_root() -> Path:
    """Return the data folder: `SONOGAZE_DATA`, or `../shared/data` beside the project.

    Raises:
        ExportError: `data-missing` when it holds no `frames.csv` or `labels.csv`.
    """
    root = find_data_root()
    if root is None:
        raise ExportError(
            "data-missing",
            f"no data set: none of {list(TABLES)} was found in $SONOGAZE_DATA or ../shared/data; "
            "set SONOGAZE_DATA to the folder that holds one",
        )
    return root


def find_data_root() -> Path | None:
    """Return the data folder, or None where there is none (demo and tests work without)."""
    named = os.environ.get("SONOGAZE_DATA")
    # a folder that was named is the only one: a typing error must not train on other data
    candidates = [Path(named)] if named else [Path("..", "shared", "data")]
    if CHECKOUT and not named:
        candidates.insert(0, CHECKOUT.parent / "shared" / "data")
    return next((c for c in candidates if table_of(c) is not None), None)


def table_of(root: Path) -> Path | None:
    """Return the folder's `frames.csv` or `labels.csv`, or None where it has neither."""
    return next((root / name for name in TABLES if (root / name).is_file()), None)


def load_records(root: Path, labels: Sequence[str] | None = LABELS) -> list[FrameRecord]:
    """Read the folder's table, near-duplicates dropped, in the file's order.

    Columns `file`, `label` and `group` are needed. `frame` (from 0) names one frame of a clip;
    without it a clip's row labels every `every`-th of its frames. `dataset` and `licence` default
    to `own`. `docs/exporting.md` lists all columns.

    Args:
        root: the folder.
        labels: what labels are allowed, the recipe's; None allows any.

    Raises:
        ExportError: `data-missing`, `data-encoding`, `data-columns`, `data-row`, `data-label`,
            `data-group`, `data-file`, `data-frame`, `data-number`, `data-duplicate` or
            `frame-unreadable`; the message names table, line, column, value and what is allowed.
    """
    table = table_of(root)
    if table is None:
        raise ExportError("data-missing", f"{root} holds none of {list(TABLES)}")
    lines: dict[tuple[Path, int], Row] = {}
    ids: dict[str, Row] = {}
    groups: dict[Path, Row] = {}
    records = []
    for row in read_rows(table):
        if row.get("dup_of"):  # a frame that is there twice would count twice
            continue
        for record in _records(root, row, labels):
            # resolved: two spellings of one path are one file
            _once(lines, (record.path.resolve(), record.frame), row, "file and frame")
            _once(ids, record.id, row, f"id {record.id!r}")
            _one_group(groups.setdefault(record.path.resolve(), row), row)
            records.append(record)
    return records


def check_labels(records: Sequence[FrameRecord], labels: Sequence[str]) -> None:
    """Refuse labels that no frame of the training set has: nothing could be learned of them.

    Raises:
        ExportError: `data-label`.
    """
    # a label that only validation has would be a class whose logit nothing ever raises
    with_frames = {r.label for r in records if r.split in ("train", "transfer")}
    missing = [label for label in labels if label not in with_frames]
    if missing:
        raise ExportError(
            "data-label",
            f"no frame of the training set has the label {missing[0]!r}; the recipe's labels are "
            f"{list(labels)}: bring frames of more groups, or drop the label",
        )


def _records(root: Path, row: Row, labels: Sequence[str] | None) -> list[FrameRecord]:
    """Return the record of a still image, or one for each frame of a clip that the row labels."""
    name = row.need("file", "data-file")
    path = root / name
    if not is_file(path):
        raise ExportError("data-file", f"{row.place}: 'file' is {name!r}; {path} isn't there")
    label = row.need("label", "data-label")
    if labels is not None and label not in labels:
        raise ExportError(
            "data-label",
            f"{row.place}: label of {name!r} is {label!r}; allowed: {list(labels)} (`labels` of "
            "the recipe)",
        )
    frames, interval_us = _frames_of(row, path)
    many = row.get("frame") != "" or len(frames) > 1
    own_id = row.get("id") or Path(name).with_suffix("").as_posix()
    start_us, offset_us = row.integer("timestamp_us") or 0, row.integer("gaze_offset_us")
    return [
        FrameRecord(
            id=f"{own_id}#{frame}" if many and not (row.get("id") and row.get("frame")) else own_id,
            path=path,
            label=label,
            dataset=row.get("dataset") or "own",
            country=row.get("country"),
            group=row.need("group", "data-group"),
            machine=row.get("machine"),
            licence=row.get("licence") or "own",
            source_quality=row.get("source_quality"),
            fine=row.get("fine"),
            frame=frame,
            gaze=root / row.get("gaze") if row.get("gaze") else None,
            shown_us=start_us + round(frame * interval_us),
            gaze_offset_us=offset_us,
        )
        for frame in frames
    ]


def _frames_of(row: Row, path: Path) -> tuple[Sequence[int], float]:
    """Return the frames that a row labels, and by how much each is shown after `timestamp_us`."""
    frame, every = row.integer("frame", low=0), row.integer("every", low=1)
    if frame is None and is_still(path):
        return (0,), 0.0
    try:
        clip = clip_of(path)
    except ExportError as error:
        raise ExportError(error.slug, f"{row.place}: {error}") from error
    if frame is None:
        frames: Sequence[int] = range(0, clip.frames, every or EVERY)
    elif frame < clip.frames:
        frames = (frame,)
    else:
        raise ExportError(
            "data-frame",
            f"{row.place}: 'frame' is {frame}; {path.name} has {clip.frames} frames, allowed are "
            f"0 to {clip.frames - 1}",
        )
    if frame is not None and row.get("timestamp_us"):
        return frames, 0.0  # a row of one frame says when that frame was shown
    if clip.interval_us is None and row.get("gaze") and frames[-1] > 0:
        raise ExportError(
            "data-clip-time",
            f"{row.place}: {path.name} tells no frame time, so 'gaze' can't be matched; give a "
            "row for each frame, with 'frame' and 'timestamp_us'",
        )
    return frames, clip.interval_us or 0.0


def _once(known: dict[Any, Row], key: object, row: Row, what: str) -> None:
    first = known.setdefault(key, row)
    if first is not row:
        raise ExportError(
            "data-duplicate", f"{row.place}: the same {what} as in line {first.line}; keep one"
        )


def _one_group(first: Row, row: Row) -> None:
    """Refuse a clip whose frames lie in two groups: a split would share it."""
    if first.get("group") != row.get("group"):
        raise ExportError(
            "data-group",
            f"{row.place}: 'group' is {row.get('group')!r}; line {first.line} says "
            f"{first.get('group')!r} of the same file {row.get('file')!r}",
        )

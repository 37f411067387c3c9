"""The data set reader: `frames.csv` (or one's own `labels.csv`), its splits and its licences.

A split keeps every frame of a `group` (a patient, merged with those who share a near-duplicate)
together. The test part is fixed by the data's own rule: SHA-256 of the group, read as a
hexadecimal number, divisible by five. Validation is an eighth of the remaining groups by the
next digits of the same number, so that no seed can move a patient.
"""

import csv
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from export.errors import ExportError

LABELS = ("head", "abdomen", "femur", "background")
EXTERNAL_DATASETS = ("african_planes",)
REQUIRED_COLUMNS = ("file", "label", "group")
TABLES = ("frames.csv", "labels.csv")


@dataclass(frozen=True)
class FrameRecord:
    """One labelled frame of the data set; `path` is where its pixels are."""

    id: str
    path: Path
    label: str
    dataset: str
    country: str
    group: str
    machine: str
    licence: str
    source_quality: str

    @property
    def split(self) -> str:
        """One of `train`, `val`, `test`, `external`, `transfer` (heads of hc18: train only)."""
        return split_of(self.dataset, self.group)


def split_of(dataset: str, group: str) -> str:
    """Return the part of the data that `group` belongs to; the same for all of its frames."""
    if dataset in EXTERNAL_DATASETS:
        return "external"
    if dataset == "hc18":
        return "transfer"
    number = int(hashlib.sha256(group.encode()).hexdigest(), 16)
    if number % 5 == 0:
        return "test"
    return "val" if (number // 5) % 8 == 0 else "train"


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
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    candidates = [Path(named)] if named else [beside, Path("..", "shared", "data")]
    return next((c for c in candidates if table_of(c) is not None), None)


def table_of(root: Path) -> Path | None:
    """Return the folder's `frames.csv` or `labels.csv`, or None where it has neither."""
    return next((root / name for name in TABLES if (root / name).is_file()), None)


def load_records(root: Path) -> list[FrameRecord]:
    """Read the folder's table, near-duplicates dropped, in the file's order.

    Columns `file`, `label` and `group` are needed; `dataset` and `licence` default to `own`.

    Raises:
        ExportError: `data-columns` when a column is missing, `data-label` for an unknown label.
    """
    table = table_of(root)
    if table is None:
        raise ExportError("data-missing", f"{root} holds none of {list(TABLES)}")
    with open(table, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [c for c in REQUIRED_COLUMNS if c not in (reader.fieldnames or [])]
        if missing:
            raise ExportError("data-columns", f"{table} lacks the columns {missing}")
        return [_record(root, row) for row in reader if not row.get("dup_of")]


def _record(root: Path, row: dict[str, str]) -> FrameRecord:
    if row["label"] not in LABELS:
        raise ExportError(
            "data-label", f"label of {row['file']!r} is {row['label']!r}; allowed: {list(LABELS)}"
        )
    return FrameRecord(
        id=row.get("id") or Path(row["file"]).stem,
        path=root / row["file"],
        label=row["label"],
        dataset=row.get("dataset") or "own",
        country=row.get("country", ""),
        group=row["group"],
        machine=row.get("machine", ""),
        licence=row.get("licence") or "own",
        source_quality=row.get("source_quality", ""),
    )


def read_grey(path: Path) -> np.ndarray:
    """Return the frame's grey pixels, uint8 (height, width).

    Raises:
        ExportError: `frame-unreadable` when the file is no image.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise ExportError("frame-unreadable", f"{path} can't be read as an image")
    return np.asarray(pixels)

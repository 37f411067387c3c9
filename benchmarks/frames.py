"""The frames that a run uses: the data set's test set, a user's folder, or the phantom.

Timing runs on a ring of BGRA screens made from them, as a grabber delivers, large enough that a
frame is not still in a core's cache from the last time.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.errors import BenchError
from benchmarks.record.jobs import FrameShape

SCREEN = FrameShape(width=1920, height=1080, format="BGRA32")
#: Fewest screens of a ring; their number is a multiple of it, so that turns never share one.
RING = 4
_RING_BYTES = RING * SCREEN.width * SCREEN.height * 4
_IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm"}


@dataclass(frozen=True)
class LabelledFrame:
    """One frame; ``group`` is its patient, None label where unknown."""

    id: str
    path: str
    label: str | None
    group: str


@dataclass(frozen=True)
class FrameSet:
    """Frames with where they came from.

    ``parts`` holds the labelled frames by part of the data (``test``, ``external``); empty where
    quality cannot be measured. ``samples`` are grey uint8 frames for timing and numerics.
    """

    kind: Literal["data-set", "folder", "phantom"]
    description: str
    samples: list[np.ndarray]
    parts: dict[str, list[LabelledFrame]] = field(default_factory=dict)


# what else lies in the data folder is for other uses
_SCORED = ("fetal_planes_db", "african_planes")


def load_frames(folder: Path | None, count: int = 64) -> FrameSet:
    """Return the frames of ``folder``, else of the data set, else of the phantom.

    Args:
        folder: a user's frames: with a `frames.csv` of at least `file,label`, or one sub-folder a
            label, or bare images.
        count: how many grey samples to read.

    Raises:
        BenchError: `frames-missing`.
    """
    if folder is not None:
        return _from_folder(folder, count)
    from export.data.dataset import find_data_root, load_records
    from export.recipe.read import load_recipe

    root = find_data_root()
    if root is None:
        return _phantom(count)
    parts: dict[str, list[LabelledFrame]] = {"test": [], "external": []}
    # the teacher's recorded outputs are of these; frames that joined the set later are not in them
    without = load_recipe("default").data.without_source_quality
    for record in load_records(root):
        named = record.dataset in _SCORED and record.source_quality not in without
        if record.split in parts and named:
            frame = LabelledFrame(record.id, str(record.path), record.label, record.group)
            parts[record.split].append(frame)
    text = "fetal_planes_db test set (patients never trained on); external: african_planes"
    return FrameSet("data-set", text, _samples(parts["test"], count), parts)


def _from_folder(folder: Path, count: int) -> FrameSet:
    if not folder.is_dir():
        raise BenchError("frames-missing", f"--frames {folder}: no such folder")
    table = folder / "frames.csv"
    frames = _read_table(table) if table.is_file() else _read_tree(folder)
    if not frames:
        raise BenchError("frames-missing", f"{folder}: no image ({', '.join(sorted(_IMAGES))})")
    labelled = [frame for frame in frames if frame.label]
    parts = {"folder": labelled} if labelled else {}
    text = f"user's folder: {len(frames)} frames, {len(labelled)} with a label"
    return FrameSet("folder", text, _samples(frames, count), parts)


def _read_table(table: Path) -> list[LabelledFrame]:
    try:
        # -sig: spreadsheets put a byte order mark before the first column's name
        with open(table, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            rows = [row for row in reader if row.get("file") and not row.get("dup_of")]
    except (OSError, ValueError, csv.Error) as error:
        raise BenchError(
            "frames-missing", f"{table}: not readable as UTF-8 CSV: {error}"
        ) from error
    if "file" not in columns:
        raise BenchError(
            "frames-missing", f"{table}: columns {columns}; needs file, may have label"
        )
    return [
        LabelledFrame(
            row.get("id") or row["file"],
            str(table.parent / row["file"]),
            row.get("label") or None,
            row.get("group") or row.get("patient") or row["file"],
        )
        for row in rows
    ]


def _read_tree(folder: Path) -> list[LabelledFrame]:
    paths = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in _IMAGES and p.is_file()]
    return [
        LabelledFrame(
            str(p.relative_to(folder)),
            str(p),
            p.parent.name if p.parent != folder else None,
            str(p.relative_to(folder)),
        )
        for p in paths
    ]


def _samples(frames: list[LabelledFrame], count: int) -> list[np.ndarray]:
    step = max(1, len(frames) // count)
    return [read_grey(frame.path) for frame in frames[::step][:count]]


def read_grey(path: str) -> np.ndarray:
    """Return an image file as grey uint8 `(H,W)`.

    Raises:
        BenchError: `frames-missing` when the file is no image of 8 bits.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            # convert() would cut what lies above 255 off, without a word
            if image.mode.startswith(("I", "F")):
                raise ValueError(f"mode {image.mode} has more than 8 bits, window it first")
            return np.asarray(image.convert("L"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise BenchError("frames-missing", f"{path}: not readable as an image ({error})") from error


def _phantom(count: int) -> FrameSet:
    from export.data.phantom import phantom_frame

    labels = ("head", "abdomen", "femur", "background")
    samples = [
        np.asarray(phantom_frame(labels[i % 4], seed=i, height=336, width=448).pixels)
        for i in range(min(count, 16))
    ]
    return FrameSet("phantom", "synthetic phantom (no data folder): quality not measured", samples)


def ring_size(shape: FrameShape) -> int:
    """Return how many screens fill 33 MB: smaller ones must not all stay in a cache either."""
    turns = -(-_RING_BYTES // (RING * shape.width * shape.height * 4))
    return RING * max(1, turns)


def make_ring(
    samples: list[np.ndarray], shape: FrameShape = SCREEN, size: int | None = None
) -> np.ndarray:
    """Return uint8 `(size, H, W, 4)` BGRA screens: each sample scaled, in the middle of black.

    Args:
        samples: grey frames, repeated as needed.
        shape: of a screen.
        size: number of screens; `ring_size` unless given.
    """
    from PIL import Image

    size = size or ring_size(shape)
    ring = np.zeros((size, shape.height, shape.width, 4), np.uint8)
    ring[..., 3] = 255
    for index in range(size):
        grey = Image.fromarray(samples[index % len(samples)])
        scale = min(shape.width / grey.width, shape.height / grey.height)
        # a sample far flatter than the screen keeps a pixel
        width, height = (max(1, int(side * scale)) for side in grey.size)
        x, y = (shape.width - width) // 2, (shape.height - height) // 2
        pixels = np.asarray(grey.resize((width, height), Image.Resampling.BILINEAR))
        ring[index, y : y + height, x : x + width, :3] = pixels[..., None]
    return ring

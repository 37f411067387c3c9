"""A folder of synthetic frames with labels and ground truth, as one's own data would lie."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from export.data.phantom.errors import PhantomError
from export.data.phantom.frames import LABELS, PhantomFrame, phantom_cine

TRUTH_FORMAT = "sonogaze-phantom-truth/1"


def write_phantom_set(
    directory: str | Path,
    count: int,
    seed: int = 0,
    *,
    frames: int = 1,
    fps: float = 30.0,
    size: tuple[int, int] = (336, 448),
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write synthetic cines: PNG frames, ``labels.csv``, ``truth.json`` and ``structures.json``.

    Labels take turns, so that every label gets ``count / 4`` cines, give or take one. Cine ``i``
    is drawn with seed ``seed + i``. ``labels.csv`` has the columns ``file, label, group,
    timestamp_us``; the frames of one cine share a group, which a split must keep together.
    ``truth.json`` holds ``format``, ``synthetic: true`` and, by file, what
    ``PhantomTruth.to_dict`` returns; ``structures.json`` says where the structure that the label
    names lies, as ``export.data.structures`` reads it. The folder appears whole or not at all.

    Args:
        directory: New or empty folder; its parent must exist.
        count: How many cines, at least 1.
        seed: Seed of the first cine, at least 0.
        frames: Frames per cine, at least 1.
        fps: Frames per second within a cine.
        size: Height and width in pixels, each at least 32.
        progress: Called with frames done and frames in all after every frame.

    Returns:
        The folder.

    Raises:
        PhantomError: An argument is out of range (``phantom-argument``), or the folder is not
            empty or cannot be written (``phantom-target``).
    """
    target = Path(directory)
    if count < 1:
        raise PhantomError("phantom-argument", f"count is {count}; it must be at least 1")
    with _whole_folder(target) as scratch:
        _fill(scratch, _cines(count, seed, frames, fps, size), count * frames, progress)
    return target


@contextmanager
def _whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `target` when the block ends well, and else goes."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise PhantomError(
            "phantom-target", f"{target} exists and is not an empty folder; name a new one"
        )
    # beside the target, since a rename is atomic within one file system alone
    scratch = target.absolute().parent / f".{target.name}.partial-{os.getpid()}"
    try:
        scratch.mkdir()
    except OSError as error:
        raise PhantomError("phantom-target", f"cannot write beside {target}: {error}") from error
    try:
        yield scratch
        os.replace(scratch, target)
    except OSError as error:
        raise PhantomError("phantom-target", f"cannot write {target}: {error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _cines(
    count: int, seed: int, frames: int, fps: float, size: tuple[int, int]
) -> Iterator[tuple[str, int, PhantomFrame]]:
    """Yield (group, index in the cine, frame)."""
    for number in range(count):
        label = LABELS[number % len(LABELS)]
        cine = phantom_cine(label, seed + number, frames, fps, height=size[0], width=size[1])
        for index, frame in enumerate(cine):
            yield f"{label}_{seed + number:06d}", index, frame


def _fill(
    folder: Path,
    cines: Iterator[tuple[str, int, PhantomFrame]],
    total: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    from PIL import Image  # the phantom itself needs NumPy alone

    from export.data.phantom.structures import write_structures

    truths: dict[str, Any] = {}
    marked: dict[str, PhantomFrame] = {}
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["file", "label", "group", "timestamp_us"])
        for done, (group, index, frame) in enumerate(cines, start=1):
            name = f"{group}_{index:04d}.png"
            Image.fromarray(frame.pixels).save(folder / name)
            table.writerow([name, frame.label, group, frame.timestamp_us])
            truths[name] = frame.truth.to_dict()
            marked[Path(name).stem] = frame
            if progress is not None:
                progress(done, total)
    document = {"format": TRUTH_FORMAT, "synthetic": True, "frames": truths}
    text = json.dumps(document, indent=1, allow_nan=False)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
    write_structures(folder / "structures.json", marked)

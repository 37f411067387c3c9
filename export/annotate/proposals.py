"""The work file between steps: which frames are judged, in which order, and what was proposed."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from export.annotate.propose import propose
from export.data.dataset import FrameRecord
from export.data.frames import read_greys
from export.data.shapes import Shape
from export.display import Progress, quiet
from export.errors import ExportError
from export.files import atomic_write

PROPOSALS = "proposals.json"


class Proposed(Struct, frozen=True):
    """One frame to judge, with what was found on it, the best first."""

    id: str
    file: str
    height_share: float
    shapes: tuple[Shape, ...]


class Work(Struct, frozen=True):
    """Frames to judge for one structure, in the order of the sheets."""

    dataset: str
    structure: str
    frames: tuple[Proposed, ...]


def propose_all(
    records: Sequence[FrameRecord], dataset: str, structure: str, progress: Progress = quiet
) -> Work:
    """Return proposals for every record of `dataset` that is labelled `structure`, but for tests.

    Frames of the test set are left alone: they are for results.

    Raises:
        ExportError: `annotation-none` when there is no such frame.
    """
    chosen = [
        r
        for r in records
        if r.dataset == dataset and r.label == structure and r.split not in ("test", "external")
    ]
    if not chosen:
        raise ExportError(
            "annotation-none",
            f"no frame of {dataset!r} is labelled {structure!r} outside the test set; the table "
            f"has {sorted({(r.dataset, r.label) for r in records})}",
        )
    frames = []
    for done, (record, grey) in enumerate(zip(chosen, read_greys(chosen), strict=True), start=1):
        share = grey.shape[0] / grey.shape[1]
        frames.append(Proposed(record.id, str(record.path), share, tuple(propose(structure, grey))))
        progress(done, len(chosen))
    return Work(dataset, structure, tuple(frames))


def write_work(folder: Path, work: Work) -> None:
    """Keep the work file."""
    with atomic_write(folder / PROPOSALS) as unfinished:
        unfinished.write_bytes(msgspec.json.encode(work))


def read_work(folder: Path) -> Work:
    """Read the work file.

    Raises:
        ExportError: `annotation-file`.
    """
    try:
        return msgspec.json.decode((folder / PROPOSALS).read_bytes(), type=Work)
    except (OSError, msgspec.DecodeError) as error:
        raise ExportError(
            "annotation-file", f"{folder / PROPOSALS}: {error}; run `annotate propose` first"
        ) from error

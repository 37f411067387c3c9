"""Run folders: what lies where in them, which settings and data they belong to, their sources."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import torch
from torch import nn

from export.data.dataset import FrameRecord
from export.data.frames import read_frames
from export.display import Progress, quiet
from export.errors import ExportError
from export.files import atomic_write, file_sha256, is_file, write_text
from export.parallel import leader_first, leader_only
from export.recipe.settings import PLAIN
from export.sources import sources

STUDENT_WEIGHTS = "weights.pt"  # in a student's folder
TEACHER_SHA256 = "teacher.sha256"  # beside them: whose outputs it learned from


def teacher_weights(folder: Path, name: str = PLAIN) -> Path:
    """Return where a finished teacher's weights are kept."""
    return folder / ("teacher-weights.pt" if name == PLAIN else f"teacher-{name}-weights.pt")


def student_folder(folder: Path, objective: str, seed: int) -> Path:
    """Return the folder of one student's run."""
    return folder / f"student-{objective}-{seed}"


@leader_first
def claim(weights: Path, digest: str) -> None:
    """Note beside `weights` which settings they come from, or refuse those of others.

    Raises:
        ExportError: `run-recipe` when the folder holds a run of other settings.
    """
    note = weights.with_suffix(".recipe")
    if note.exists():
        owner = note.read_text(encoding="utf-8").strip()
        if owner != digest:
            raise ExportError(
                "run-recipe",
                f"{weights} belongs to settings {owner[:12]}, the recipe now has {digest[:12]}; "
                "choose another --out, or delete that run",
            )
        return
    if weights.exists():
        raise ExportError("run-recipe", f"{weights} does not say by which settings; delete it")
    write_text(note, digest + "\n")


@leader_first
def claim_data(out: Path, records: Sequence[FrameRecord], progress: Progress = quiet) -> None:
    """Note in the runs folder which frames it learns from, or refuse others.

    What is noted is `frames_digest`. The first time every frame is decoded, so that a damaged one
    is found before training and not after it.

    Raises:
        ExportError: `run-data` when the folder's runs are of other frames, `frame-unreadable` for
            one that can't be decoded.
    """
    digest = frames_digest(records)
    note = out / "data.sha256"
    if not note.exists():
        for done, _ in enumerate(read_frames(records), start=1):
            progress(done, len(records))
        write_text(note, digest + "\n")
    elif note.read_text(encoding="utf-8").strip() != digest:
        raise ExportError(
            "run-data",
            f"the runs in {out} learned from other frames, labels or groups than the data folder "
            "now has; choose another --out, or delete that folder",
        )


@leader_first
def claim_alterations(out: Path, whose: str, rows: Sequence[FrameRecord]) -> None:
    """Note in the runs folder how frames are altered for `whose` bank, or refuse another way.

    Where structures are marked stands in files of their own, which no recipe's digest holds.

    Raises:
        ExportError: `run-data` when the folder's runs learned from other alterations.
    """
    altered = [(r.id, str(r.alteration)) for r in rows if r.alteration is not None]
    if not altered:
        return
    digest = hashlib.sha256(json.dumps(altered).encode()).hexdigest()
    note = out / f"alterations-{whose}.sha256"
    if not note.exists():
        write_text(note, digest + "\n")
    elif note.read_text(encoding="utf-8").strip() != digest:
        raise ExportError(
            "run-data",
            f"the runs in {out} learned from frames whose structures were marked elsewhere than "
            "they are now; choose another --out, or delete that folder",
        )


def frames_digest(records: Sequence[FrameRecord]) -> str:
    """Return the SHA-256 of frames: of what the table says of each, and of its files' bytes.

    The order counts, as views are drawn in it; where the folder lies does not.

    Raises:
        ExportError: `frame-unreadable` for a file that can't be read.
    """
    # the frames of one clip share its file
    digest_of = cache(file_sha256)
    try:
        rows = [_row(record, digest_of) for record in records]
    except OSError as error:
        raise ExportError("frame-unreadable", f"{error.filename}: {error.strerror}") from error
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _row(record: FrameRecord, digest_of: Callable[[Path], str]) -> tuple[object, ...]:
    r = record
    watched: tuple[object, ...] = ()
    if r.gaze is not None:  # one that isn't there is refused by what reads it
        recording = digest_of(r.gaze) if is_file(r.gaze) else None
        watched = (recording, r.shown_us, r.gaze_offset_us)
    return (r.id, r.label, r.group, r.dataset, r.machine, r.frame, digest_of(r.path), watched)


@leader_first
def claim_teacher(run: Path, sha256: str) -> None:
    """Note in a student's folder which teacher it learns from, or refuse another one.

    Raises:
        ExportError: `weights-hash`.
    """
    note = run / TEACHER_SHA256
    if not note.exists():
        write_text(note, sha256 + "\n")
        return
    noted = note.read_text(encoding="utf-8").strip()
    if noted != sha256:
        raise ExportError(
            "weights-hash",
            f"the student in {run} learned from the teacher {noted[:12]}; the runs folder now has "
            f"{sha256[:12]}: put that teacher's weights back, or delete the student's folder",
        )


@leader_only
def note_sources(weights: Path) -> None:
    """Note beside `weights` which sources train them: each that had a part in it, once."""
    note = weights.with_suffix(".sources")
    before = note.read_text(encoding="utf-8").splitlines() if note.exists() else []
    now = sources()
    if now not in before:
        write_text(note, "\n".join([*before, now]) + "\n")


def sources_of(weights: Path) -> list[str]:
    """Return which sources trained `weights`; `unknown` where no note names them."""
    note = weights.with_suffix(".sources")
    return note.read_text(encoding="utf-8").splitlines() if note.exists() else ["unknown"]


@leader_only
def save_weights(model: nn.Module, path: Path) -> None:
    """Write a module's weights: temporary file, then rename."""
    with atomic_write(path) as unfinished:
        torch.save(model.state_dict(), unfinished)

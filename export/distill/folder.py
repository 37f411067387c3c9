"""The folder of a run: whose it is, and weights written whole."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from export.data.dataset import FrameRecord
from export.errors import ExportError
from export.files import whole, write_text
from export.parallel import leader_first, leader_only

Report = Callable[[int, dict[str, float]], None]
Progress = Callable[[int, int], None]


def quiet(done: int, total: int) -> None:
    """Report nothing."""


@leader_first
def claim(weights: Path, digest: str) -> None:
    """Note beside `weights` which settings they come from, or refuse those of others.

    Raises:
        ExportError: `run-recipe` when the folder holds a run of other settings.
    """
    note = weights.with_suffix(".recipe")
    if note.exists():
        found = note.read_text(encoding="utf-8").strip()
        if found != digest:
            raise ExportError(
                "run-recipe",
                f"{weights} belongs to settings {found[:12]}, the recipe now has {digest[:12]}; "
                "choose another --out, or delete that run",
            )
        return
    if weights.exists():
        raise ExportError("run-recipe", f"{weights} does not say by which settings; delete it")
    write_text(note, digest + "\n")


@leader_first
def claim_data(out: Path, records: Sequence[FrameRecord]) -> None:
    """Note in the runs folder which frames it learns from, or refuse others.

    What is noted is the digest of every frame's name, label, group, recording and file size.

    Raises:
        ExportError: `run-data` when the folder's runs are of other frames.
    """
    rows = [
        (r.id, r.label, r.group, r.dataset, r.machine, r.frame, r.path.stat().st_size,
         r.gaze.name if r.gaze else "", r.shown_us, r.gaze_offset_us)
        for r in records
    ]  # fmt: skip
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    note = out / "data.sha256"
    if not note.exists():
        write_text(note, digest + "\n")
    elif note.read_text(encoding="utf-8").strip() != digest:
        raise ExportError(
            "run-data",
            f"the runs in {out} learned from other frames, labels or groups than the data folder "
            "now has; choose another --out, or delete that folder",
        )


@leader_only
def save_weights(model: nn.Module, path: Path) -> None:
    """Write a module's weights: temporary file, then rename."""
    with whole(path) as unfinished:
        torch.save(model.state_dict(), unfinished)

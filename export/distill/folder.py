"""The folder of a run: whose it is, and weights written whole."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

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


@leader_only
def save_weights(model: nn.Module, path: Path) -> None:
    """Write a module's weights: temporary file, then rename."""
    with whole(path) as unfinished:
        torch.save(model.state_dict(), unfinished)

"""What a teacher knew, kept small: its logits on every evaluation frame, by frame id.

A fresh clone has no teacher's checkpoint. Quality of a teacher, and agreement with it, come from
these committed logits; the file names the checkpoint by its hash and the recipe by its own.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from export.data.dataset import FrameRecord
from export.files import file_sha256, write_text
from export.models.committee import Committee
from export.models.teacher import Teacher
from export.recipe.digests import teacher_digest
from export.recipe.settings import PLAIN, Recipe

_DECIMALS = 3


@torch.no_grad()
def teacher_logits(
    teacher: Teacher | Committee,
    tensors: np.ndarray,
    gaze: np.ndarray | None = None,
    batch: int = 32,
) -> np.ndarray:
    """Return logits (N, classes) of input tensors (N, 1, height, width), in float32.

    `gaze` (N, h, w) lies over the tensors, for a teacher that takes it.
    """
    parts = []
    for start in range(0, len(tensors), batch):
        chosen = slice(start, start + batch)
        looked = None if gaze is None else torch.from_numpy(gaze[chosen].astype(np.float32))
        parts.append(teacher(torch.from_numpy(tensors[chosen]), looked).numpy())
    return np.concatenate(parts)


def write_evidence(
    recipe: Recipe,
    teacher: Teacher | Committee,
    weights: Path,
    records: Sequence[FrameRecord],
    logits: np.ndarray,
    path: Path,
) -> None:
    """Write the evidence as JSON: logits rounded to 0.001, keyed by frame id."""
    story = {
        "format_version": 1,
        "command": f"sonogaze-export teacher --recipe {recipe.name} --evidence",
        "recipe": recipe.name,
        "teacher_recipe_sha256": teacher_digest(recipe, PLAIN),
        "teacher_sha256": file_sha256(weights),
        "parameters": sum(p.numel() for p in teacher.parameters()),
        "labels": list(recipe.labels),
        "logits": {
            record.id: [round(float(v), _DECIMALS) for v in row]
            for record, row in zip(records, logits, strict=True)
        },
    }
    lines = json.dumps(story, indent=None).replace('], "', '],\n"')
    write_text(path, lines + "\n")

"""A teacher's logits on every evaluation frame, by frame id: what stays when its weights don't.

A fresh clone has no teacher's checkpoint. Quality of a teacher, and agreement with it, come from
these committed logits; the file names the checkpoint by its hash and the recipe by its own.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.data.dataset import FrameRecord
from export.distill import pipeline
from export.distill.inputs import tensors
from export.evaluation import guarded, log_evaluation, score
from export.evidence.known import EVIDENCE, read_evidence
from export.files import file_sha256, write_text
from export.models.committee import Committee
from export.models.teacher import Teacher
from export.recipe.digests import teacher_digest
from export.recipe.settings import PLAIN, Recipe
from export.workspace import Workspace

_DECIMALS = 3


@torch.no_grad()
def teacher_logits(
    teacher: Teacher | Committee,
    inputs: np.ndarray,
    gaze: np.ndarray | None = None,
    batch: int = 32,
) -> np.ndarray:
    """Return logits (N, classes) of inputs (N, 1, height, width), in float32.

    `gaze` (N, h, w) lies over the inputs, for a teacher that takes it.
    """
    parts = []
    for start in range(0, len(inputs), batch):
        chosen = slice(start, start + batch)
        maps = None if gaze is None else torch.from_numpy(gaze[chosen].astype(np.float32))
        parts.append(teacher(torch.from_numpy(inputs[chosen]), maps).numpy())
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


def record_evidence(workspace: Workspace) -> dict[str, Any]:
    """Write the teacher's logits on every evaluation frame into the folder; return its scores.

    What the repository has committed of another teacher (`EVIDENCE`) stays as it is.
    """
    recipe, step = workspace.recipe, "teacher's evaluation"
    model, weights = pipeline.teacher(workspace), workspace.teacher_weights()
    frames = [record for part in workspace.parts.values() for record in part]
    workspace.show(step, 0, 1, "")
    logits = teacher_logits(model, tensors(frames, recipe.preprocessing))
    path = workspace.folder / EVIDENCE.name
    write_evidence(recipe, model, weights, frames, logits, path)
    workspace.show(step, 1, 1, "")
    known = read_evidence(path)
    scores: dict[str, Any] = {}
    for part, records in workspace.parts.items():
        scores[part] = score(known.of(records), records, labels=recipe.labels)
        if guarded(part, records):
            log_evaluation(part, f"teacher {recipe.name}", scores[part]["accuracy"])
    return scores

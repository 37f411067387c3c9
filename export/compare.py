"""What each loss adds: students of several seeds on identical views, paired by patient."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.data.dataset import FrameRecord, data_root, load_records
from export.display import Show, silent
from export.evaluation import guarded, log_look, patient_bootstrap, score, truth_of
from export.models.student import folded_parameters
from export.recipe import load_recipe
from export.release import torch_logits
from export.steps import distill, scored_parts, tensors

Logits = dict[str, np.ndarray]  # by part, (frames, classes)


def compare_losses(
    recipe_name: str, out: Path, seeds: int, names: Sequence[str] = (), show: Show = silent
) -> dict[str, Any]:
    """Train a student by each losses over seeds 1 to `seeds`; compare their scores.

    `names` are the losses to compare, the first being what the others are held against; all of
    the recipe's where none is named.

    One JSON and the logits are kept a run, so that it can be done in pieces. Returns (and writes
    to `out/compare.json`) each run's scores, each losses' mean over seeds, and the difference to
    the first losses with a patient bootstrap, paired by frame.
    """
    recipe = load_recipe(recipe_name)
    parts = scored_parts(load_records(data_root(), recipe.labels))
    inputs = {part: tensors(found, recipe.preprocessing) for part, found in parts.items()}
    logits: dict[str, list[Logits]] = {losses: [] for losses in names or recipe.losses}
    for seed in range(1, seeds + 1):
        for losses in logits:
            logits[losses].append(_run(recipe_name, out, losses, seed, parts, inputs, show))
    report = {
        "command": " ".join(
            [f"sonogaze-export compare --recipe {recipe_name} --seeds {seeds}"]
            + [f"--losses {name}" for name in names]
        ),
        "recipe": recipe.name,
        "recipe_sha256": recipe.digest,
        "seeds": seeds,
        "parts": {
            part: _table(
                records,
                recipe.labels,
                {name: [run[part] for run in logits[name]] for name in logits},
            )
            for part, records in parts.items()
        },
    }
    (out / "compare.json").write_text(json.dumps(report, indent=2) + "\n")
    return report


def _run(
    recipe_name: str,
    out: Path,
    losses: str,
    seed: int,
    parts: dict[str, list[FrameRecord]],
    inputs: dict[str, np.ndarray],
    show: Show,
) -> Logits:
    """Return one student's logits by part: trained, scored and logged, or read where done."""
    recipe = load_recipe(recipe_name)
    folder = out / f"student-{losses}-{seed}"
    kept = folder / "logits.npz"
    if kept.exists():
        with np.load(kept) as file:
            return {part: file[part] for part in parts}
    started = time.monotonic()
    student = distill(recipe_name, out, losses, seed, show)
    seconds = time.monotonic() - started
    logits = {part: torch_logits(student, found) for part, found in inputs.items()}
    result: dict[str, Any] = {
        "recipe_sha256": recipe.digest,
        "losses": losses,
        "seed": seed,
        "parameters": folded_parameters(student),
        "seconds_here": round(seconds, 1),
        "scores": {
            part: score(logits[part], records, labels=recipe.labels)
            for part, records in parts.items()
        },
    }
    (folder / "scores.json").write_text(json.dumps(result, indent=2))
    for part, records in parts.items():
        if guarded(part, records):
            what = f"student {recipe.name} {losses} seed {seed}, comparison of losses"
            log_look(part, what, result["scores"][part]["accuracy"])
    np.savez(kept, **logits)
    return logits


def _table(
    records: Sequence[FrameRecord], labels: Sequence[str], logits: dict[str, list[np.ndarray]]
) -> dict[str, dict[str, Any]]:
    """Compare losses on one part: accuracies by seed, their mean, and the paired difference."""
    truth = truth_of(records, labels)
    right = {
        name: np.mean([run.argmax(axis=1) == truth for run in runs], axis=0)
        for name, runs in logits.items()
    }
    groups = [r.group for r in records]
    first = next(iter(right))
    table: dict[str, dict[str, Any]] = {}
    for name, share in right.items():
        gain = share - right[first]
        table[name] = {
            "accuracy_by_seed": [
                float((run.argmax(axis=1) == truth).mean()) for run in logits[name]
            ],
            "accuracy": float(share.mean()),
            "accuracy_95": list(patient_bootstrap(_mean_of(share), groups)),
            f"gain_over_{first}": float(gain.mean()),
            f"gain_over_{first}_95": list(patient_bootstrap(_mean_of(gain), groups)),
        }
    return table


def _mean_of(values: np.ndarray) -> Any:
    return lambda chosen: float(values[chosen].mean())

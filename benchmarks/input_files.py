"""The .npy files that the harness writes and fresh processes read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.frames import SCREEN
from benchmarks.record.jobs import FrameShape, Recipe
from benchmarks.subjects.prepare import tensors_of
from benchmarks.subjects.spec import Subject


@dataclass(frozen=True)
class Files:
    """What the harness prepared in ``folder``; ``screens`` are of this shape."""

    folder: Path
    screens: FrameShape = SCREEN

    @property
    def ring(self) -> Path:
        """The ring of screens."""
        return self.folder / "ring.npy"

    @property
    def screen(self) -> Path:
        """One of the screens alone."""
        return self.folder / "screen.npy"

    def tensor(self, recipe: Recipe) -> Path:
        """One frame through a subject's preprocessing."""
        return self.folder / f"tensor-{_digest(recipe)}.npy"

    def tensors(self, recipe: Recipe) -> Path:
        """All sample frames through a subject's preprocessing."""
        return self.folder / f"tensors-{_digest(recipe)}.npy"


def _digest(recipe: Recipe) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]


def write_inputs(
    files: Files, ring: np.ndarray, samples: list[np.ndarray], subjects: Sequence[Subject]
) -> None:
    """Write the ring, a screen, and tensors of each subject's own recipe."""
    np.save(files.ring, ring)
    np.save(files.screen, ring[0])
    for subject in subjects:
        recipe = subject.recipe
        if not files.tensors(recipe).exists():
            tensors = tensors_of(samples, recipe)
            np.save(files.tensors(recipe), tensors)
            np.save(files.tensor(recipe), tensors[:1])

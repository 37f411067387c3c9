"""Reading what `ablate` left in a folder."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export.errors import ExportError


def read_story(path: Path, needed: Sequence[str]) -> dict[str, Any]:
    """Return a JSON object of an ablation that has at least the `needed` entries.

    Raises:
        ExportError: `run-unscored` when it is missing, damaged, or of an older format.
    """
    folder = path.parent.parent if path.name == "scores.json" else path.parent  # a run's, of many
    again = f"run `sonogaze-export ablate --recipe RECIPE -o {folder}` (again), with its recipe"
    try:
        story = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError("run-unscored", f"{path} cannot be read ({error}); {again}") from error
    missing = [name for name in needed if not isinstance(story, dict) or name not in story]
    if missing:
        raise ExportError("run-unscored", f"{path} lacks {missing}; {again}")
    return dict(story)


def margins(scores: Sequence[dict[str, Any]]) -> list[list[float]]:
    """Return how far intervals reach below and above accuracies, in points; NaN where unknown."""
    lows, highs = [], []
    for score in scores:
        low, high = score["accuracy_95"]
        lows.append(math.nan if low is None else max(0.0, 100 * (score["accuracy"] - low)))
        highs.append(math.nan if high is None else max(0.0, 100 * (high - score["accuracy"])))
    return [lows, highs]

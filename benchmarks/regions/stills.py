"""`python -m benchmarks.regions.stills -o FILE`: how many stills are taken for a scanner's screen.

The screen check must not fire on an image that is cut to the image. Only groups for training and
validation are read, since the check's bounds were chosen on them; the parts that are guarded
(`export.evaluation`) are left alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

import sdk
from export.data.dataset import FrameRecord, find_data_root, load_records
from sdk.quality import SCREEN_WITHOUT_REGION

_OPEN = ("train", "val", "transfer")


def open_stills(datasets: Sequence[str]) -> list[FrameRecord]:
    """Return the stills of these sets whose groups no report is made on; none without data."""
    root = find_data_root()
    if root is None:
        return []
    records = load_records(root, None)
    return [r for r in records if r.dataset in datasets and r.split in _OPEN]


def main(
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON file to write.")],
    most: Annotated[int, typer.Option(help="Stills of each set at most.", min=1)] = 10_000,
) -> None:
    """Count stills that are taken for a screen."""
    stills: Counter[str] = Counter()
    screens: Counter[str] = Counter()
    for name in ("fetal_planes_db", "hc18", "not_fetal"):
        for record in open_stills((name,))[:most]:
            kind = name if name != "not_fetal" else f"{name}/{record.fine}"
            grey = np.asarray(cv2.imread(str(record.path), cv2.IMREAD_GRAYSCALE), np.uint8)
            stills[kind] += 1
            screens[kind] += SCREEN_WITHOUT_REGION in sdk.classify(grey).reasons
    table = {kind: [screens[kind], count] for kind, count in sorted(stills.items())}
    document = {"command": "python -m benchmarks.regions.stills", "screens among stills": table}
    output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)

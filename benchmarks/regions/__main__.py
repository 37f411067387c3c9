"""`python -m benchmarks.regions -o FILE`: measure `sdk.find_region` on composed screens.

Real frames are those of groups for training and validation (`SONOGAZE_DATA`, or `../shared/data`);
without data, the phantom's. Writes one JSON file: shares of screens found right on the layouts of
design and on those held out, screens without an image, and what the default student says of the
screens whole, with the found region, and with the true one.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import cv2
import numpy as np
import typer

import sdk
from benchmarks.regions.compose import Screen, compose
from benchmarks.regions.held_out import HELD_OUT, HELD_OUT_EMPTY
from benchmarks.regions.images import Grey
from benchmarks.regions.layouts import EMPTY, LAYOUTS, Layout
from benchmarks.regions.score import score_screen
from benchmarks.regions.second_held_out import SECOND_HELD_OUT, SECOND_HELD_OUT_EMPTY
from benchmarks.regions.stills import open_stills
from sdk.quality import SCREEN_WITHOUT_REGION
from sdk.region import find_regions

_SETS = {
    "design": (LAYOUTS, EMPTY, 1),
    "held out": (HELD_OUT, HELD_OUT_EMPTY, 2),
    "second held out": (SECOND_HELD_OUT, SECOND_HELD_OUT_EMPTY, 3),
}
_EMPTY_SCREENS = 40


def main(
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON file to write.")],
    screens: Annotated[int, typer.Option(help="Screens of each set.", min=1)] = 200,
) -> None:
    """Measure find_region on composed screens."""
    frames = _frames()
    document: dict[str, Any] = {
        "command": f"python -m benchmarks.regions --screens {screens}",
        "frames": frames.source,
    }
    for name, (layouts, empty, seed) in _SETS.items():
        document[name] = _measure(layouts, empty, frames, seed, screens)
        typer.echo(f"{name}: {document[name]['right']} of {screens} right")
    output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


class _Frames:
    """Frames with their labels, drawn by chance."""

    def __init__(self, source: str, frames: list[tuple[str, str | Grey]]) -> None:
        self.source = source
        self._frames = frames

    def draw(self, rng: np.random.Generator) -> tuple[str, Grey]:
        """Return a label and the grey of a frame."""
        label, frame = self._frames[int(rng.integers(len(self._frames)))]
        if isinstance(frame, str):
            return label, np.asarray(cv2.imread(frame, cv2.IMREAD_GRAYSCALE), np.uint8)
        return label, frame


def _frames() -> _Frames:
    records = open_stills(("fetal_planes_db", "hc18"))
    if not records:
        from export.data.phantom import LABELS, phantom_frame

        made = [phantom_frame(label, seed) for label in LABELS for seed in range(8)]
        return _Frames("phantom", [(frame.label, frame.pixels) for frame in made])
    drawn: list[tuple[str, str | Grey]] = [(r.label, str(r.path)) for r in records]
    return _Frames("fetal_planes_db, hc18: no test groups", drawn)


def _measure(
    layouts: tuple[Layout, ...], empty: tuple[Layout, ...], frames: _Frames, seed: int, count: int
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    tally: Counter[str] = Counter()
    by_shape: dict[str, list[bool]] = {}
    by_layout: dict[str, list[bool]] = {}
    confidence: dict[bool, list[float]] = {True: [], False: []}
    times: list[float] = []
    for i in range(count):
        layout = layouts[i % len(layouts)]
        drawn = [frames.draw(rng) for _ in range(max(1, len(layout.panes)))]
        screen = compose(layout, [grey for _, grey in drawn], rng)
        frame = sdk.Frame.from_array(screen.rgb, format="RGB24")
        start = perf_counter()
        found = find_regions(frame)
        times.append((perf_counter() - start) * 1e3)
        scores = score_screen(screen, found)
        right = all(score.right for score in scores) and len(found) == len(screen.panes)
        tally["right"] += right
        tally["another number of panes"] += len(found) != len(screen.panes)
        by_layout.setdefault(layout.name, []).append(right)
        for pane, score in zip(screen.panes, scores, strict=True):
            by_shape.setdefault(pane.shape, []).append(score.right)
        if found:
            confidence[right].append(found[0].confidence)
        if len(screen.panes) == 1:
            _classify(tally, frame, screen, found, drawn[0][0])
    blank = [compose(empty[i % len(empty)], [], rng) for i in range(_EMPTY_SCREENS)]
    silent = sum(not find_regions(sdk.Frame.from_array(s.rgb, format="RGB24")) for s in blank)
    return {
        "screens": count,
        "right": tally["right"],
        "another number of panes": tally["another number of panes"],
        "right by layout": {k: [sum(v), len(v)] for k, v in sorted(by_layout.items())},
        "panes right by shape": {k: [sum(v), len(v)] for k, v in sorted(by_shape.items())},
        "median confidence right, wrong": [
            round(statistics.median(values), 3) if values else None
            for values in (confidence[True], confidence[False])
        ],
        "median ms": round(statistics.median(times), 2),
        "screens without an image": _EMPTY_SCREENS,
        "of these nothing found": silent,
        "single panes": {k: v for k, v in sorted(tally.items()) if k.startswith("student")},
    }


def _classify(
    tally: Counter[str], frame: sdk.Frame, screen: Screen, found: tuple[sdk.Region, ...], label: str
) -> None:
    true = screen.panes[0].region
    ways = {"whole": None, "found": found[0] if found else None, "true": true}
    for way, region in ways.items():
        result = sdk.classify(frame.with_region(region))
        tally[f"student, {way}: screens"] += 1
        tally[f"student, {way}: accepted"] += result.decision == "accept"
        tally[f"student, {way}: accepted and right"] += result.label == label
        shares = result.probabilities or {}
        best = max(shares, key=lambda name: shares[name], default=None)
        tally[f"student, {way}: most probable right"] += best == label
        if region is None:
            tally["student, whole: said to be a screen"] += SCREEN_WITHOUT_REGION in result.reasons


if __name__ == "__main__":
    typer.run(main)

"""`python -m benchmarks.regions.clips CLIP… -o FILE`: what `RegionTracker` finds in real clips.

Writes one JSON file, and by `--sheet` a picture to look at: a tile a clip with its middle frame and
the region's outline, green where it is a sector, yellow where it is a rectangle, and the window
that cuts a sector in blue. Pictures count as clips of one frame.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

import sdk
from benchmarks.regions.images import inside
from sdk.region_tracker import RegionTracker

Color = NDArray[np.uint8]

_MOST_FRAMES = 120
_SETTLED = 22  # frames, by when what moves is known
_TILE = 420  # pixels
_COLUMNS = 5


@dataclass(frozen=True)
class Followed:
    """A clip and the region of each of its frames, up to the 120th."""

    name: str
    frames: list[Color]
    regions: list[sdk.Region | None]
    searches: int

    def record(self) -> dict[str, Any]:
        """Return what the JSON file holds of it."""
        first, last = self.regions[0], self.regions[-1]
        settled = self.regions[_SETTLED:]
        return {
            "frames": len(self.frames),
            "searches": self.searches,
            "regions after the 22nd": len({(r.numbers, r.clip) for r in settled if r}),
            "first to last overlap": round(self._overlap(first, last), 3),
            "region": None if last is None else last.to_dict(),
        }

    def _overlap(self, one: sdk.Region | None, other: sdk.Region | None) -> float:
        if one is None or other is None:
            return float(one is other)
        height, width = self.frames[0].shape[:2]
        a, b = inside(one, width, height), inside(other, width, height)
        return int(np.count_nonzero(a & b)) / max(int(np.count_nonzero(a | b)), 1)

    def tile(self) -> Color:
        """Return the middle frame with the last region, as a square."""
        shown, region = self.frames[len(self.frames) // 2].copy(), self.regions[-1]
        if region is not None:
            _outline(shown, region)
        scale = _TILE / max(shown.shape[:2])
        small = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        tile = np.zeros((_TILE, _TILE, 3), np.uint8)
        tile[: small.shape[0], : small.shape[1]] = small
        at, font = (4, _TILE - 6), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(tile, self.name[:48], at, font, 0.4, (255, 255, 255), 1)
        return tile


def main(
    clips: Annotated[list[Path], typer.Argument(help="Videos or pictures.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON file to write.")],
    sheet: Annotated[Path | None, typer.Option(help="PNG file to write.")] = None,
) -> None:
    """Follow the region through clips."""
    followed = [_follow(clip) for clip in clips]
    document: dict[str, Any] = {
        "command": "python -m benchmarks.regions.clips ../shared/data/video/*"
    }
    document |= {clip.name: clip.record() for clip in followed}
    output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if sheet is None:
        return
    tiles = [clip.tile() for clip in followed]
    tiles += [np.zeros((_TILE, _TILE, 3), np.uint8)] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)]
    if not cv2.imwrite(str(sheet), np.vstack(rows)):
        raise typer.BadParameter(f"{sheet} can't be written")


def _follow(clip: Path) -> Followed:
    reader = cv2.VideoCapture(str(clip))
    frames: list[Color] = []
    while len(frames) < _MOST_FRAMES:
        there, frame = reader.read()
        if not there:
            break
        frames.append(np.asarray(frame, np.uint8))
    if not frames:
        raise typer.BadParameter(f"{clip} holds no frame that can be read")
    tracker = RegionTracker()
    regions = [tracker.update(sdk.Frame.from_array(f, format="BGR24")) for f in frames]
    return Followed(clip.name, frames, regions, tracker.searches)


def _outline(shown: Color, region: sdk.Region) -> None:
    height, width = shown.shape[:2]
    thick = max(1, max(height, width) // 300)
    mask = inside(region, width, height).astype(np.uint8)
    lines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, lines, -1, _SECTOR if region.kind == "sector" else _RECTANGLE, thick)
    if region.clip is not None:
        x, y, columns, rows = region.clip
        cv2.rectangle(shown, (x, y), (x + columns, y + rows), _WINDOW, thick)


_SECTOR, _RECTANGLE, _WINDOW = (60, 220, 60), (40, 220, 240), (240, 140, 40)  # BGR

if __name__ == "__main__":
    typer.run(main)

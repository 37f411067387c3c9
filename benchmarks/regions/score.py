"""How well found regions cover the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.regions.compose import Screen, TruePane
from benchmarks.regions.images import Mask, inside
from sdk import Region

COVERED = 0.95
SPILLED = 0.05


@dataclass(frozen=True)
class Score:
    """Of one pane.

    Attributes:
        covered: share of the image's pixels that the region holds.
        spilled: share of the region's pixels that lie outside the image.
    """

    covered: float
    spilled: float

    @property
    def right(self) -> bool:
        """Whether the region holds at least 95 % of the image and at most 5 % else."""
        return self.covered >= COVERED and self.spilled <= SPILLED


def score_screen(screen: Screen, found: Sequence[Region]) -> list[Score]:
    """Score each true pane by the found region that suits it best."""
    height, width = screen.rgb.shape[:2]
    masks = [inside(region, width, height) for region in found]
    return [_best(pane, masks) for pane in screen.panes]


def _best(pane: TruePane, masks: Sequence[Mask]) -> Score:
    best = Score(0.0, 1.0)
    for mask in masks:
        covered = np.count_nonzero(mask & pane.mask) / np.count_nonzero(pane.mask)
        spilled = np.count_nonzero(mask & ~pane.mask) / (int(np.count_nonzero(mask)) or 1)
        if covered - spilled > best.covered - best.spilled:
            best = Score(float(covered), float(spilled))
    return best

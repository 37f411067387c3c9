"""What the simulated observer's gaze leaves on a still frame: one map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from export.gaze.display import Display, Placement
from export.gaze.interest import still
from export.gaze.maps import Maps, MapSettings, gaze_maps
from export.gaze.simulate import PointLike, simulate_gaze
from export.recipe.constants import PREDICTED_GAZE

GRID = PREDICTED_GAZE.grid
DISPLAY = Display(
    *PREDICTED_GAZE.display_px,
    pixel_pitch_mm=PREDICTED_GAZE.pixel_pitch_mm,
    viewing_distance_mm=PREDICTED_GAZE.viewing_distance_mm,
)
_SETTINGS = MapSettings(*GRID, before_us=1, after_us=round(PREDICTED_GAZE.look_s * 1e6))


def map_of_a_look(points: Sequence[PointLike], width: int, height: int, seed: int) -> Maps:
    """Return where a simulated observer of `points` looked, `(18, 24)` float32, summing to 1.

    Args:
        points: of interest, in pixels of a frame of `width` x `height`.
        width: of the frame.
        height: of the frame, which fills the display as far as its aspect allows.
        seed: at least 0; the same arguments give the same map.
    """
    placement = Placement.letterboxed(width, height, 0, 0, DISPLAY.width_px, DISPLAY.height_px)
    samples = simulate_gaze(
        still(points), DISPLAY, placement, duration_s=PREDICTED_GAZE.look_s, seed=seed
    )
    start = np.zeros(1, dtype=np.int64)
    looked: Maps = gaze_maps(samples, DISPLAY, placement, start, _SETTINGS).maps[0]
    return looked

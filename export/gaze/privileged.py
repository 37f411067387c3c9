"""Gaze as privileged information: maps of frames, controlled, and carried onto their views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from export.data.dataset import FrameRecord
from export.data.frames import read_frames
from export.data.view_bank import ViewBank
from export.gaze.controls import (
    centre_prior,
    donors_among_all,
    donors_within_class,
    random_peaks,
)
from export.gaze.coverage import GazeCoverage
from export.gaze.maps import Maps
from sdk.preprocess import Preprocessing

_FINE = 4  # times finer than the map, so that a turned map loses nothing at its cells


@dataclass(frozen=True, eq=False)
class GazeOfFrames:
    """One map a frame.

    Attributes:
        maps: ``(N, height, width)`` float32 over the frame, each summing to 1, or all 0.
        simulated: True when nobody looked.
        coverage: What the maps cover, before any control.
    """

    maps: Maps
    simulated: bool
    coverage: GazeCoverage | None = None

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which frames have gaze on them, ``(N,)``."""
        return np.asarray(self.maps.any(axis=(1, 2)))


def controlled(
    gaze: GazeOfFrames, records: Sequence[FrameRecord], control: str, seed: int
) -> GazeOfFrames:
    """Return gaze of the same frames after a control took from it where each was looked at.

    Frames without gaze stay without, under every control: whether one was looked at tells of it.
    """
    if control == "none":
        return gaze
    looked_at = np.flatnonzero(gaze.covered)
    groups = [records[int(i)].group for i in looked_at]
    _, height, width = gaze.maps.shape
    maps = gaze.maps.copy()
    if control == "centre":
        maps[looked_at] = centre_prior(width, height)
    elif control == "random":
        maps[looked_at] = random_peaks(len(looked_at), width, height, seed)
    elif control == "among_all":
        maps[looked_at] = gaze.maps[looked_at[donors_among_all(groups, seed)]]
    else:
        labels = [records[int(i)].label for i in looked_at]
        maps[looked_at] = gaze.maps[looked_at[donors_within_class(labels, groups, seed)]]
    return replace(gaze, maps=maps)


def view_maps(gaze: GazeOfFrames, bank: ViewBank) -> NDArray[np.float16]:
    """Return the gaze on each view of a bank, ``(N, height, width)`` float16, each peak at 1.

    The map goes where the pixels went. Of two mixed frames, each counts by its share; where one of
    them was not looked at, or nothing of it is left on the view, the view has no gaze: zeros.
    """
    count, (height, width) = len(bank), gaze.maps.shape[1:]
    fine = _fine(gaze.maps)
    maps = np.zeros((count, height, width), dtype=np.float16)
    for view in range(count):
        owners = [int(bank.frame_index[view])]
        shares = [float(bank.share[view])]
        if bank.partner_index[view] >= 0:
            owners.append(int(bank.partner_index[view]))
            shares.append(1 - shares[0])
        total = np.zeros((height, width), dtype=np.float32)
        for owner, share, matrix in zip(owners, shares, bank.matrices[view], strict=False):
            seen = _warped(fine[owner], matrix, width, height)
            if not seen.max() > 0:
                total[:] = 0
                break
            total += share * seen / seen.sum()
        if total.max() > 0:
            maps[view] = total / total.max()
    return maps


def input_maps(gaze: GazeOfFrames, records: Sequence[FrameRecord], recipe: Preprocessing) -> Maps:
    """Return the gaze on each frame's input tensor, ``(N, height, width)`` float32, peaks at 1."""
    height, width = gaze.maps.shape[1:]
    maps = np.zeros_like(gaze.maps)
    size = np.array([recipe.width, recipe.height], dtype=np.float64)
    for index, (fine, frame) in enumerate(zip(_fine(gaze.maps), read_frames(records), strict=True)):
        x, y, *inner = recipe.inner(frame)
        matrix = np.hstack([np.diag(np.array(inner) / size), (np.array([x, y]) / size)[:, None]])
        seen = _warped(fine, matrix, width, height)
        maps[index] = seen / max(seen.max(), 1e-12)
    return maps


def _fine(maps: Maps) -> Maps:
    height, width = maps.shape[1:]
    size = (width * _FINE, height * _FINE)
    return np.stack([cv2.resize(m, size, interpolation=cv2.INTER_LINEAR) for m in maps])


def _warped(fine: Maps, matrix: NDArray[np.floating[Any]], width: int, height: int) -> Maps:
    """Carry a map over a frame onto a view's grid by a map of relative places."""
    rows, columns = fine.shape
    linear = matrix[:, :2] * np.array([[width], [height]]) / np.array([columns, rows])
    centre = np.array([0.5, 0.5])
    offset = matrix[:, 2] * np.array([width, height]) + linear @ centre - centre
    place = np.hstack([linear, offset[:, None]])
    return np.asarray(cv2.warpAffine(fine, place, (width, height), flags=cv2.INTER_LINEAR))

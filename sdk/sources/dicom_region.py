"""Which part of a DICOM ultrasound image is the picture, and how large a pixel is.

PS3.3 C.8.5.5, US Region Calibration Module: a frame may hold several regions (two panes, a Doppler
trace, an ECG). The one to classify is the 2-D tissue region; where there are several, the largest,
and of equal ones the first. A 2-D colour flow region counts when no tissue region is there. Without
one of these the whole frame is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sdk.frame import Region

_TWO_DIMENSIONAL = 1
_TISSUE, _COLOUR_FLOW = 1, 2
_CENTIMETRES = 3
_MM_PER_CM = 10.0


@dataclass(frozen=True, slots=True)
class ImageRegion:
    """The chosen region, in pixels of the frame; `pixel_size_mm` is (x, y), None when unknown."""

    region: Region
    pixel_size_mm: tuple[float, float] | None


def choose_region(dataset: Any, width: int, height: int) -> ImageRegion | None:
    """Choose the region of a DICOM ultrasound image that shows tissue.

    Corners are included in a region (C.8.5.5.1.1), so its width is x1 - x0 + 1. A region that
    reaches beyond the frame is cut at the frame; one outside it is passed over.

    Args:
        dataset: with or without SequenceOfUltrasoundRegions (0018,6011).
        width: of the frame, in pixels.
        height: of the frame, in pixels.

    Returns:
        The region, or None when the whole frame is to be taken.
    """
    best: tuple[tuple[bool, int], tuple[int, int, int, int], Any] | None = None
    for item in dataset.get("SequenceOfUltrasoundRegions") or []:
        box = _box(item, width, height)
        kind = _integer(item, "RegionDataType")
        flat = _integer(item, "RegionSpatialFormat") == _TWO_DIMENSIONAL
        if box is None or not flat or kind not in (_TISSUE, _COLOUR_FLOW):
            continue
        rank = (kind == _TISSUE, box[2] * box[3])
        if best is None or rank > best[0]:
            best = (rank, box, item)
    if best is None:
        return None
    return ImageRegion(Region.rectangle(*best[1]), _pixel_size_mm(best[2]))


def _box(item: Any, width: int, height: int) -> tuple[int, int, int, int] | None:
    names = (
        "RegionLocationMinX0",
        "RegionLocationMinY0",
        "RegionLocationMaxX1",
        "RegionLocationMaxY1",
    )
    corners = [_integer(item, name) for name in names]
    if any(corner is None for corner in corners):
        return None
    left, top, right, bottom = (int(corner) for corner in corners if corner is not None)
    right, bottom = min(right, width - 1), min(bottom, height - 1)
    if not (0 <= left <= right and 0 <= top <= bottom):
        return None
    return left, top, right - left + 1, bottom - top + 1


def _pixel_size_mm(item: Any) -> tuple[float, float] | None:
    sizes = []
    for axis in "XY":
        unit = _integer(item, f"PhysicalUnits{axis}Direction")
        delta = item.get(f"PhysicalDelta{axis}")
        if unit != _CENTIMETRES or not isinstance(delta, int | float):
            return None
        # deltas may be negative: the axis of the region then runs the other way
        size = abs(float(delta)) * _MM_PER_CM
        if not 1e-6 < size < 1e3:
            return None
        sizes.append(size)
    return sizes[0], sizes[1]


def _integer(item: Any, name: str) -> int | None:
    value = item.get(name)
    return value if isinstance(value, int) else None

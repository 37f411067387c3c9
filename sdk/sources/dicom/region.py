"""Which part of a DICOM ultrasound image is the picture, and how large a pixel is.

PS3.3 C.8.5.5, US Region Calibration Module: a frame may hold several regions (two panes, a Doppler
trace, an ECG). The one to classify is the 2-D tissue region; where there are several, the largest,
and of equal ones the first. A 2-D colour flow region counts when no tissue region is there. Without
one of these the whole frame is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import SourceError
from ...frame import Region
from .values import Header

_TWO_DIMENSIONAL = 1
_TISSUE, _COLOUR_FLOW = 1, 2
_CENTIMETRES = 3
_MM_PER_CM = 10.0
_CORNERS = (
    "RegionLocationMinX0",
    "RegionLocationMinY0",
    "RegionLocationMaxX1",
    "RegionLocationMaxY1",
)


@dataclass(frozen=True, slots=True)
class ImageRegion:
    """The chosen region, in pixels of the frame; `pixel_size_mm` is (x, y), None when unknown."""

    region: Region
    pixel_size_mm: tuple[float, float] | None


def choose_region(header: Header, width: int, height: int) -> ImageRegion | None:
    """Choose the region of a DICOM ultrasound image that shows tissue.

    Both corners are pixels of the region, so its width is x1 - x0 + 1. Real files agree: corners at
    84,31 and 595,414 (SonoSite, in pydicom's tests) are 512 x 384 pixels.

    Args:
        header: with or without SequenceOfUltrasoundRegions (0018,6011).
        width: of the frame, in pixels.
        height: of the frame, in pixels.

    Returns:
        The region, or None when the whole frame is to be taken.

    Raises:
        SourceError: `region-outside` when a region that could be chosen doesn't lie inside the
            frame, or the best one has no area: header and frame contradict each other, and neither
            a part of it nor the whole frame would be what the file says.
    """
    best: tuple[tuple[bool, int], tuple[int, int, int, int], Header] | None = None
    for item in header.items("SequenceOfUltrasoundRegions"):
        kind = item.integer("RegionDataType")
        flat = item.integer("RegionSpatialFormat") == _TWO_DIMENSIONAL
        if not flat or kind not in (_TISSUE, _COLOUR_FLOW):
            continue
        box = _box(item, width, height)
        rank = (kind == _TISSUE, box[2] * box[3])
        if best is None or rank > best[0]:
            best = (rank, box, item)
    if best is None:
        return None
    # an item without area is an unused slot: beside a region of its kind it never counts, since the
    # largest is taken, but alone it leaves open what the file means
    if best[0][1] == 0:
        raise _outside(best[2], width, height)
    return ImageRegion(Region("rectangle", best[1], "file"), _pixel_size_mm(best[2]))


def _box(item: Header, width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, width and height, the last two 0 for a region without area."""
    left, top, right, bottom = _corners(item)
    # neither a cut region nor the whole frame is what such a file says; region= reads it
    if not (0 <= left <= right <= width and 0 <= top <= bottom <= height):
        raise _outside(item, width, height)
    if left == right or top == bottom:
        return left, top, 0, 0
    # Scanners (Philips) write Columns and Rows for corners at the edge, one pixel beyond the last.
    # Whether that is meant to be included or not, the pixels of the frame in the region are these.
    return left, top, min(right + 1, width) - left, min(bottom + 1, height) - top


def _corners(item: Header) -> list[int]:
    corners = []
    for name in _CORNERS:
        corner = item.integer(name)
        if corner is None:
            raise item.malformed(name, "is missing in a 2-D region; pass region= instead")
        corners.append(corner)
    return corners


def _outside(item: Header, width: int, height: int) -> SourceError:
    left, top, right, bottom = _corners(item)
    return item.error(
        "region-outside",
        f"(0018,6011) names the region {left},{top} to {right},{bottom}, corners included, but "
        f"the frame has {width} x {height} pixels; pass region=, for example "
        f"Region.rectangle(0, 0, {width}, {height})",
    )


def _pixel_size_mm(item: Header) -> tuple[float, float] | None:
    sizes = []
    for axis in "XY":
        delta = item.number(f"PhysicalDelta{axis}")
        if item.integer(f"PhysicalUnits{axis}Direction") != _CENTIMETRES or delta is None:
            return None
        # deltas may be negative: the axis of the region then runs the other way
        size = abs(delta) * _MM_PER_CM
        if not 1e-6 < size < 1e3:
            return None
        sizes.append(size)
    return sizes[0], sizes[1]

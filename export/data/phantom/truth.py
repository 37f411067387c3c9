"""What is known of a synthetic frame: where each structure was drawn, in pixels.

Pixel coordinates are continuous: the pixel in column ``i`` covers ``[i, i + 1)``, so that its
centre is at ``i + 0.5``. ``x`` grows to the right, ``y`` downwards, angles
turn from ``x`` to ``y``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Ellipse:
    """An ellipse; ``axis1`` and ``axis2`` are full lengths, ``axis1`` lies along ``angle_deg``."""

    cx: float
    cy: float
    axis1: float
    axis2: float
    angle_deg: float


@dataclass(frozen=True)
class Line:
    """A straight line between two ends."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Point:
    """A place that an expert would look at; ``weight`` (> 0) says how much, relative to others."""

    name: str
    x: float
    y: float
    weight: float


@dataclass(frozen=True)
class Sector:
    """The scanned fan as ``sdk.Region.sector`` takes it: pixels, degrees from straight down."""

    cx: float
    cy: float
    r_min: float
    r_max: float
    angle_min_deg: float
    angle_max_deg: float


@dataclass(frozen=True)
class PhantomTruth:
    """Ground truth of one synthetic frame.

    Attributes:
        structures: Every named structure, by name. The structure that the label names is under
            the label itself: an ``Ellipse`` for ``head`` and ``abdomen``, a ``Line`` for ``femur``.
        points: Points of interest, at least one for every label, ``background`` included.
        sector: The scanned fan.
        pixel_size_mm: Side of the (square) pixel, in mm.
    """

    structures: dict[str, Ellipse | Line]
    points: tuple[Point, ...]
    sector: Sector
    pixel_size_mm: float

    def to_dict(self) -> dict[str, Any]:
        """Return the truth as plain JSON values; ``from_dict`` reads it back unchanged."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PhantomTruth:
        """Rebuild the truth that ``to_dict`` wrote.

        Raises:
            KeyError: A field is missing.
            TypeError: A structure, point or sector has fields that it should not have.
        """
        structures = {
            name: Line(**shape) if "x1" in shape else Ellipse(**shape)
            for name, shape in values["structures"].items()
        }
        return cls(
            structures=structures,
            points=tuple(Point(**point) for point in values["points"]),
            sector=Sector(**values["sector"]),
            pixel_size_mm=float(values["pixel_size_mm"]),
        )

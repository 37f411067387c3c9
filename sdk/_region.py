"""The part of a frame that holds the ultrasound image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from . import _frame_checks
from ._shown import shown
from .errors import FrameError

_NUMBERS = {
    "rectangle": ("x", "y", "width", "height"),
    "sector": ("cx", "cy", "r_min", "r_max", "angle_min_deg", "angle_max_deg"),
}
_ORIGINS = ("given", "file", "found")


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a frame that holds the ultrasound image; see the two constructors.

    Regions are equal where their shapes are.

    Attributes:
        kind: `rectangle` or `sector`.
        numbers: as the constructor of that kind takes them.
        origin: `given` by the caller, `file` when a file names it, `found` by `find_region`.
        confidence: that it holds the image and nothing else, 0 to 1; 1 unless found.
    """

    kind: Literal["rectangle", "sector"]
    numbers: tuple[float, ...]
    origin: Literal["given", "file", "found"] = field(default="given", compare=False)
    confidence: float = field(default=1.0, compare=False)

    def __post_init__(self) -> None:
        names = _NUMBERS.get(self.kind, ()) if isinstance(self.kind, str) else ()
        given = self.numbers if isinstance(self.numbers, tuple | list) else ()
        if not names or len(given) != len(names):
            raise FrameError(
                "region-invalid",
                f"region is {shown(self.kind)} of "
                f"{shown(self.numbers)}; "
                "use Region.rectangle(...) or Region.sector(...)",
            )
        check = _frame_checks.whole if self.kind == "rectangle" else _frame_checks.finite
        numbers = tuple(
            check(value, f"region {name}", "region-invalid")
            for name, value in zip(names, given, strict=True)
        )
        object.__setattr__(self, "numbers", numbers)
        if not isinstance(self.origin, str) or self.origin not in _ORIGINS:
            raise FrameError(
                "region-invalid",
                f"region origin is {shown(self.origin)}, it must be one of {', '.join(_ORIGINS)}",
            )
        confidence = _frame_checks.finite(self.confidence, "region confidence", "region-invalid")
        if not 0 <= confidence <= 1:
            raise FrameError(
                "region-invalid", f"region confidence is {confidence:g}, it must be 0..1"
            )

    @classmethod
    def rectangle(cls, x: int, y: int, width: int, height: int) -> Region:
        """Take pixels ``x .. x + width - 1`` by ``y .. y + height - 1``.

        Raises:
            FrameError: ``region-invalid`` if a number is not whole. A ``Frame`` refuses a region
                that is empty or does not lie inside it.
        """
        return cls("rectangle", (x, y, width, height))

    @classmethod
    def sector(
        cls,
        cx: float,
        cy: float,
        r_min: float,
        r_max: float,
        angle_min_deg: float,
        angle_max_deg: float,
    ) -> Region:
        """Take pixels whose centre is ``r_min`` to ``r_max`` from ``(cx, cy)``, between two angles.

        Lengths are in pixels, the centre of pixel (0, 0) is (0.5, 0.5), and the apex may lie
        outside the frame. Angles run clockwise from straight down. The region's box is the
        smallest that holds those pixels of the frame; what of it is outside the sector is painted
        with the recipe's ``pad_level``.

        Raises:
            FrameError: ``region-invalid`` if a number is not finite.
        """
        return cls("sector", (cx, cy, r_min, r_max, angle_min_deg, angle_max_deg))

    def to_dict(self) -> dict[str, Any]:
        """Return kind, numbers by name, origin and confidence as a JSON-ready object."""
        return {
            "kind": self.kind,
            **dict(zip(_NUMBERS[self.kind], self.numbers, strict=True)),
            "origin": self.origin,
            "confidence": self.confidence,
        }

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
        clip: of a sector, the rectangle (x, y, width, height) of the frame that shows it, as where
            a scanner's window cuts a fan off; None where all of it is shown.
    """

    kind: Literal["rectangle", "sector"]
    numbers: tuple[float, ...]
    origin: Literal["given", "file", "found"] = field(default="given", compare=False)
    confidence: float = field(default=1.0, compare=False)
    clip: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        # the types say what may come; who calls without a type checker gets no KeyError either
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
        # numbers of NumPy and the like become Python's own, which JSON can hold
        object.__setattr__(self, "numbers", numbers)
        object.__setattr__(self, "clip", _checked_clip(self.kind, self.clip))
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
        clip: tuple[int, int, int, int] | None = None,
    ) -> Region:
        """Take pixels whose centre is ``r_min`` to ``r_max`` from ``(cx, cy)``, between two angles.

        Lengths are in pixels, the centre of pixel (0, 0) is (0.5, 0.5), and the apex may lie
        outside the frame. Angles run clockwise from straight down. The region's box is the
        smallest that holds those pixels of the frame; what of it is outside the sector is painted
        with the recipe's ``pad_level``. Where a window cuts the fan off, name it by
        ``clip``: only its pixels ``x .. x + width - 1`` by ``y .. y + height - 1`` are taken.

        Raises:
            FrameError: ``region-invalid`` if a number is not finite, or one of ``clip`` not whole.
                A ``Frame`` refuses a clip that does not lie inside it.
        """
        return cls("sector", (cx, cy, r_min, r_max, angle_min_deg, angle_max_deg), clip=clip)

    def to_dict(self) -> dict[str, Any]:
        """Return kind, numbers by name, origin and confidence as a JSON-ready object.

        A sector that a window cuts off has `clip` as well: x, y, width and height by name.
        """
        clip = {} if self.clip is None else {"clip": _named_clip(self.clip)}
        return {
            "kind": self.kind,
            **dict(zip(_NUMBERS[self.kind], self.numbers, strict=True)),
            **clip,
            "origin": self.origin,
            "confidence": self.confidence,
        }


def _named_clip(clip: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(_NUMBERS["rectangle"], clip, strict=True))


def _checked_clip(kind: str, clip: Any) -> tuple[int, ...] | None:
    if clip is None:
        return None
    if kind != "sector" or not isinstance(clip, tuple | list) or len(clip) != 4:
        raise FrameError(
            "region-invalid",
            f"clip of a {kind} is {shown(clip)}, it must be None, or of a sector (x, y, width, "
            "height) in pixels",
        )
    names = _NUMBERS["rectangle"]
    return tuple(
        _frame_checks.whole(value, f"region clip {name}", "region-invalid")
        for name, value in zip(names, clip, strict=True)
    )

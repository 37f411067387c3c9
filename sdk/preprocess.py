"""The recipe that turns a frame into a network's input; it is data inside the model file.

The compiled kernel behind it runs at training, calibration, verification and on the device, so
that the four cannot differ. ``docs/formats.md`` states its arithmetic.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import _kernels, _mjpeg
from ._shown import shown
from .errors import FrameError, ModelError, SdkError
from .frame import Frame, Region, layout_of

__all__ = ["Preprocessing", "Statistics"]

_PLANS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a pass counted inside the region, for streams; ``docs/formats.md`` defines each.

    Black frames are told by ``black``, Doppler by ``colored``, frozen frames and cuts by
    ``difference``, and by ``shift`` whether a difference is a change of gain.

    Attributes:
        mean: grey level of the counted rows, 0 to 255.
        black: share of their pixels, 0 to 1.
        colored: share of their colour samples, 0 to 1; None where the format has no colour.
        difference: mean absolute difference to an earlier frame's ``coarse``, in grey levels; None
            without one.
        shift: mean difference to it, signed; None without one.
        coarse: grey levels, means of 4 cells side by side, in every fourth row of cells.
    """

    mean: float
    black: float
    colored: float | None
    difference: float | None
    shift: float | None
    coarse: NDArray[np.float32]


@dataclass(frozen=True)
class Preprocessing:
    """Frame to normalised tensor: grey, region, exact area resize, ``(grey / 255 - mean) / std``.

    Any number of threads may use one instance. The instruction set is the best of the machine;
    the environment variable ``SONOGAZE_ISA`` (``scalar``, ``avx2``, ``avx512``, ``neon`` or
    ``auto``) forces one for plans made from then on. Every set gives the same bits, and so does
    every policy of fetching rows ahead, which follows the CPU.

    Args:
        width: cells of the tensor, 1 to 2048.
        height: cells of the tensor, 1 to 2048.
        aspect: ``"stretch"`` fills the tensor; ``"letterbox"`` keeps the region's shape (by
            ``pixel_size_mm`` where the frame has one), centred.
        mean: of grey on the scale 0 to 1.
        std: of grey on the scale 0 to 1, above 0.
        pad_level: grey level 0 to 255 of letterbox bars and of what lies outside a sector.

    Raises:
        ModelError: ``preprocessing-invalid``, naming the entry and what is allowed.
    """

    width: int
    height: int
    aspect: Literal["stretch", "letterbox"] = "letterbox"
    mean: float = 0.0
    std: float = 1.0
    pad_level: int = 0
    # layout -> plan; the last few are kept, since a stream repeats its geometry
    _plan: Callable[[_kernels.Layout], _kernels.Plan] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, low, high in (("width", 1, 2048), ("height", 1, 2048), ("pad_level", 0, 255)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                _refuse(name, value, f"a whole number {low}..{high}")
        if not isinstance(self.aspect, str) or self.aspect not in ("stretch", "letterbox"):
            _refuse("aspect", self.aspect, "'stretch' or 'letterbox'")
        for name, low_f in (("mean", -1e3), ("std", 1e-6)):
            value = getattr(self, name)
            # compared as it is: an integer may be too large for a float, and NaN is in no range
            if type(value) not in (int, float) or not low_f <= value <= 1e3:
                _refuse(name, value, f"a finite number {low_f:g}..1000")
        # of the numbers, not of self: a cycle would keep the plans until the next collection
        make = partial(_make_plan, **self.to_dict())
        object.__setattr__(self, "_plan", lru_cache(_PLANS_KEPT)(make))

    def tensor(self, frame: Frame | NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the frame as a new array of shape ``(1, 1, height, width)``.

        Raises:
            FrameError: the frame is not a ``Frame`` or a two-dimensional uint8 array, or its
                buffer has shrunk since it was described.
        """
        out = np.empty((1, 1, self.height, self.width), np.float32)
        self.tensor_into(frame, out)
        return out

    def tensor_into(self, frame: Frame | NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """Do as ``tensor``, into a C-contiguous float32 array of ``height * width`` values."""
        plan, data = self._prepare(frame)
        plan.run(data, out)

    def measure_into(
        self,
        frame: Frame | NDArray[np.uint8],
        out: NDArray[np.float32],
        previous: Statistics | None = None,
    ) -> Statistics:
        """Do as ``tensor_into``, and count in the same pass what a stream looks at.

        Args:
            frame: as for ``tensor``.
            out: as for ``tensor_into``.
            previous: statistics of an earlier frame of the same recipe; gives ``difference`` where
                its inner rectangle was of the same size.

        Raises:
            FrameError: as ``tensor``; ``output-invalid`` if ``out`` is no such array,
                ``statistics-type`` if ``previous`` is neither None nor a ``Statistics``.
        """
        return measured(*self._prepare(frame), out, previous)

    def inner(self, frame: Frame | NDArray[np.uint8]) -> tuple[int, int, int, int]:
        """Return the cells the region fills, ``(x, y, width, height)``; the rest is padding.

        Raises:
            FrameError: as ``tensor``.
        """
        return self._plan(_as_frame(frame)._layout).inner

    def _prepare(self, frame: Frame | NDArray[np.uint8]) -> tuple[_kernels.Plan, Any]:
        frame = _as_frame(frame)
        plan = self._plan(frame._layout)
        if frame._key.format != "MJPEG":
            return plan, frame._data
        # The plan of the whole size says how many cells the region gets; decode just enough.
        _, _, width, height = plan.inner
        scaled, pixels = _scaled_luma(frame, (width, height))
        return self._plan(scaled), pixels

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values for a model file; ``from_dict`` reads it back."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}

    @classmethod
    def from_dict(cls, recipe: dict[str, Any]) -> Preprocessing:
        """Read a recipe back.

        Raises:
            ModelError: ``preprocessing-invalid`` if an entry is missing, unknown or impossible.
        """
        names = [f.name for f in fields(cls) if f.init]
        if not isinstance(recipe, dict) or set(recipe) != set(names):
            given = sorted(map(str, recipe)) if isinstance(recipe, dict) else recipe
            raise ModelError(
                "preprocessing-invalid",
                f"the preprocessing recipe has {shown(given)}, "
                f"it must have exactly {sorted(names)}",
            )
        return cls(**recipe)

    def __reduce__(self) -> tuple[Any, ...]:
        """Plans belong to one process and are made anew in another."""
        return Preprocessing.from_dict, (self.to_dict(),)


def measured(
    plan: _kernels.Plan, data: Any, out: NDArray[np.float32], previous: Statistics | None
) -> Statistics:
    """Do as ``Preprocessing.measure_into`` for a frame that is prepared."""
    coarse = np.empty(plan.coarse_shape, np.float32)
    before = _coarse_of(previous)
    # cells of another size lie elsewhere: their differences would mean nothing
    if before is not None and before.shape != coarse.shape:
        before = None
    pixels, mean, black, colored, samples, difference, shift = plan.measure(
        data, out, coarse, before
    )
    change = (None, None) if before is None else (difference, shift)
    # grey formats have no sample of colour
    colored_share = colored / samples if samples else None
    values = (mean, black / pixels, colored_share, *change, coarse)
    return _kernels.filled(Statistics, Statistics.__slots__, values)


def _as_frame(frame: Any) -> Frame:
    return frame if isinstance(frame, Frame) else Frame.from_array(frame)


def _coarse_of(previous: Any) -> NDArray[np.float32] | None:
    if previous is None:
        return None
    if not isinstance(previous, Statistics) or not isinstance(previous.coarse, np.ndarray):
        raise FrameError(
            "statistics-type",
            f"previous is {shown(previous)}, it must be None or what measure_into returned",
        )
    return previous.coarse


def _make_plan(layout: _kernels.Layout, *, aspect: str, **recipe: Any) -> _kernels.Plan:
    return _kernels.Plan(layout=layout, letterbox=aspect == "letterbox", isa=_asked_isa(), **recipe)


def _asked_isa() -> str:
    """Return SONOGAZE_ISA, checked here: bytes that are no text cannot even reach the kernels."""
    isa = os.environ.get("SONOGAZE_ISA", "")
    known = ("auto", *_kernels.available_isas())
    if isa and isa not in known:
        raise SdkError(
            "isa-unavailable",
            f"SONOGAZE_ISA is {shown(isa)}, this machine can run {', '.join(known)}",
        )
    return isa


def _scaled_luma(frame: Frame, cells: tuple[int, int]) -> tuple[_kernels.Layout, Any]:
    """Decode a JPEG frame at the scale that its region needs, and lay the region over it."""
    key = frame._key
    x, y, width, height = frame.region_box
    sector = key.region is not None and key.region.kind == "sector"
    # A sector is cut out of whole pixels: it is decoded in full.
    n = 8 if sector else _mjpeg.eighths((width, height), cells)
    pixels = _mjpeg.luma(frame._data, key.width, key.height, n)
    if not sector:
        region = Region.rectangle(x * n, y * n, width * n, height * n)
        key = key._replace(region=region, unit=8)
    rows, columns = pixels.shape
    return layout_of(key._replace(format="GRAY8", width=columns, height=rows)), pixels


def _refuse(name: str, value: object, rule: str) -> None:
    raise ModelError(
        "preprocessing-invalid", f"preprocessing {name} is {shown(value)}, it must be {rule}"
    )

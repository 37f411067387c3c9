"""The recipe that turns a frame into a network's input; it is data inside the model file.

The compiled kernel behind it runs at training, calibration, verification and on the device, so
that the four cannot differ. ``docs/formats.md`` states its arithmetic.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sdk import _kernels
from sdk.errors import ModelError
from sdk.frame import Frame

__all__ = ["Preprocessing"]

_PLANS_KEPT = 16


@dataclass(frozen=True)
class Preprocessing:
    """Frame to normalised tensor: grey, region, exact area resize, ``(grey / 255 - mean) / std``.

    Any number of threads may use one instance. The instruction set is the best of the machine;
    the environment variable ``SONOGAZE_ISA`` (``scalar``, ``avx2``, ``neon`` or ``auto``) forces
    one for plans made from then on. Every set gives the same bits.

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
    _plans: dict[_kernels.Layout, _kernels.Plan] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for name, low, high in (("width", 1, 2048), ("height", 1, 2048), ("pad_level", 0, 255)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                _refuse(name, value, f"a whole number {low}..{high}")
        if self.aspect not in ("stretch", "letterbox"):
            _refuse("aspect", self.aspect, "'stretch' or 'letterbox'")
        for name, low_f in (("mean", -1e3), ("std", 1e-6)):
            value = getattr(self, name)
            number = type(value) in (int, float) and math.isfinite(value)
            if not number or not low_f <= value <= 1e3:
                _refuse(name, value, f"a finite number {low_f:g}..1000")

    def tensor(self, frame: Frame | NDArray[np.uint8]) -> NDArray[np.float32]:
        """The frame as a new array of shape ``(1, 1, height, width)``.

        Raises:
            FrameError: the frame is not a ``Frame`` or a two-dimensional uint8 array, or its
                buffer has shrunk since it was described.
        """
        out = np.empty((1, 1, self.height, self.width), np.float32)
        self.tensor_into(frame, out)
        return out

    def tensor_into(self, frame: Frame | NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """As ``tensor``, into a C-contiguous float32 array of ``height * width`` values."""
        if not isinstance(frame, Frame):
            frame = Frame.from_array(frame)
        layout = frame._layout
        plan = self._plans.get(layout)
        if plan is None:
            plan = self._plan(layout)
        plan.run(frame._data, out)

    def _plan(self, layout: _kernels.Layout) -> _kernels.Plan:
        plan = _kernels.Plan(
            layout=layout,
            width=self.width,
            height=self.height,
            letterbox=self.aspect == "letterbox",
            mean=self.mean,
            std=self.std,
            pad_level=self.pad_level,
            isa=os.environ.get("SONOGAZE_ISA", ""),
        )
        while len(self._plans) >= _PLANS_KEPT:
            self._plans.pop(next(iter(self._plans), None), None)  # type: ignore[arg-type]
        self._plans[layout] = plan
        return plan

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain values, for a model file; ``from_dict`` reads it back."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}

    @classmethod
    def from_dict(cls, recipe: dict[str, Any]) -> Preprocessing:
        """Read a recipe back.

        Raises:
            ModelError: ``preprocessing-invalid`` if an entry is missing, unknown or impossible.
        """
        names = [f.name for f in fields(cls) if f.init]
        if not isinstance(recipe, dict) or set(recipe) != set(names):
            given = sorted(map(str, recipe)) if isinstance(recipe, dict) else type(recipe).__name__
            raise ModelError(
                "preprocessing-invalid",
                f"the preprocessing recipe has {given}, it must have exactly {sorted(names)}",
            )
        return cls(**recipe)

    def __reduce__(self) -> tuple[Any, ...]:
        """Plans belong to one process and are made anew in another."""
        return Preprocessing.from_dict, (self.to_dict(),)


def _refuse(name: str, value: object, rule: str) -> None:
    raise ModelError(
        "preprocessing-invalid", f"preprocessing {name} is {value!r}, it must be {rule}"
    )

"""Synthetic frames and cines by label and seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import cos, pi, radians, sin

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from export.data.phantom.anatomy import ANATOMIES, FLUID, Anatomy
from export.data.phantom.beam import Machine, Tissue, echo_levels
from export.data.phantom.errors import PhantomError
from export.data.phantom.field import Field
from export.data.phantom.shapes import Blob, Pose, Ring, Shape
from export.data.phantom.truth import PhantomTruth, Point
from export.data.phantom.view import View

LABELS = tuple(ANATOMIES)
_LEAST_SIDE = 32


@dataclass(frozen=True)
class PhantomFrame:
    """One synthetic frame.

    Attributes:
        pixels: ``(height, width)``, uint8 grey, 0 outside the fan.
        label: One of ``LABELS``.
        truth: Where everything was drawn.
        timestamp_us: Time since the first frame of the cine, microseconds.
    """

    pixels: NDArray[np.uint8]
    label: str
    truth: PhantomTruth
    timestamp_us: int = 0


def phantom_frame(label: str, seed: int, height: int = 336, width: int = 448) -> PhantomFrame:
    """Return one synthetic frame: the first of the cine with the same label and seed.

    Args:
        label: ``head``, ``abdomen``, ``femur`` or ``background``.
        seed: At least 0. The same arguments give the same frame, bit for bit, on one machine.
        height: Rows, at least 32.
        width: Columns, at least 32.

    Raises:
        PhantomError: The label is unknown, the seed negative, or a side below 32.
    """
    return next(phantom_cine(label, seed, frames=1, height=height, width=width))


def phantom_cine(
    label: str,
    seed: int,
    frames: int,
    fps: float = 30.0,
    height: int = 336,
    width: int = 448,
) -> Iterator[PhantomFrame]:
    """Return a moving cine, frame by frame: the probe drifts and tilts, a fetal heart beats.

    Speckle is fixed to the tissue, so it moves with the anatomy; electronic noise changes from
    frame to frame.

    Args:
        label: ``head``, ``abdomen``, ``femur`` or ``background``.
        seed: At least 0.
        frames: How many frames, at least 1.
        fps: Frames per second, above 0.
        height: Rows, at least 32.
        width: Columns, at least 32.

    Raises:
        PhantomError: An argument is outside its range; raised at the call, not at the first frame.
    """
    _check(label, seed, frames, fps, height, width)
    rng = np.random.default_rng([LABELS.index(label), seed])
    anatomy = ANATOMIES[label](rng)
    view, pose = View.draw(rng, anatomy, height, width)
    scene = _Scene(label, anatomy, view, pose, rng)
    return (scene.frame(index, index / fps) for index in range(frames))


def _check(label: str, seed: int, frames: int, fps: float, height: int, width: int) -> None:
    if label not in ANATOMIES:
        raise PhantomError(
            "phantom-argument", f"label is {label!r}; it must be one of {', '.join(LABELS)}"
        )
    if seed < 0:
        raise PhantomError("phantom-argument", f"seed is {seed}; it must be at least 0")
    if frames < 1:
        raise PhantomError("phantom-argument", f"frames is {frames}; it must be at least 1")
    if not 0 < fps < float("inf"):
        raise PhantomError("phantom-argument", f"fps is {fps}; it must be finite and above 0")
    for name, side in (("height", height), ("width", width)):
        if side < _LEAST_SIDE:
            raise PhantomError(
                "phantom-argument", f"{name} is {side}; it must be at least {_LEAST_SIDE} pixels"
            )


class _Scene:
    """Everything that stays the same through one cine."""

    def __init__(
        self, label: str, anatomy: Anatomy, view: View, pose: Pose, rng: Generator
    ) -> None:
        self.label, self.anatomy, self.view, self.rest = label, anatomy, view, pose
        self.machine = Machine.draw(rng)
        self.tissue = Tissue(rng)
        self.echo = rng.uniform(0.35, 0.9)
        self.wave_mm = rng.uniform(0.002, 0.008) * view.pixel_mm * view.height
        self.surroundings = _surroundings(rng, anatomy, view, pose)
        self.drift = rng.uniform(-1.0, 1.0, 4)
        self.phase = rng.uniform(0.0, 2 * pi, 4)
        self.period_s = rng.uniform(2.5, 6.0, 4)

    def pose(self, time_s: float) -> Pose:
        """Return the probe's slow drift at a time; none at time 0."""
        sway = [
            amount * (sin(2 * pi * time_s / period + phase) - sin(phase))
            for amount, period, phase in zip(self.drift, self.period_s, self.phase, strict=True)
        ]
        reach = 0.05 * self.view.pixel_mm * self.view.height
        return replace(
            self.rest,
            x=self.rest.x + reach * sway[0],
            y=self.rest.y + reach * sway[1],
            angle_rad=self.rest.angle_rad + radians(5.0) * sway[2],
            scale=1.0 + 0.03 * sway[3],
            beat=0.5 - 0.5 * cos(2 * pi * 2.4 * time_s),  # 144 beats a minute
        )

    def frame(self, index: int, time_s: float) -> PhantomFrame:
        """Draw the frame at a time."""
        pose = self.pose(time_s)
        field = Field(self.view.fan, self.echo)
        field.warp(self.wave_mm, self.phase)
        shapes = [shape.placed(pose) for shape in self.anatomy.shapes]
        for shape in (*self.surroundings, *shapes):
            shape.paint(field)
        levels = echo_levels(field, pose, self.tissue, self.machine, index)
        pixels = self.view.scan_convert(levels)
        return PhantomFrame(pixels, self.label, self._truth(shapes, pose), round(time_s * 1e6))

    def _truth(self, shapes: list[Shape], pose: Pose) -> PhantomTruth:
        view = self.view
        points = []
        for name, x, y, weight in self.anatomy.landmarks:
            px, py = view.to_pixels(*pose.apply(x, y))
            if view.holds(px, py):
                points.append(Point(name, px, py, weight))
        if not points:  # never without: the centre of the anatomy is in the frame by construction
            points.append(Point("centre", *view.to_pixels(pose.x, pose.y), 1.0))
        named = {s.name: view.shape_to_pixels(s.truth()) for s in shapes if s.name}
        return PhantomTruth(named, tuple(points), view.sector, view.pixel_mm)


def _surroundings(rng: Generator, anatomy: Anatomy, view: View, pose: Pose) -> list[Shape]:
    """Draw the mother's side: a cavity with fluid, its wall, layers under the probe."""
    reach = max(anatomy.half_width, anatomy.half_height)
    x = pose.x + rng.uniform(-0.5, 0.5) * reach
    y = pose.y + rng.uniform(-0.35, 0.25) * reach
    a, b = reach * rng.uniform(1.0, 2.0), reach * rng.uniform(0.8, 1.4)
    tilt = rng.uniform(-0.4, 0.4)
    around = rng.uniform(0, 2 * pi)
    shapes: list[Shape] = [
        Blob(x, y, a, b, tilt, echo=rng.uniform(FLUID, 0.15), loss=-0.02, soft=4.0),
        Ring(x, y, a, b, tilt, strength=rng.uniform(0.2, 0.9), thickness=rng.uniform(0.6, 1.5)),
        Blob(x + a * cos(around), y + b * sin(around), 0.8 * reach, rng.uniform(0.2, 0.45) * reach,
             around + pi / 2, echo=rng.uniform(0.7, 1.5), soft=5.0),
    ]  # fmt: skip
    face = view.fan.r_min_mm
    for _ in range(int(rng.integers(3, 9))):
        depth = rng.exponential(0.06) * view.pixel_mm * view.height
        radius = face + depth
        shapes.append(Ring(rng.uniform(-6, 6), 0, radius, radius * rng.uniform(0.985, 1.015),
                           strength=rng.uniform(0.3, 1.6), side=0.0,
                           thickness=rng.uniform(0.3, 1.4)))  # fmt: skip
    return shapes

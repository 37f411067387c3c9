"""The four anatomies, drawn by chance within the proportions of the second and third trimester.

Lengths are mm in the anatomy's own frame: origin at its centre, x along its long axis. The
proportions are rough (a biparietal diameter of 50-95 mm and a cephalic index near 0.78, say):
enough for tests and demonstrations, and no model of fetal growth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin

from numpy.random import Generator

from export.data.phantom.shapes import Blob, Ring, Shape, Stroke, turned

FLUID = 0.03
BONE_LOSS = 4.0

Landmark = tuple[str, float, float, float]  # name, x mm, y mm, weight


@dataclass(frozen=True)
class Anatomy:
    """Shapes in painting order, points of interest, and the half size of the whole."""

    shapes: tuple[Shape, ...]
    landmarks: tuple[Landmark, ...]
    half_width: float
    half_height: float
    tilt_deg: float


def head(rng: Generator) -> Anatomy:
    """Draw an axial head: skull, falx, cavum, thalami, a ventricle with its choroid plexus."""
    b = rng.uniform(25.0, 47.0)
    a = b / rng.uniform(0.74, 0.84)
    front = rng.choice([-1.0, 1.0])
    brain = rng.uniform(0.10, 0.32)
    cavum = front * 0.48 * a
    far = 0.42 * b  # the far hemisphere is the one that is seen well
    shapes: list[Shape] = [
        Blob(0, 0, a, b, echo=brain, soft=2.0),
        Blob(0, -0.55 * b, 0.75 * a, 0.35 * b, echo=brain * 1.5, soft=12.0),
        Blob(0.02 * a, -0.17 * b, 0.2 * a, 0.14 * b, turned(18 * front), echo=brain * 0.45),
        Blob(0.02 * a, 0.17 * b, 0.2 * a, 0.14 * b, turned(-18 * front), echo=brain * 0.45),
        Blob(-0.38 * front * a, far, 0.34 * a, 0.17 * b, turned(-8 * front), echo=FLUID),
        Blob(-0.36 * front * a, far * 1.04, 0.24 * a, 0.12 * b, turned(-8 * front),
             echo=rng.uniform(0.9, 1.6), soft=3.0, name="choroid_plexus"),
        Stroke(-0.35 * front * a, 0, 0.42 * a, strength=rng.uniform(0.4, 1.2), thickness=0.7),
        Stroke(0.74 * front * a, 0, 0.15 * a, strength=rng.uniform(0.4, 1.2), thickness=0.7),
        Blob(cavum, 0, 0.1 * a, 0.07 * b, echo=FLUID, soft=1.0, name="cavum"),
        Stroke(cavum, -0.075 * b, 0.1 * a, strength=1.0, thickness=0.6),
        Stroke(cavum, 0.075 * b, 0.1 * a, strength=1.0, thickness=0.6),
        Stroke(-0.1 * a * front, 0.7 * b, 0.3 * a, turned(rng.uniform(-8, 8)), bow=-0.08 * b,
               strength=0.5, thickness=0.7),
        Ring(0, 0, a, b, strength=rng.uniform(4, 11), thickness=rng.uniform(0.8, 1.5),
             loss=rng.uniform(0.6, 2.2), side=rng.uniform(0.02, 0.12), name="head"),
        Ring(0, 0, a + 3.5, b + 3.5, strength=0.6, thickness=0.7, side=0.2),
    ]  # fmt: skip
    landmarks = (
        ("cavum", cavum, 0.0, 1.0),
        ("thalami", 0.02 * a, 0.0, 1.0),
        ("choroid_plexus", -0.36 * front * a, far, 0.7),
        ("parietal_near", 0.0, -b, 0.6),
        ("parietal_far", 0.0, b, 0.6),
    )
    return Anatomy(tuple(shapes), landmarks, a, b, rng.uniform(-25, 25))


def _ribs(rng: Generator, a: float, b: float, count: int) -> list[Shape]:
    ribs: list[Shape] = []
    for _ in range(count):
        around = rng.uniform(0, 2 * pi)
        x, y = 0.93 * a * cos(around), 0.93 * b * sin(around)
        ribs.append(Stroke(x, y, rng.uniform(2.5, 6), around + pi / 2, strength=rng.uniform(1, 4),
                           thickness=0.9, loss=BONE_LOSS * rng.uniform(0.3, 1.0)))  # fmt: skip
    return ribs


def _spine(x: float, y: float, toward: float) -> list[Shape]:
    """Three bright ossification centres, which shadow what lies behind."""
    dots: list[Shape] = []
    for turn in (-2.2, 0.0, 2.2):
        dx, dy = 3.2 * cos(toward + turn), 3.2 * sin(toward + turn)
        dots.append(Stroke(x + dx, y + dy, 0.9, toward + turn + pi / 2, strength=5.0,
                           thickness=0.9, loss=BONE_LOSS))  # fmt: skip
    dots.append(Blob(x, y, 1.6, 1.6, echo=0.1, soft=1.0, name="spine"))
    return dots


def abdomen(rng: Generator) -> Anatomy:
    """Draw a transverse abdomen: skin, liver, stomach, umbilical vein, spine, aorta, some ribs."""
    a = rng.uniform(26.0, 52.0)
    b = a * rng.uniform(0.84, 1.0)
    side = rng.choice([-1.0, 1.0])
    toward = rng.uniform(0, 2 * pi)  # where the spine lies
    spine = 0.72 * a * cos(toward), 0.72 * b * sin(toward)
    left = toward + side * rng.uniform(1.5, 2.1)
    stomach = 0.48 * a * cos(left), 0.48 * b * sin(left)
    front = toward + pi - side * 0.35
    vein = 0.3 * a * cos(front), 0.3 * b * sin(front)
    size = rng.uniform(0.14, 0.24)
    shapes: list[Shape] = [
        Blob(0, 0, a, b, echo=rng.uniform(0.55, 1.3), loss=rng.uniform(0.0, 0.05), soft=2.0),
        Blob(*stomach, size * a, 0.62 * size * a, left + pi / 2, echo=FLUID, loss=-0.12,
             soft=2.0, name="stomach"),
        Blob(*vein, 0.17 * a, 0.05 * a, front + side * 0.5, echo=FLUID, soft=1.2,
             name="umbilical_vein"),
        Stroke(vein[0], vein[1] - 0.06 * a, 0.15 * a, front + side * 0.5, strength=0.7,
               thickness=0.6),
        Blob(0.45 * a * cos(toward), 0.45 * b * sin(toward), 0.055 * a, 0.055 * a, echo=FLUID,
             soft=1.0, name="aorta"),
        *_spine(*spine, toward),
        *_ribs(rng, a, b, int(rng.integers(2, 6))),
        Ring(0, 0, a, b, strength=rng.uniform(0.8, 2.6), thickness=rng.uniform(0.9, 2.0), loss=0.15,
             side=0.12, name="abdomen"),
        Ring(0, 0, 0.91 * a, 0.91 * b, strength=rng.uniform(0.2, 0.9), thickness=0.8, side=0.1),
    ]  # fmt: skip
    landmarks = (
        ("stomach", *stomach, 1.0),
        ("umbilical_vein", *vein, 1.0),
        ("spine", *spine, 0.7),
        ("skin_left", -a, 0.0, 0.5),
        ("skin_right", a, 0.0, 0.5),
    )
    return Anatomy(tuple(shapes), landmarks, a, b, rng.uniform(-20, 20))


def femur(rng: Generator) -> Anatomy:
    """Draw a thigh in long section: the bright shaft with its shadow, muscle, skin, knee side."""
    half = rng.uniform(14.0, 36.0)
    thick = half * rng.uniform(0.45, 0.75)
    knee = rng.choice([-1.0, 1.0])
    strength = rng.uniform(5, 14)
    bow = -rng.uniform(-0.02, 0.09) * half
    shapes: list[Shape] = [
        Blob(0.1 * knee * half, 0.2 * thick, 1.35 * half, thick, echo=rng.uniform(0.25, 0.7),
             soft=3.0, name="thigh"),
        Ring(0.1 * knee * half, 0.2 * thick, 1.35 * half, thick, strength=rng.uniform(0.4, 1.6),
             thickness=0.9, side=0.1),
        Stroke(0, -0.45 * thick, 0.9 * half, bow=-0.1 * thick, strength=0.5, thickness=0.7),
        Blob(knee * 1.22 * half, 0.1 * thick, 0.16 * half, 0.22 * half, echo=0.12, soft=1.5),
        Ring(knee * 1.22 * half, 0.1 * thick, 0.16 * half, 0.22 * half, strength=0.7,
             thickness=0.8, side=0.3),
        Stroke(0, 0, half, bow=bow, strength=strength,
               thickness=rng.uniform(0.8, 1.3), loss=rng.uniform(5.0, 12.0), name="femur"),
    ]  # fmt: skip
    landmarks = (
        ("end_left", -half, 0.0, 1.0),
        ("end_right", half, 0.0, 1.0),
        ("shaft", 0.0, bow, 0.8),
    )
    return Anatomy(tuple(shapes), landmarks, 1.35 * half, 1.5 * thick, rng.uniform(-32, 32))


def _thorax(rng: Generator) -> Anatomy:
    """Draw a transverse chest: ribs, lungs and a four-chamber heart that beats in a cine."""
    a = rng.uniform(26.0, 46.0)
    b = a * rng.uniform(0.82, 1.0)
    axis = rng.uniform(-pi, pi)
    ux, uy = cos(axis), sin(axis)
    hx, hy = 0.14 * a * ux, 0.14 * a * uy
    size = rng.uniform(0.42, 0.55) * a
    shapes: list[Shape] = [
        Blob(0, 0, a, b, echo=rng.uniform(0.5, 1.0), soft=2.0, name="thorax"),
        Blob(hx, hy, size * 1.05, size * 0.82, axis, echo=0.4, soft=2.0, name="heart"),
    ]
    for along, across, length, width in (
        (0.36, 0.3, 0.42, 0.22), (0.36, -0.3, 0.46, 0.2),
        (-0.45, 0.28, 0.28, 0.24), (-0.45, -0.28, 0.28, 0.23),
    ):  # fmt: skip
        x = hx + size * (along * ux - across * uy)
        y = hy + size * (along * uy + across * ux)
        shapes.append(Blob(x, y, length * size, width * size, axis, echo=FLUID, soft=1.6,
                           pulse=rng.uniform(0.12, 0.22) * (1 if along > 0 else -0.7)))  # fmt: skip
    crux = hx - 0.06 * size * ux, hy - 0.06 * size * uy
    shapes += [
        Stroke(hx + 0.35 * size * ux, hy + 0.35 * size * uy, 0.42 * size, axis,
               strength=rng.uniform(0.5, 1.2), thickness=1.0),
        Stroke(*crux, 0.4 * size, axis + pi / 2, strength=rng.uniform(0.4, 0.9), thickness=0.7),
        *_ribs(rng, a, b, int(rng.integers(3, 8))),
        *_spine(-0.72 * a * ux, -0.72 * b * uy, axis + pi),
        Ring(0, 0, a, b, strength=rng.uniform(0.6, 2), thickness=1.3, loss=0.15, side=0.12),
    ]  # fmt: skip
    landmarks = (
        ("crux", *crux, 1.0),
        ("apex", hx + 0.85 * size * ux, hy + 0.85 * size * uy, 0.7),
        ("spine", -0.72 * a * ux, -0.72 * b * uy, 0.7),
        ("atria", hx - 0.45 * size * ux, hy - 0.45 * size * uy, 0.6),
    )
    return Anatomy(tuple(shapes), landmarks, a, b, rng.uniform(-20, 20))


def _between_planes(rng: Generator) -> Anatomy:
    """No standard plane: fluid, placenta, loops of cord and cut limbs."""
    reach = rng.uniform(30.0, 55.0)
    shapes: list[Shape] = [
        Blob(0, 0, 1.1 * reach, reach * rng.uniform(0.5, 0.9), echo=FLUID, loss=-0.06, soft=4.0),
        Blob(rng.uniform(-0.4, 0.4) * reach, rng.uniform(0.5, 0.9) * reach, reach,
             rng.uniform(0.25, 0.4) * reach, echo=rng.uniform(0.8, 1.4), soft=4.0,
             name="placenta"),
    ]  # fmt: skip
    landmarks: list[Landmark] = []
    for index in range(int(rng.integers(2, 6))):
        x, y = rng.uniform(-0.8, 0.8) * reach, rng.uniform(-0.5, 0.5) * reach
        size = rng.uniform(0.08, 0.24) * reach
        angle = rng.uniform(0, pi)
        flat = size * rng.uniform(0.6, 1)
        shapes += [
            Blob(x, y, size, flat, angle, echo=rng.uniform(0.3, 1.0), name=f"part_{index}"),
            Ring(x, y, size, flat, angle, strength=rng.uniform(0.4, 1.5), thickness=0.9, side=0.2),
        ]
        if rng.random() < 0.5:
            shapes.append(Stroke(x, y, 0.2 * size, angle, strength=3.0, thickness=0.9,
                                 loss=BONE_LOSS))  # fmt: skip
        landmarks.append((f"part_{index}", x, y, 1.0))
    return Anatomy(tuple(shapes), tuple(landmarks), reach, 0.8 * reach, rng.uniform(-15, 15))


def background(rng: Generator) -> Anatomy:
    """Anything but the three planes: a chest with its heart, or a view between planes."""
    return _thorax(rng) if rng.random() < 0.6 else _between_planes(rng)


ANATOMIES: dict[str, Callable[[Generator], Anatomy]] = {
    "head": head, "abdomen": abdomen, "femur": femur, "background": background,
}  # fmt: skip

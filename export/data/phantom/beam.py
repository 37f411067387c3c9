"""From tissue to echoes to grey levels, along the beams.

The model: complex Gaussian scatterers fixed in the tissue, times the local amplitude, plus coherent
reflections, damped along the beam, blurred by the pulse and the beam's width, envelope detected,
depth gain, log compressed. Where tissue is uniform this gives fully developed (Rayleigh) speckle:
Wagner et al., IEEE Trans. Sonics Ultrason. 30(3):156-163, 1983.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from export.data.phantom.field import BEAMS, DEPTHS, Array, Field
from export.data.phantom.shapes import Pose

_TILE = 256  # scatterers repeat after this many cells, which no eye finds behind the blur
_CELL_MM = 0.3
_PATCH = 64
_PATCH_MM = 1.6


@dataclass(frozen=True)
class Machine:
    """How one scanner is set: drawn once for a cine. Levels in dB, blur in samples."""

    axial: float
    lateral: float
    dynamic_range_db: float
    gain_db: float
    noise_db: float
    depth_gain_db: Array

    @classmethod
    def draw(cls, rng: Generator) -> Machine:
        """Draw plausible settings, an imperfect depth gain included."""
        knots = rng.normal(0.0, 2.2, 7).cumsum()
        knots += np.linspace(0.0, rng.uniform(-9.0, 3.0), 7) - knots.mean()
        gain = np.interp(np.linspace(0, 6, DEPTHS), np.arange(7), knots)
        return cls(
            axial=rng.uniform(0.8, 1.5),
            lateral=rng.uniform(1.2, 2.3),
            dynamic_range_db=rng.uniform(44.0, 62.0),
            gain_db=rng.uniform(-5.0, 4.0),
            noise_db=rng.uniform(-46.0, -32.0),
            depth_gain_db=gain.astype(np.float32)[:, None],
        )


class Tissue:
    """Scatterers and coarse unevenness, fixed to the tissue, so that speckle moves with it."""

    def __init__(self, rng: Generator) -> None:
        parts = rng.standard_normal((2, _TILE, _TILE), dtype=np.float32)
        self.scatterers = (parts[0] + 1j * parts[1]) * np.float32(np.sqrt(0.5))
        coarse = rng.standard_normal((_PATCH, _PATCH), dtype=np.float32)
        for axis in (0, 1):
            coarse = np.sum([np.roll(coarse, shift, axis) for shift in range(-2, 3)], axis=0)
        self.uneven = np.exp(np.float32(0.42 / 5.0) * coarse).astype(np.float32)

    def sample(self, field: Field, pose: Pose) -> tuple[NDArray[np.complex64], Array]:
        """Return scatterers and unevenness at every sample of the field."""
        c = np.float32(np.cos(pose.angle_rad) / pose.scale)
        s = np.float32(np.sin(pose.angle_rad) / pose.scale)
        dx, dy = field.x - np.float32(pose.x), field.y - np.float32(pose.y)
        u, v = c * dx + s * dy, c * dy - s * dx
        return _tiled(self.scatterers, u, v, _CELL_MM), _tiled(self.uneven, u, v, _PATCH_MM)


def _tiled(tile: NDArray[Any], u: Array, v: Array, cell_mm: float) -> NDArray[Any]:
    """Look up an endlessly repeated square tile, whose side is a power of two."""
    side, per_mm = tile.shape[0], np.float32(1.0 / cell_mm)
    # A large shift keeps the truncation to integers a floor.
    column = (u * per_mm + np.float32(1 << 14)).astype(np.int32) & (side - 1)
    row = (v * per_mm + np.float32(1 << 14)).astype(np.int32) & (side - 1)
    return np.asarray(tile.ravel().take(row * side + column))


def _blur(values: NDArray[Any], sigma: float, axis: int) -> NDArray[Any]:
    """Convolve with a Gaussian of unit energy, so that speckle keeps its power."""
    reach = int(np.ceil(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / np.sqrt(np.sum(weights**2))).astype(np.float32)
    pad = [(0, 0), (0, 0)]
    pad[axis] = (reach, reach)
    padded = np.pad(values, pad, mode="reflect")
    size = values.shape[axis]
    out = np.zeros_like(values)
    for shift, weight in enumerate(weights):
        part = padded[shift : shift + size] if axis == 0 else padded[:, shift : shift + size]
        out += weight * part
    return out


def echo_levels(field: Field, pose: Pose, tissue: Tissue, machine: Machine, turn: int) -> Array:
    """Return grey levels ``(DEPTHS, BEAMS)`` in 0..1; ``turn`` varies the electronic noise."""
    scatter, uneven = tissue.sample(field, pose)
    damping = np.cumsum(field.loss, axis=0) * np.float32(field.fan.depth_step_mm)
    through = np.exp(np.float32(-np.log(10.0) / 20.0) * damping)
    # A reflecting surface is rough and patchy: part of its echo is scatter of its own.
    glint = field.specular * (uneven * np.float32(0.45) + np.float32(0.55) * scatter)
    signal = (scatter * uneven * field.echo + glint) * through
    signal = _blur(_blur(signal, machine.axial, axis=0), machine.lateral, axis=1)
    noise = np.roll(tissue.scatterers.ravel(), -turn * 1021)[: DEPTHS * BEAMS]
    growth = np.linspace(-6.0, 6.0, DEPTHS, dtype=np.float32)[:, None] + machine.noise_db
    signal += noise.reshape(DEPTHS, BEAMS) * np.power(np.float32(10.0), growth / 20.0)
    power = signal.real**2 + signal.imag**2
    level_db = 10.0 * np.log10(power + np.float32(1e-9)) + machine.depth_gain_db
    shown = (level_db + np.float32(machine.gain_db)) / np.float32(machine.dynamic_range_db)
    return np.asarray(np.clip(shown + np.float32(0.45), 0.0, 1.0))

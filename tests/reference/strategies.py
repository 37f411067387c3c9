"""Random frames and recipes for properties, with poisoned padding."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.reference.preprocess import (
    FORMATS,
    YUV,
    Case,
    Recipe,
    clipped,
    plane_shapes,
    sector_mask,
)

MATRICES = ("bt601", "bt709", "bt2020")


def buffer_for(
    rng: np.random.Generator, name: str, w: int, h: int, strides: tuple[int, ...]
) -> np.ndarray:
    """Random pixels; padding is 0x55 or 0xAA by the seed, so that reading it shows."""
    poison = 0x55 if rng.integers(2) else 0xAA
    shapes = plane_shapes(name, w, h)
    buffer = np.full(sum(r * abs(s) for (r, _), s in zip(shapes, strides, strict=True)), poison)
    start = 0
    for (rows, used), stride in zip(shapes, strides, strict=True):
        pitch = abs(stride)
        block = buffer[start : start + rows * pitch].reshape(rows, pitch)
        kind = rng.integers(3)
        values = rng.integers(0, 256, (rows, used))
        block[:, :used] = values if kind else rng.choice([0, 255, 128], (rows, used))
        start += rows * pitch
    return buffer.astype(np.uint8)


@st.composite
def _rectangles(draw: st.DrawFn, w: int, h: int) -> tuple[int, int, int, int]:
    x, y = draw(st.integers(0, w - 1)), draw(st.integers(0, h - 1))
    return x, y, draw(st.integers(1, w - x)), draw(st.integers(1, h - y))


@st.composite
def cases(draw: st.DrawFn, name: str | None = None, side: int = 70) -> Case:
    name = name or draw(st.sampled_from(FORMATS))
    w, h = draw(st.integers(1, side)), draw(st.integers(1, side))
    strides = tuple(
        (used + draw(st.sampled_from((0, 0, 1, 7, 64)))) * draw(st.sampled_from((1, 1, -1)))
        for _, used in plane_shapes(name, w, h)
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    low = draw(st.integers(0, 65534))
    case = Case(name, w, h, buffer_for(rng, name, w, h, strides), strides)
    case.window = (low, draw(st.integers(low + 1, 65535)))
    if name in YUV:
        case.matrix = draw(st.sampled_from(MATRICES))
        case.limited = draw(st.booleans())
    kind = draw(st.sampled_from(("whole", "rectangle", "rectangle", "sector")))
    if kind == "rectangle":
        case.rectangle = draw(_rectangles(w, h))
    if kind == "sector":
        r_min, a_min = draw(st.floats(0, side)), draw(st.floats(-180, 170))
        sector = (
            *(draw(st.floats(-10, w + 10)), draw(st.floats(-10, h + 10))),
            *(r_min, r_min + draw(st.floats(1, side))),
            *(a_min, a_min + draw(st.floats(5, 360 - 5))),
        )
        clip = draw(st.none() | _rectangles(w, h))
        if sector[5] <= 360 and clipped(sector_mask(sector, w, h), clip).any():
            case.sector, case.clip = sector, clip
    case.pixel_size = draw(st.sampled_from(((1.0, 1.0), (0.5, 0.25), (0.1, 0.3))))
    return case


@st.composite
def recipes(draw: st.DrawFn, side: int = 40) -> Recipe:
    return Recipe(
        width=draw(st.integers(1, side)),
        height=draw(st.integers(1, side)),
        letterbox=draw(st.booleans()),
        mean=draw(st.sampled_from((0.0, 0.5, 0.193))),
        std=draw(st.sampled_from((1.0, 0.5, 0.224))),
        pad_level=draw(st.integers(0, 255)),
    )
